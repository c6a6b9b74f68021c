package chschema

import (
	"strings"
	"testing"
)

// TestMigrateCarriesEpochsOver: in a database from before epochs had a record, the
// epoch that was shown stays shown, with its number of partitions, even after a
// migration that stopped half way and with a switch back by a clock.
func TestMigrateCarriesEpochsOver(t *testing.T) {
	conn, db := connect(t)
	o := Options{Database: parsed(t, db)}
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if err := conn.Exec(t.Context(), strings.ReplaceAll(s, "DB", db)); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	if err := exec(t.Context(), conn, o, "bootstrap", database+bootstrap); err != nil {
		t.Fatal(err)
	}
	for _, m := range known(t)[:5] {
		if err := exec(t.Context(), conn, o, m.String(), m.text); err != nil {
			t.Fatal(err)
		}
		if err := record(t.Context(), conn, o, m); err != nil {
			t.Fatal(err)
		}
	}
	run(`INSERT INTO DB.topics (topic, partitions, set_at) VALUES ('runrate.usage', 2, '2026-01-01'), ('runrate.usage', 4, '2026-02-01'), ('runrate.subscriptions', 3, '2026-01-01')`,
		`INSERT INTO DB.epochs (topic, epoch, reason, switched_at) VALUES ('runrate.usage', 2, 'two', '2026-03-01'), ('runrate.usage', 5, 'five', '2026-03-02'), ('runrate.usage', 3, 'back', '2026-03-03')`,
		`INSERT INTO DB.definition_versions (epoch, arr_window_days, arr_multiplier) VALUES (3, 30, 12)`,
		`INSERT INTO DB.progress_versions (topic, epoch, partition, clock, ticked) VALUES ('runrate.usage', 3, 0, '2026-12-01', 1), ('runrate.usage', 3, 1, '2026-12-01', 1), ('runrate.usage', 3, 2, '2026-12-01', 1), ('runrate.usage', 3, 3, '2026-12-01', 1)`,
		`INSERT INTO DB.rolling_revenue_versions (epoch, as_of, window, currency, revenue) VALUES (3, '2026-06-01 00:00:00', '1h', 'USD', 7), (5, '2026-06-01 00:00:00', '1h', 'USD', 9)`)
	half := copied(t)
	text := string(half["0007_epochs.sql"].Data)
	cut := strings.LastIndex(text, "INSERT INTO")
	half["0007_epochs.sql"].Data = []byte(text[:cut] + "CREATE NONSENSE;\n")
	if _, err := migrate(t.Context(), conn, o, half); err == nil {
		t.Fatal("nonsense passes")
	}
	if _, err := Migrate(t.Context(), conn, o); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range table(t, conn, "SELECT concat(topic, ' ', toString(epoch), ' ', toString(shown), ' ', toString(partitions), ' ', toString(rules), ' ', settings, '; ', reason) FROM "+db+".epochs ORDER BY topic, epoch") {
		got = append(got, r[0])
	}
	want := "runrate.subscriptions 0 true 3 1 ; from before epochs had a record\n" +
		"runrate.usage 2 false 0 0 ; two\n" +
		"runrate.usage 3 true 4 1 usage ARR = 12 x 30 days; back\n" +
		"runrate.usage 5 false 0 0 ; five"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if rows := table(t, conn, "SELECT toString(revenue) FROM "+db+".rolling_revenue"); len(rows) != 1 || rows[0][0] != "7" {
		t.Errorf("the views show %v, want the 7 of epoch 3", rows)
	}
}
