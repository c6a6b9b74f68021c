package dbt_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"gopkg.in/yaml.v3"

	chschema "runrate/schemas/clickhouse"
	"runrate/schemas/definitions"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

var update = flag.Bool("update", false, "write the descriptions and types of ClickHouse to the YAML files")

// view is what ClickHouse says of one.
type view struct {
	comment string
	columns []column
}

type column struct{ name, kind, comment string }

// views are all views by name, as a migrated database has them.
func views(t *testing.T) map[string]*view {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{localtest.ClickHouse(t).TCPAddr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := chschema.Migrate(t.Context(), conn, chschema.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `
SELECT t.name, t.comment, c.name, c.type, c.comment FROM system.tables AS t
LEFT JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
WHERE t.database = ? AND t.engine = 'View' ORDER BY t.name, c.position`, chschema.DefaultDatabase)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]*view{}
	for rows.Next() {
		var name, comment string
		var c column
		if err := rows.Scan(&name, &comment, &c.name, &c.kind, &c.comment); err != nil {
			t.Fatal(err)
		}
		if all[name] == nil {
			all[name] = &view{comment: comment}
		}
		if c.name != "" {
			all[name].columns = append(all[name].columns, c)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// of is the view that a source or staging model of that name shows. A parameterised
// view has its columns in the one beside it.
func of(all map[string]*view, name string) *view {
	bare, staging := strings.CutPrefix(name, "stg_")
	v := all[bare]
	if v == nil {
		return nil
	}
	if now := all[bare+"_now"]; staging && len(v.columns) == 0 && now != nil {
		return &view{v.comment, now.columns}
	}
	return v
}

// TestDescriptions: each view is a source, and each source and staging model has the
// comment, columns and types that ClickHouse has. With -update they are written.
func TestDescriptions(t *testing.T) {
	all := views(t)
	sources := map[string]int{}
	files, err := filepath.Glob("models/*/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(have, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, one := range described(doc.Content[0]) {
			name := value(one, "name").Value
			if !strings.HasPrefix(name, "stg_") {
				sources[name]++
			}
			if v := of(all, name); v != nil {
				describe(one, v)
			} else {
				t.Errorf("%s: there is no view for %s", file, name)
			}
		}
		hold(t, file, have, &doc)
	}
	for name := range all {
		if sources[name] != 1 {
			t.Errorf("view %s is %d times a source in models/sources, want once", name, sources[name])
		}
	}
}

// hold holds a file to the document, or writes it.
func hold(t *testing.T, file string, have []byte, doc *yaml.Node) {
	t.Helper()
	var want bytes.Buffer
	e := yaml.NewEncoder(&want)
	e.SetIndent(2)
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(have, want.Bytes()) {
		return
	}
	if !*update {
		t.Errorf("%s is not what ClickHouse says; go test ./deploy/dbt -update writes it", file)
	} else if err := os.WriteFile(file, want.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// described are the sources' tables and the models of a file.
func described(file *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	if models := value(file, "models"); models != nil {
		all = append(all, models.Content...)
	}
	if sources := value(file, "sources"); sources != nil {
		for _, s := range sources.Content {
			all = append(all, value(s, "tables").Content...)
		}
	}
	return all
}

// describe writes what a view is into its entry, and leaves what else is there.
func describe(entry *yaml.Node, v *view) {
	set(entry, "description", v.comment)
	old := value(entry, "columns")
	var columns []*yaml.Node
	for _, c := range v.columns {
		i := -1
		if old != nil {
			i = slices.IndexFunc(old.Content, func(n *yaml.Node) bool { return value(n, "name").Value == c.name })
		}
		node := &yaml.Node{Kind: yaml.MappingNode}
		if i >= 0 {
			node = old.Content[i]
		} else {
			set(node, "name", c.name)
		}
		set(node, "data_type", c.kind)
		set(node, "description", c.comment)
		columns = append(columns, node)
	}
	if len(columns) == 0 {
		return
	}
	if old == nil {
		old = &yaml.Node{Kind: yaml.SequenceNode}
		entry.Content = append(entry.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "columns"}, old)
	}
	old.Content = columns
}

// value is that of a key of a mapping, nil if it has none.
func value(of *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(of.Content); i += 2 {
		if of.Content[i].Value == key {
			return of.Content[i+1]
		}
	}
	return nil
}

// set makes a key of a mapping a text; a new one comes after name.
func set(of *yaml.Node, key, text string) {
	if v := value(of, key); v != nil {
		if v.Value != text {
			*v = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
		}
		return
	}
	at := min(2, len(of.Content))
	if key == "description" && value(of, "data_type") != nil {
		at = 4
	}
	of.Content = slices.Insert(of.Content, at, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text})
}

// TestStagingModels: each has the columns of its view, in their order, and the windows
// that a test accepts are those that there are.
func TestStagingModels(t *testing.T) {
	all := views(t)
	for _, file := range []string{"usage", "recurring", "log"} {
		text, err := os.ReadFile("models/staging/" + file + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		for _, model := range described(doc.Content[0]) {
			name := value(model, "name").Value
			sql, err := os.ReadFile("models/staging/" + name + ".sql")
			if err != nil {
				t.Fatal(err)
			}
			list, _, _ := strings.Cut(strings.TrimPrefix(string(sql), "SELECT\n"), "\nFROM ")
			have := strings.Split(strings.NewReplacer("`", "", " ", "", "\n", "").Replace(list), ",")
			var want []string
			for _, c := range of(all, name).columns {
				want = append(want, c.name)
			}
			if !slices.Equal(have, want) {
				t.Errorf("%s selects %v, and the view has %v", name, have, want)
			}
		}
		for names, list := range map[string][]definitions.Window{"1h, ": definitions.Rolling[:], "1d, ": definitions.Active[:]} {
			if want := strings.ReplaceAll(definitions.Names(list), " or ", ", "); strings.Contains(string(text), "["+names) && !strings.Contains(string(text), "["+want+"]") {
				t.Errorf("%s.yml accepts other windows than %s", file, want)
			}
		}
	}
}
