package prometheus_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Keep        string            `yaml:"keep_firing_for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// read are the rules of a file, by its name.
func read(t *testing.T, name string) (rules []rule) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Interval string `yaml:"interval"`
			Rules    []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, g := range file.Groups {
		if g.Interval != "15s" {
			t.Errorf("%s: a group is evaluated every %q; windows that are not full count on 15s", name, g.Interval)
		}
		rules = append(rules, g.Rules...)
	}
	return rules
}

// promised are severity, for how long it must hold, and how long it is kept.
type promised struct{ severity, after, kept string }

var (
	always = map[string]promised{
		"PartitionNotConsumed": {"page", "", "2m"}, "PartitionUnknown": {"page", "1m", ""},
		"PartitionsMissing": {"page", "2m", ""}, "MonitorMissing": {"page", "1m", ""},
		"RetentionRunwayShort": {"page", "5m", ""}, "SnapshotChainShort": {"page", "5m", ""},
		"FallingBehind": {"ticket", "10m", ""}, "DeadLettersRising": {"ticket", "", ""},
		"OpenTransaction": {"ticket", "", ""}, "ClickHouseDown": {"page", "1m", "6m"},
		"ClickHouseFailing": {"none", "", ""},
	}
	live = map[string]promised{
		"LateFastBurn": {"page", "", ""}, "LateSlowBurn": {"page", "", ""},
		"LateTicket": {"ticket", "", ""}, "LateTrickle": {"ticket", "", ""},
		"TickerSilent": {"page", "1m", ""}, "ClockAhead": {"page", "1m", ""},
	}
)

// TestAlerts: the alerts are those that are promised, with severity, times, a sentence
// that has a number, a runbook that is there, and promtool's tests of both firing and
// silence.
func TestAlerts(t *testing.T) {
	for name, want := range map[string]map[string]promised{"runrate": always, "runrate-live": live} {
		tests, err := os.ReadFile("testdata/" + name + ".test.yml")
		if err != nil {
			t.Fatal(err)
		}
		left := len(want)
		for _, r := range read(t, name+".rules.yml") {
			if r.Alert == "" {
				continue
			}
			left--
			if got := (promised{r.Labels["severity"], r.For, r.Keep}); got != want[r.Alert] {
				t.Errorf("%s is %+v, and promised is %+v", r.Alert, got, want[r.Alert])
			}
			if !regexp.MustCompile(`\d|\$value|query`).MatchString(r.Annotations["summary"]) {
				t.Errorf("%s says no number: %s", r.Alert, r.Annotations["summary"])
			}
			link := "deploy/runbooks/" + strings.Replace(r.Alert, "ClickHouseFailing", "ClickHouseDown", 1) + ".md"
			if _, err := os.Stat(filepath.Join("../..", link)); err != nil || r.Annotations["runbook_url"] != link {
				t.Errorf("%s has the runbook %q: %v", r.Alert, r.Annotations["runbook_url"], err)
			}
			fires := regexp.MustCompile(`alertname: ` + r.Alert + `\n +exp_alerts:\n`).Match(tests)
			silent := strings.Contains(string(tests), "alertname: "+r.Alert+", exp_alerts: []}")
			if !fires || !silent {
				t.Errorf("%s: tested that it fires: %t, that it is silent: %t", r.Alert, fires, silent)
			}
		}
		if left != 0 {
			t.Errorf("%s.rules.yml: %d alerts are not there, or too many", name, left)
		}
	}
}
