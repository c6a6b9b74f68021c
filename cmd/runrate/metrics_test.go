package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"gopkg.in/yaml.v3"

	"runrate/consumers/meter"
	"runrate/consumers/worker"
	"runrate/internal/lag/monitor"
	"runrate/internal/lag/notify"
	"runrate/producers/gateway"
	"runrate/producers/tick"
)

// described is a registry that keeps what metrics there can be, with their labels, also
// of those that have no value yet.
type described map[string][]string

var written = regexp.MustCompile(`^Desc\{fqName: "(\w+)", help: .*, variableLabels: \{([^}]*)\}\}$`)

// Register takes what a collector says that it may give.
func (d described) Register(c prometheus.Collector) error {
	all := make(chan *prometheus.Desc)
	go func() {
		c.Describe(all)
		close(all)
	}()
	for desc := range all {
		m := written.FindStringSubmatch(desc.String())
		if m == nil {
			panic("it is written otherwise: " + desc.String())
		}
		d[m[1]] = strings.Split(m[2], ",")
	}
	return nil
}

// MustRegister is Register.
func (d described) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = d.Register(c)
	}
}

// Unregister is not asked for.
func (described) Unregister(prometheus.Collector) bool { panic("nothing is taken away") }

// ofCode are the metrics of all commands.
func ofCode() described {
	d := described{}
	meter.New(d)
	d.MustRegister(worker.Halts{})
	tick.Gauge(d)
	monitor.New(monitor.Options{}, d)
	gateway.New(gateway.Options{Metrics: d})
	if _, err := notify.New("http://127.0.0.1", 0, zap.NewNop(), d); err != nil {
		panic(err)
	}
	return d
}

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T, file string) (rules []rule) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/prometheus/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, g := range all.Groups {
		rules = append(rules, g.Rules...)
	}
	return rules
}

var (
	metricName  = regexp.MustCompile(`\b((?:runrate[_:]|kafka_)\w+(?::\w+)?)(?:\{([^}]*)\})?`)
	labelName   = regexp.MustCompile(`(\w+)(?:=~|!=|=)`)
	aggregation = regexp.MustCompile(`\b(?:by|on) ?\(([^)]*)\)`)
)

// TestRulesAskForMetrics: the rules of deploy/prometheus and their sentences ask only for
// metrics and labels that the code has, or that another rule records.
func TestRulesAskForMetrics(t *testing.T) {
	code := ofCode()
	labels := map[string]bool{}
	for _, of := range code {
		for _, l := range of {
			labels[l] = true
		}
	}
	recorded, asked := map[string]bool{}, 0
	all := append(rules(t, "runrate.rules.yml"), rules(t, "runrate-live.rules.yml")...)
	for _, r := range all {
		recorded[r.Record] = true
	}
	for _, r := range all {
		for _, text := range []string{r.Expr, r.Annotations["summary"]} {
			for _, m := range metricName.FindAllStringSubmatch(text, -1) {
				has, known := code[m[1]]
				if asked++; !known && !recorded[m[1]] {
					t.Errorf("%s%s: there is no metric %s", r.Record, r.Alert, m[1])
				}
				for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
					if known && !slices.Contains(has, l[1]) {
						t.Errorf("%s%s: %s has no label %s, but %v", r.Record, r.Alert, m[1], l[1], has)
					}
				}
			}
		}
		for _, m := range aggregation.FindAllStringSubmatch(r.Expr, -1) {
			for _, l := range strings.Split(m[1], ",") {
				if l = strings.TrimSpace(l); l != "" && !labels[l] {
					t.Errorf("%s%s: no metric has the label %s", r.Record, r.Alert, l)
				}
			}
		}
	}
	if asked < 40 {
		t.Errorf("only %d metrics were found in the rules", asked)
	}
}
