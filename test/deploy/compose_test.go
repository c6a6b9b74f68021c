//go:build deploy

package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// service is what compose-spec makes of a service.
type service struct {
	Image       string
	Command     []string
	Environment map[string]any
	User        string
	ReadOnly    bool     `json:"read_only"`
	CapDrop     []string `json:"cap_drop"`
	Ports       []struct {
		HostIP string `json:"host_ip"`
	}
	Volumes   []struct{ Type, Source string }
	DependsOn map[string]struct{ Condition string } `json:"depends_on"`
}

// TestCompose: the file is one by the Compose Specification; what is mounted is there,
// images are of a version, ports are on loopback, and the program takes its command lines.
func TestCompose(t *testing.T) {
	out, err := run(t, root+"/deploy", tool(t, "compose-spec"), "-format", "json", "compose.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var project struct{ Services map[string]service }
	if err := json.Unmarshal([]byte(out), &project); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	versioned := regexp.MustCompile(`:v?\d+\.\d+(\.\d+)*$`)
	for name, s := range project.Services {
		for _, p := range s.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s: a port on %q", name, p.HostIP)
			}
		}
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); v.Type == "bind" && err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
		if s.Image != "runrate:local" {
			if !versioned.MatchString(s.Image) {
				t.Errorf("%s: image %s is of no version", name, s.Image)
			}
			continue
		}
		understood(t, name, s.Command, slices.Collect(maps.Keys(s.Environment)))
		if s.User != "65532:65532" || !s.ReadOnly || strings.Join(s.CapDrop, "") != "ALL" {
			t.Errorf("%s: user %q, read only %v, dropped %v", name, s.User, s.ReadOnly, s.CapDrop)
		}
		if job := name == "topics" || name == "migrate"; !job && (s.DependsOn["topics"].Condition != "service_completed_successfully" || s.DependsOn["migrate"].Condition != "service_completed_successfully") {
			t.Errorf("%s does not wait for topics and migrate: %v", name, s.DependsOn)
		}
	}
	for _, name := range []string{"kafka", "clickhouse", "topics", "migrate", "gateway", "consume-usage", "consume-subscriptions", "tick", "monitor", "prometheus", "alertmanager", "grafana"} {
		if _, ok := project.Services[name]; !ok {
			t.Errorf("there is no service %s", name)
		}
	}
	if bad, err := run(t, root+"/deploy", tool(t, "compose-spec"), "-format", "json", "../test/deploy/testdata/wrong-compose.yaml"); err == nil {
		t.Errorf("compose-spec takes anything: %s", bad)
	}
}

// TestComposeIsScraped: Prometheus there asks each service that has metrics.
func TestComposeIsScraped(t *testing.T) {
	config, err := os.ReadFile(root + "/deploy/compose/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gateway", "consume-usage", "consume-subscriptions", "tick", "monitor"} {
		if !strings.Contains(string(config), `"`+name+`:8081"`) {
			t.Errorf("%s is not scraped", name)
		}
	}
}
