package chschema

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// copied is the embedded files, to change them.
func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(Files, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// known are the migrations of this program.
func known(t *testing.T) []migration {
	t.Helper()
	all, err := migrations(Files)
	if err != nil || len(all) < 5 {
		t.Fatal(all, err)
	}
	return all
}

func TestMigrateAgainChangesNothing(t *testing.T) {
	conn, db := connect(t)
	o := Options{Database: parsed(t, db)}
	first, err := Migrate(t.Context(), conn, o)
	if err != nil || len(first.Applied) != len(known(t)) || first.Views != len(viewOrder) {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := Migrate(t.Context(), conn, o)
	if err != nil || len(again.Applied) != 0 || again.Views != len(viewOrder) {
		t.Fatalf("%+v, %v", again, err)
	}
	if got := table(t, conn, "SELECT toString(number) || ' ' || name FROM "+db+".migrations ORDER BY number"); len(got) != len(known(t)) || got[0][0] != "1 usage" {
		t.Errorf("migrations: %v", got)
	}
}

// TestMigrateGoesOnAfterAFailure: a migration that stopped half way is done again;
// nothing was recorded of it.
func TestMigrateGoesOnAfterAFailure(t *testing.T) {
	conn, db := connect(t)
	o := Options{Database: parsed(t, db)}
	broken := copied(t)
	text := string(broken["0002_subscriptions.sql"].Data)
	cut := strings.LastIndex(text, "CREATE TABLE")
	broken["0002_subscriptions.sql"].Data = []byte(text[:cut] + "CREATE NONSENSE;\n")
	_, err := migrate(t.Context(), conn, o, broken)
	if err == nil || !strings.Contains(err.Error(), "0002_subscriptions, statement 4") {
		t.Fatalf("got %v", err)
	}
	var left []string
	for _, m := range known(t)[1:] {
		left = append(left, m.String())
	}
	r, err := Migrate(t.Context(), conn, o)
	if err != nil || !slices.Equal(r.Applied, left) {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestMigrateRefusesAnotherProgramsSchema(t *testing.T) {
	conn, db := connect(t)
	o := Options{Database: parsed(t, db)}
	if _, err := Migrate(t.Context(), conn, o); err != nil {
		t.Fatal(err)
	}
	changed := copied(t)
	changed["0003_net_new.sql"].Data = append(changed["0003_net_new.sql"].Data, '\n')
	_, err := migrate(t.Context(), conn, o, changed)
	if err == nil || !strings.Contains(err.Error(), "0003_net_new") || !strings.Contains(err.Error(), "must not change") {
		t.Errorf("changed: %v", err)
	}
	all := known(t)
	last := all[len(all)-1]
	older := copied(t)
	delete(older, last.String()+".sql")
	_, err = migrate(t.Context(), conn, o, older)
	if err == nil || !strings.Contains(err.Error(), last.String()) || !strings.Contains(err.Error(), "newer") {
		t.Errorf("older: %v", err)
	}
	gap := copied(t)
	gap[migration{number: last.number + 2, name: "x"}.String()+".sql"] = &fstest.MapFile{Data: []byte("SELECT 1;")}
	due := migration{number: last.number + 1, name: "name"}
	if _, err = migrate(t.Context(), conn, o, gap); err == nil || !strings.Contains(err.Error(), due.String()+".sql") {
		t.Errorf("gap: %v", err)
	}
}

// TestMigrateReplacesViews: a view that changes needs no migration.
func TestMigrateReplacesViews(t *testing.T) {
	conn, db := connect(t)
	o := Options{Database: parsed(t, db)}
	older := copied(t)
	older["views/mrr.sql"].Data = []byte("CREATE OR REPLACE VIEW {{.DB}}.mrr AS SELECT 1 AS one;")
	for _, from := range []fs.FS{older, Files} {
		if _, err := migrate(t.Context(), conn, o, from); err != nil {
			t.Fatal(err)
		}
	}
	if got := table(t, conn, "SELECT toString(count()) FROM system.columns WHERE database = ? AND table = 'mrr'", db); got[0][0] != "8" {
		t.Errorf("mrr has %s columns", got[0][0])
	}
}

func TestOptions(t *testing.T) {
	for _, name := range []string{"a-b", "a`b", "1a", "a.b", " "} {
		if d, err := ParseDatabase(name); err == nil {
			t.Errorf("%q is the database %s", name, d)
		}
	}
	for name, want := range map[string]string{"": "`revenue`", "a_1": "`a_1`"} {
		if d := parsed(t, name); d.SQL() != want || d.Of("arr") != want+".arr" {
			t.Errorf("%q: %s, %s", name, d.SQL(), d.Of("arr"))
		}
	}
	if err := (Options{Cluster: "a' b"}).check(); err == nil {
		t.Error("a cluster name with a quote passes")
	}
}

// TestCluster: every statement on a cluster says so, every table there is
// replicated, and every view file is in the list. There is no cluster here: the
// server only parses the statements.
func TestCluster(t *testing.T) {
	o := Options{Database: parsed(t, "d"), Cluster: "{cluster}"}
	list, err := render("bootstrap", database+bootstrap, o)
	if err != nil {
		t.Fatal(err)
	}
	views := 0
	err = fs.WalkDir(Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Files, path)
		if err != nil {
			return err
		}
		s, err := render(path, string(text), o)
		list = append(list, s...)
		if name, ok := strings.CutPrefix(path, "views/"); ok {
			views++
			if len(s) != 1 || !slices.Contains(viewOrder, strings.TrimSuffix(name, ".sql")) {
				return fmt.Errorf("%s: %d statements; in the list of views?", path, len(s))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, name := range viewOrder {
		if !strings.HasSuffix(name, now) {
			own++
		}
	}
	if views != own {
		t.Errorf("%d view files, %d listed", views, own)
	}
	conn, _ := connect(t)
	for _, s := range list {
		if got := table(t, conn, "SELECT formatQuery(?)", s); len(got) != 1 { // it parses
			t.Errorf("%q", got)
		}
		head, _, _ := strings.Cut(s, "\n")
		if strings.HasPrefix(head, "INSERT INTO ") {
			continue // replicas get it by themselves
		}
		if !strings.HasSuffix(head, " ON CLUSTER '{cluster}'") {
			t.Errorf("not on the cluster: %s", head)
		}
		place := "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}', "
		if name := creates.FindStringSubmatch(s); name != nil && everywhere[name[1]] {
			place = "'/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', "
		}
		if strings.HasPrefix(s, "CREATE TABLE") && !strings.Contains(s, "ENGINE = ReplicatedReplacingMergeTree("+place) {
			t.Errorf("not replicated: %s", s)
		}
	}
}

// TestGatesInViews: where replicas have gates, every view with an as_of goes by them, and
// by nothing that was written before the rows.
func TestGatesInViews(t *testing.T) {
	for _, gates := range []bool{false, true} {
		uses := 0
		for _, name := range viewOrder {
			text, err := fs.ReadFile(Files, "views/"+strings.TrimSuffix(name, now)+".sql")
			if err != nil {
				t.Fatal(err)
			}
			list, err := render(name, string(text), Options{Database: parsed(t, "d"), Cluster: "c", gates: gates})
			if err != nil {
				t.Fatal(err)
			}
			by := strings.Contains(list[0], "`d`."+Gate+" ")
			if by {
				uses++
			}
			if passed := strings.Contains(list[0], "`d`.progress_versions AS c"); gates && passed || !gates && by {
				t.Errorf("gates %t: %s", gates, name)
			}
		}
		if gates && uses < 10 {
			t.Errorf("%d views go by the gates", uses)
		}
	}
}
