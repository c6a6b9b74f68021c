//go:build deploy

package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// schemas is a directory of strict JSON schemas as kubeconform looks for them, by kind and
// group: Kubernetes' own, KEDA's as its resource definitions say, and those of deploy/helm
// for what the chart uses of Strimzi and Altinity.
func schemas(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copied := func(pattern string, change func(name string, text []byte) (string, []byte)) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v: run test/deploy/fetch.sh", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, text := change(filepath.Base(file), text)
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	copied(root+"/.cache/deploy/kubernetes/*.json", func(name string, text []byte) (string, []byte) {
		var schema map[string]any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		delete(schema, "$id") // else what it refers to is looked for on the network
		out, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		return name, []byte(strings.ReplaceAll(string(out), `"/api/_definitions.json#`, `"_definitions.json#`))
	})
	copied(root+"/deploy/helm/schemas/*.json", func(name string, text []byte) (string, []byte) { return name, text })
	copied(root+"/.cache/deploy/keda/keda.sh_*.yaml", func(_ string, text []byte) (string, []byte) {
		var definition struct {
			Spec struct {
				Names    struct{ Kind string }
				Versions []struct {
					Name   string
					Schema struct {
						Schema map[string]any `yaml:"openAPIV3Schema"`
					}
				}
			}
		}
		if err := yaml.Unmarshal(text, &definition); err != nil {
			t.Fatal(err)
		}
		version := definition.Spec.Versions[0]
		tighten(version.Schema.Schema)
		out, err := json.Marshal(version.Schema.Schema)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ToLower(definition.Spec.Names.Kind) + "-keda-" + version.Name + ".json", out
	})
	return dir
}

// tighten makes a schema refuse members that it does not know, as a server would drop them.
func tighten(schema map[string]any) {
	if properties, ok := schema["properties"].(map[string]any); ok {
		_, open := schema["additionalProperties"]
		if unknown, _ := schema["x-kubernetes-preserve-unknown-fields"].(bool); !open && !unknown {
			schema["additionalProperties"] = false
		}
		for _, p := range properties {
			if p, ok := p.(map[string]any); ok {
				tighten(p)
			}
		}
	}
	for _, member := range []string{"items", "additionalProperties"} {
		if p, ok := schema[member].(map[string]any); ok {
			tighten(p)
		}
	}
	if integer, _ := schema["x-kubernetes-int-or-string"].(bool); integer {
		delete(schema, "type")
	}
}
