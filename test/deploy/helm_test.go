//go:build deploy

package deploy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// resource is what of a rendered resource is looked at.
type resource struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		Replicas        int
		Strategy        struct{ Type string }
		MinReadySeconds int `yaml:"minReadySeconds"`
		Partitions      int
		Config          map[string]any
		Template        struct{ Spec pod }
		Authorization   struct{ ACLs []acl }
		Configuration   struct{ Files map[string]string }
		Triggers        []struct{ Metadata map[string]string }
		MinReplicaCount int `yaml:"minReplicaCount"`
		MaxReplicaCount int `yaml:"maxReplicaCount"`
	}
}

type pod struct {
	Token    *bool `yaml:"automountServiceAccountToken"`
	Grace    int   `yaml:"terminationGracePeriodSeconds"`
	Security struct {
		NonRoot bool                  `yaml:"runAsNonRoot"`
		User    int                   `yaml:"runAsUser"`
		Seccomp struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []struct {
		Args     []string
		Env      []struct{ Name, Value string }
		Security struct {
			ReadOnly     bool `yaml:"readOnlyRootFilesystem"`
			Capabilities struct{ Drop []string }
		} `yaml:"securityContext"`
		LivenessProbe struct {
			HTTPGet struct{ Path string } `yaml:"httpGet"`
		} `yaml:"livenessProbe"`
		ReadinessProbe struct {
			HTTPGet struct{ Path string } `yaml:"httpGet"`
		} `yaml:"readinessProbe"`
	}
}

type acl struct {
	Resource struct {
		Type, Name  string
		PatternType string `yaml:"patternType"`
	}
	Operations []string
}

// render is the chart with a file of values, as text and read.
func render(t *testing.T, values string, more ...string) (string, []resource) {
	t.Helper()
	out, err := run(t, root, tool(t, "helm"), append([]string{"template", "runrate", "deploy/helm/runrate", "--namespace", "revenue", "--kube-version", "1.37.0", "--values", values}, more...)...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", values, err, out)
	}
	var all []resource
	for d := yaml.NewDecoder(strings.NewReader(out)); ; {
		var r resource
		if err := d.Decode(&r); err == io.EOF {
			return out, all
		} else if err != nil {
			t.Fatalf("%s: %v", values, err)
		}
		if r.Kind != "" {
			all = append(all, r)
		}
	}
}

func values(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(root + "/deploy/helm/ci/*-values.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for i, f := range files {
		files[i] = strings.TrimPrefix(f, root+"/")
	}
	return files
}

// TestChart: with each set of values it is linted without a word, and all that it makes is
// what Kubernetes, KEDA, Strimzi and Altinity's operator take, strictly.
func TestChart(t *testing.T) {
	location := schemas(t) + "/{{.ResourceKind}}{{.KindSuffix}}.json"
	conform := func(text string) (string, error) {
		file := filepath.Join(t.TempDir(), "rendered.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t, ".", tool(t, "kubeconform"), "-strict", "-summary", "-schema-location", location, file)
	}
	for _, v := range values(t) {
		if out, err := run(t, root, tool(t, "helm"), "lint", "--strict", "deploy/helm/runrate", "--values", v); err != nil {
			t.Errorf("%s: %v\n%s", v, err, out)
		}
		text, all := render(t, v)
		out, err := conform(text)
		if err != nil || !strings.Contains(out, fmt.Sprintf("Valid: %d, Invalid: 0, Errors: 0, Skipped: 0", len(all))) {
			t.Errorf("%s: %d resources: %v\n%s", v, len(all), err, out)
		}
		for _, break_ := range [][2]string{{"minReadySeconds", "minReadySecond"}, {"maxUnavailable: 1", "maxUnavailable: []"}, {"minReplicaCount: ", "minReplicaCoun: "}, {"patternType: literal", "patternType: exact"}} {
			if broken := strings.ReplaceAll(text, break_[0], break_[1]); broken != text {
				if out, err := conform(broken); err == nil {
					t.Errorf("%s: kubeconform takes %q: %s", v, break_[1], out)
				}
			}
		}
	}
}

// TestCommandLines: the program takes each command line and variable of the chart, and pods
// are as OPERATE wants them.
func TestCommandLines(t *testing.T) {
	for _, v := range values(t) {
		_, all := render(t, v)
		seen := map[string]bool{}
		for _, r := range all {
			if r.Kind != "Deployment" && r.Kind != "Job" {
				continue
			}
			p := r.Spec.Template.Spec
			c := p.Containers[0]
			seen[strings.TrimPrefix(r.Metadata.Name, "runrate-")] = true
			var names []string
			for _, e := range c.Env {
				names = append(names, e.Name)
				if strings.Contains(e.Name, "PASSWORD") && !strings.HasSuffix(e.Name, "_FILE") {
					t.Errorf("%s: %s is in the environment", r.Metadata.Name, e.Name)
				}
			}
			understood(t, v+": "+r.Metadata.Name, c.Args, names)
			if p.Token == nil || *p.Token || p.Grace != 60 || !p.Security.NonRoot || p.Security.User != 65532 || p.Security.Seccomp.Type != "RuntimeDefault" ||
				!c.Security.ReadOnly || !slices.Equal(c.Security.Capabilities.Drop, []string{"ALL"}) {
				t.Errorf("%s: %+v", r.Metadata.Name, p)
			}
			if r.Kind == "Deployment" && (c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe.HTTPGet.Path != "/readyz" || r.Spec.MinReadySeconds != 30) {
				t.Errorf("%s: probes %+v, %d s", r.Metadata.Name, c, r.Spec.MinReadySeconds)
			}
		}
		for _, want := range []string{"gateway", "consume-usage", "consume-subscriptions", "tick", "monitor", "migrate"} {
			if !seen[want] {
				t.Errorf("%s: there is no %s", v, want)
			}
		}
	}
}

// TestRights: the users at Kafka may do what docs/ACCESS.md lists, and at ClickHouse what
// deploy/clickhouse says. With topics of Strimzi's, nobody alters their settings.
func TestRights(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/ACCESS.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !slices.Contains([]string{"topic", "group"}, strings.TrimSpace(cells[1])) {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		want = append(want, strings.Join(cells, "|"))
	}
	for _, topics := range []string{"false", "true"} {
		got = nil
		_, all := render(t, "deploy/helm/ci/production-values.yaml", "--set", "strimzi.topics="+topics)
		for _, r := range all {
			for _, a := range r.Spec.Authorization.ACLs {
				name := a.Resource.Name
				if a.Resource.PatternType == "prefix" {
					name += "*"
				}
				got = append(got, strings.Join([]string{strings.TrimPrefix(r.Metadata.Name, "runrate-"), a.Resource.Type, name, strings.Join(a.Operations, ", ")}, "|"))
			}
		}
		if topics == "true" {
			for i := range want {
				want[i] = strings.TrimSuffix(want[i], ", AlterConfigs")
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if len(want) < 15 || !slices.Equal(got, want) {
			t.Errorf("strimzi.topics %s:\n%s\ndocs/ACCESS.md:\n%s", topics, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	users, err := os.ReadFile(root + "/deploy/clickhouse/users.d/runrate.xml")
	if err != nil {
		t.Fatal(err)
	}
	_, all := render(t, "deploy/helm/ci/production-values.yaml")
	found := false
	for _, r := range all {
		if r.Kind == "ClickHouseInstallation" {
			found = r.Spec.Configuration.Files["users.d/runrate.xml"] == string(users)
		}
	}
	if !found {
		t.Error("the chart's users at ClickHouse are not those of deploy/clickhouse: copy the file to deploy/helm/runrate/files/users.xml")
	}
}

// TestTopics: as OPERATE wants them, kept when the release goes.
func TestTopics(t *testing.T) {
	_, all := render(t, "deploy/helm/ci/production-values.yaml")
	n := 0
	for _, r := range all {
		if r.Kind == "ScaledObject" && (r.Spec.MinReplicaCount < 2 || r.Spec.MaxReplicaCount != 64 || r.Spec.Triggers[0].Metadata["ignoreNullValues"] != "false") {
			t.Errorf("%+v", r.Spec)
		}
		if r.Kind != "KafkaTopic" {
			continue
		}
		n++
		c := r.Spec.Config
		if r.Spec.Partitions != 64 || r.Spec.Replicas != 3 || r.Metadata.Annotations["helm.sh/resource-policy"] != "keep" || c["cleanup.policy"] != "delete" ||
			c["retention.ms"] != -1 || c["min.insync.replicas"] != 2 || c["unclean.leader.election.enable"] != false ||
			(c["message.timestamp.type"] == "LogAppendTime") == (r.Metadata.Name == "runrate.snapshots") || (c["max.message.bytes"] == 8388608) != (r.Metadata.Name == "runrate.snapshots") {
			t.Errorf("%s: %+v", r.Metadata.Name, r.Spec)
		}
	}
	if n != 3 {
		t.Errorf("%d topics", n)
	}
}

// TestWrongValues: what cannot be right is refused, by a sentence that names it.
func TestWrongValues(t *testing.T) {
	for set, says := range map[string]string{
		"kafka.partitions=0":                         "partitions",
		"kafka.partitons=3":                          "partitons",
		"kafka.brokers=":                             "kafka.brokers: where is Kafka?",
		"clickhouse.address=,altinity.enabled=false": "clickhouse.address: where is ClickHouse?",
		"altinity.keeper=":                           "altinity.keeper",
		"gateway.keysSecret=":                        "gateway.keysSecret: who may send events?",
		"gateway.tlsSecret=":                         "gateway.tlsSecret: without TLS",
		"keda.min=0":                                 "min",
		"keda.prometheus=":                           "keda.prometheus",
		"consumers.usage.replicas=65":                "there are 64 partitions",
		"strimzi.cluster=":                           "strimzi.cluster",
		"image.digest=sha256:1":                      "digest",
		"kafka.sasl.mechanism=GSSAPI":                "mechanism",
	} {
		out, err := run(t, root, tool(t, "helm"), "template", "runrate", "deploy/helm/runrate", "--kube-version", "1.37.0", "--values", "deploy/helm/ci/production-values.yaml", "--set", set)
		if err == nil || !strings.Contains(out, says) {
			t.Errorf("--set %s: %v\n%.600s", set, err, out)
		}
	}
}
