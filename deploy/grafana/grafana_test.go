package grafana

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestCommitted: the files are what the code makes, and there are no others; the SDK
// reads them back strictly, and finds them valid.
func TestCommitted(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	files := map[string]bool{}
	for _, b := range Boards() {
		want, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join("dashboards", b.Name+".json")
		files[name] = true
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the code makes: make dashboards", name)
		}
		var d dashboard.Dashboard //nolint:staticcheck // as the code
		for _, err := range []error{d.UnmarshalJSONStrict(got), d.Validate()} {
			// The SDK also returns lists of errors that are empty.
			if list := (cog.BuildErrors)(nil); err != nil && !(errors.As(err, &list) && len(list) == 0) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	all, err := filepath.Glob("dashboards/*")
	if err != nil || len(all) != len(files) {
		t.Errorf("%v: %v, want those of %v", err, all, files)
	}
}

// TestPanels: each has a title of its own, says what it shows and in what unit, and
// asks one kind of source, one that its dashboard needs; a row is full.
func TestPanels(t *testing.T) {
	for _, b := range Boards() {
		titles := map[string]bool{}
		for _, r := range b.Rows {
			wide := uint32(0)
			for _, p := range r.Panels {
				if p.Title == "" || titles[p.Title] || !strings.HasSuffix(p.About, ".") || p.Unit == "" {
					t.Errorf("%s: %q: no title of its own, nothing about it, or no unit", b.Name, p.Title)
				}
				titles[p.Title] = true
				if (p.SQL == "") == (len(p.PromQL) == 0) {
					t.Errorf("%s: %q asks SQL and PromQL, or nothing", b.Name, p.Title)
				}
				if source := map[bool]Source{true: Prometheus, false: ClickHouse}[p.SQL == ""]; len(b.Needs) != 1 || b.Needs[0] != source {
					t.Errorf("%s: %q asks %s", b.Name, p.Title, source.label)
				}
				wide += p.Wide
			}
			if wide%24 != 0 {
				t.Errorf("%s: %q is %d wide", b.Name, r.Title, wide)
			}
		}
	}
}
