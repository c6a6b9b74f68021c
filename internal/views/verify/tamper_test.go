package verify_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"runrate/internal/views/verify"
)

// tampering breaks sound tables, or does not.
//
// In a statement, DB is the database.
type tampering struct {
	name       string
	tables     []string // that are put right again afterwards
	statements []string
	undo       []string // of what is no table
	unseen     string   // why no check fails, "" if one does
	shows      string   // what is in the differences then
	withoutLog bool
}

const (
	anyRow  = "1"
	atFive  = "mrr > 0 AND toHour(as_of) = 5"
	someNew = "movement = 'new'"
	again   = "views show the same; the row that a later record writes wins"
	theSame = "views show the same: the partition is not in the key"
)

// rowsOf are the versioned tables: the key of a row, a value to change, and what
// orders the rows of which the first is changed, lost or doubled; and why nothing
// is seen of a row doubled on another partition, or under a later version.
var rowsOf = []struct{ table, key, value, where, order, doubledOn, doubledAs string }{
	{"usage_event_versions", "toStartOfHour(time), partition, account, identity", "segment || '-x' AS segment", "type = 'usage.recorded'", "time", "", ""},
	{"usage_hour_versions", "hour, line, product, segment, region, currency, partition", "revenue + toDecimal128('0.000000000001', 12) AS revenue", anyRow, "hour", "", again},
	{"rolling_revenue_versions", "window, as_of, line, product, segment, region, currency, partition", "cost + 1 AS cost", "window = '7d'", "as_of", "", again},
	{"active_account_versions", "window, as_of, line, partition", "accounts + 1 AS accounts", "line = '*'", "as_of", "", again},
	{"account_day_versions", "account, line, currency, day", "revenue + toDecimal128('0.000000000001', 12) AS revenue", anyRow, "day, account", theSame, again},
	{"subscription_change_versions", "toStartOfHour(time), partition, account, identity", "mrr + toDecimal128('0.000000000001', 12) AS mrr", "mrr > 0", "time", "", ""},
	{"subscription_versions", "account, subscription", "mrr + 1 AS mrr", anyRow, "account", theSame, again},
	{"mrr_movement_versions", "line, time, account, currency, change", "amount + 1 AS amount", someNew, "time", theSame, again},
	{"mrr_versions", "as_of, line, plan, segment, region, currency, partition", "mrr + 1 AS mrr", atFive, "as_of", "", again},
	{"net_new_arr_versions", "topic, as_of, line, currency, partition", "opening + 1 AS opening", "accounts > 0", "as_of", "", again},
	{"late_amount_versions", "topic, folded, day, line, currency, partition", "amount + 1 AS amount", anyRow, "topic, folded, day", "", again},
	{"account_first_versions", "topic, account, line, currency", "first + 1 AS first", anyRow, "topic, account", theSame, again},
	{"dead_letter_versions", "topic, partition, `offset`", "payload || ' ' AS payload", anyRow, "topic, partition, `offset`", "", again},
	{"control_versions", "topic, partition, kind, `offset`", "time + 1 AS time", "topic = 'runrate.subscriptions' AND `offset` = 6", "partition", "", again},
	{"progress_versions", "topic, partition", "accepted + 1 AS accepted", "accepted > 0", "topic, partition", "", ""},
}

// readers are the checks that read a table, itself or by a view, as the beginnings
// of their names: the others cannot see it, and are not made. A tampering with what
// is not here is shown to all. What counts the log needs the records of both topics.
var readers = map[string][]string{
	"usage_event_versions":         {"accounting", "(all): no row", "usage_events", "subscriptions: each", "usage_hourly", "active_accounts", "account_daily", "net_new_arr: each", "arr_bridge: since", "restatements: late"},
	"usage_hour_versions":          {"(all): no row", "usage_hourly", "rolling_revenue"},
	"rolling_revenue_versions":     {"(all)", "rolling_revenue", "arr", "net_new_arr: opening", "account_arr"},
	"active_account_versions":      {"(all)", "active_accounts"},
	"account_day_versions":         {"(all): no row", "account_daily", "account_arr", "arr_bridge: adds", "retention"},
	"subscription_change_versions": {"accounting", "(all): no row", "usage_events: each", "subscriptions", "mrr", "net_new_arr: each", "arr_bridge: since", "restatements: late"},
	"subscription_versions":        {"(all): no row", "subscriptions"},
	"mrr_movement_versions":        {"(all): no row", "mrr_movements", "account_arr", "arr_bridge: adds", "retention"},
	"mrr_versions":                 {"(all)", "mrr", "arr", "net_new_arr: opening", "account_arr"},
	"net_new_arr_versions":         {"(all)", "net_new_arr", "arr_bridge: adds", "retention"},
	"late_amount_versions":         {"(all): no row", "restatements"},
	"account_first_versions":       {"(all): no row", "arr_bridge", "retention"},
	"control_versions":             {"(all): no row", "usage_events: each", "subscriptions: each", "restatements: late"},
	"dead_letter_versions":         {"accounting", "(all): no row", "usage_events: each", "subscriptions: each"},
}

// seenBy says whether a check reads one of the tables that a tampering touched.
func (tt *tampering) seenBy(check string) bool {
	if len(tt.tables) == 0 {
		return true
	}
	for _, table := range tt.tables {
		names, ok := readers[table]
		if !ok || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(check, name) }) {
			return true
		}
	}
	return false
}

// eachRow changes, loses and doubles a row of every versioned table.
func eachRow() []tampering {
	var out []tampering
	var elsewhere, later tampering // what is not seen of any table, all at once
	beyond := tampering{name: "a row again in each table, of a record beyond the log", shows: "version 1000000"}
	for _, r := range rowsOf {
		of := strings.TrimSuffix(r.table, "_versions")
		first := "(SELECT * FROM DB." + r.table + " FINAL WHERE " + r.where + " ORDER BY " + r.order + ", version LIMIT 1)"
		insert := func(columns string) []string {
			return list("INSERT INTO DB." + r.table + " SELECT * REPLACE (" + columns + ") FROM " + first)
		}
		// On the other partition it is of the last record that wrote there, so that it
		// wins over a row with its key.
		last := func(p int) string {
			return fmt.Sprintf("(SELECT max(version) FROM DB.%s WHERE partition = %d)", r.table, p)
		}
		other := "1 - partition AS partition, if(partition = 0, " + last(1) + ", " + last(0) + ") AS version"
		out = append(out,
			tampering{name: of + ": a value changed", tables: list(r.table), statements: insert(r.value + ", version + 1 AS version")},
			tampering{name: of + ": a row lost", tables: list(r.table), statements: list("ALTER TABLE DB." + r.table +
				" DELETE WHERE (" + r.key + ") IN (SELECT " + r.key + " FROM " + first + ") SETTINGS mutations_sync = 2")})
		for _, double := range []struct {
			name, unseen string
			all          *tampering
			statements   []string
		}{
			{"a row again, on another partition", r.doubledOn, &elsewhere, insert(other)},
			{"a row again, of the next record", r.doubledAs, &later, insert("version + 1 AS version")},
		} {
			if double.unseen == "" {
				out = append(out, tampering{name: of + ": " + double.name, tables: list(r.table), statements: double.statements})
				continue
			}
			double.all.name, double.all.unseen = strings.TrimPrefix(double.all.name+", "+of, ", "), double.unseen
			double.all.tables = append(double.all.tables, r.table)
			double.all.statements = append(double.all.statements, double.statements...)
		}
		beyond.tables = append(beyond.tables, r.table)
		beyond.statements = append(beyond.statements, insert("1000000 AS version")...)
	}
	elsewhere.name += ": a row again, on another partition"
	later.name += ": a row again, of the next record"
	return append(out, elsewhere, later, beyond)
}

// changed writes the next version of the first row for which a condition holds.
func changed(name, table, columns, where, order, shows string) tampering {
	return tampering{name: name, tables: list(table), shows: shows, statements: list("INSERT INTO DB." + table + " SELECT * REPLACE (" + columns +
		", version + 1 AS version) FROM (SELECT * FROM DB." + table + " FINAL WHERE " + where + " ORDER BY " + order + " LIMIT 1)")}
}

// rewritten changes the rows themselves, under the version that they have.
func rewritten(name, table, column, value, where, shows string) tampering {
	return tampering{name: name, tables: list(table), shows: shows, statements: list("INSERT INTO DB." + table + " SELECT * REPLACE (" + value +
		" AS " + column + ") FROM DB." + table + " WHERE " + where + " ORDER BY version LIMIT 1")}
}

// shown puts another in a view's place, which may read the sound one.
func shown(name, view, query, shows string) tampering {
	return tampering{name: name, shows: shows, statements: list("RENAME TABLE DB."+view+" TO DB."+view+"_sound", "CREATE VIEW DB."+view+" AS "+query),
		undo: list("DROP TABLE DB."+view, "RENAME TABLE DB."+view+"_sound TO DB."+view)}
}

func list(texts ...string) []string { return texts }

// particular are tamperings that one check is for.
func particular() []tampering {
	used := "type = 'usage.recorded' AND revenue > 0"
	cancelling := changed("two movements that cancel out", "mrr_movement_versions", "change + 1000000 AS change", someNew, "time", "new")
	cancelling.statements = append(cancelling.statements, changed("", "mrr_movement_versions", "change + 2000000 AS change, -amount AS amount", someNew+" AND change < 1000000", "time", "").statements...)
	payload := rewritten("a dead letter's bytes, without the log", "dead_letter_versions", "payload", "payload || ' '", anyRow, "")
	payload.withoutLog, payload.unseen = true, "only the log has them"
	headers := rewritten("a dead letter's headers", "dead_letter_versions", "headers", "arrayConcat(headers, [('a', 'b')])", anyRow, "of the headers")
	detail := rewritten("a dead letter's sentence", "dead_letter_versions", "detail", "detail || '.'", anyRow, "")
	detail.unseen = "the sentence is for people; reason and bytes are compared"
	definition := tampering{name: "another definition of ARR than was folded by", tables: list("definition_versions"), shows: "closing",
		statements: list("INSERT INTO DB.definition_versions (epoch, arr_window_days, arr_multiplier) VALUES (0, 28, 14)")}
	statuses := tampering{name: "other statuses than were folded by", tables: list("mrr_status_versions"), shows: "mrr 0",
		statements: list("INSERT INTO DB.mrr_status_versions (epoch, statuses) VALUES (0, 'past_due')")}
	return []tampering{
		rewritten("an event's revenue", "usage_event_versions", "revenue", "revenue + toDecimal128('0.000000000001', 12)", used, "revenue"),
		rewritten("an event's line", "usage_event_versions", "line", "'elsewhere'", used, "line 'elsewhere'"),
		rewritten("an event's currency", "usage_event_versions", "currency", "'CHF'", used, "currency CHF"),
		rewritten("an event's quantities", "usage_event_versions", "quantities", "mapApply((k, v) -> (k, v + 1), quantities)", used, "quantities"),
		rewritten("a change's unit amount and MRR", "subscription_change_versions", "plan", "unit_amount * 2 AS unit_amount, mrr * 2 AS mrr, plan", "mrr > 0", "mrr"),
		rewritten("a dead letter's reason", "dead_letter_versions", "reason", "if(reason = 'invalid', 'malformed', 'invalid')", anyRow, "refused: invalid"),
		detail, payload, headers,
		changed("a duplicate counted as control", "progress_versions", "duplicate - 1 AS duplicate, control + 1 AS control", "duplicate > 0", "topic, partition", "duplicate"),
		changed("a control record counted as skipped", "progress_versions", "control - 1 AS control, skipped + 1 AS skipped", "control > 0", "topic, partition", "skipped"),
		changed("a later first offset", "progress_versions", "first_offset + 1 AS first_offset, control - 1 AS control", "control > 0", "topic, partition", "first offset"),
		changed("another clock", "progress_versions", "clock + 1 AS clock", "ticked = 1", "topic, partition", "clock"),
		shown("an as_of before its time", "mrr", "SELECT * FROM DB.mrr_sound UNION ALL SELECT * REPLACE (as_of + 3600 AS as_of) FROM (SELECT * FROM DB.mrr_sound WHERE as_of = (SELECT max(as_of) FROM DB.mrr_sound))", "mrr"),
		changed("the revenue of the ARR window", "rolling_revenue_versions", "revenue + 1 AS revenue", "window = '28d' AND as_of = (SELECT max(as_of) FROM DB.net_new_arr)", "as_of", "window 28d"),
		changed("a window of an odd name", "rolling_revenue_versions", "'2h' AS window", "window = '1h'", "as_of", "some other window"),
		cancelling,
		shown("an arr", "arr", "SELECT * REPLACE (usage_arr + 1 AS usage_arr) FROM DB.arr_sound", "usage_arr"),
		definition, statuses,
		changed("a movement in the wrong place", "net_new_arr_versions", "expansion + new AS expansion, toDecimal128(0, 12) AS new", "new > 0", "as_of", "expansion"),
	}
}

// besides are tamperings of the tables that no flush fills, and of what is beside the
// numbers in those that it does.
func besides() []tampering {
	opened := "entry = 'opened' AND topic = 'runrate.usage'"
	unseen := func(t tampering, why string) tampering {
		t.unseen = why
		return t
	}
	inserted := func(name, table, row string) tampering {
		return tampering{name: name, tables: list(table), statements: list("INSERT INTO DB." + table + " " + row)}
	}
	return []tampering{
		changed("an epoch's number of partitions", "epoch_entries", "partitions + 1 AS partitions", opened, "epoch", ""),
		changed("an epoch that says it leaves out a tick which it folded", "epoch_entries",
			"(SELECT concat(topic, '/', toString(partition), '@', toString(min(`offset`))) FROM DB.control_versions WHERE kind = 'clock' AND partition = 0 AND topic = 'runrate.usage' GROUP BY topic, partition) AS exclusions", opened, "epoch", ""),
		{name: "an epoch's record lost", tables: list("epoch_entries"), statements: list("ALTER TABLE DB.epoch_entries DELETE WHERE " + opened + " SETTINGS mutations_sync = 2")},
		unseen(changed("an epoch's reason, settings and log identity", "epoch_entries", "'x' AS reason, 'x' AS settings, 'x' AS log_identity", opened, "epoch", ""),
			"the reason is for people; a consumer that begins holds the settings against its own, a rebuild the identity against the log"),
		inserted("a gap that nobody had accepted", "epoch_gaps", "(topic, epoch, partition, from_offset, to_offset, in_force, reason) VALUES ('runrate.usage', 0, 0, 1, 2, '[]', 'x')"),
		rewritten("a price book's text, as it is kept", "control_versions", "payload", "replaceOne(payload, '{', '{ ')", "kind = 'price_book'", ""),
		rewritten("when a control record was recorded", "control_versions", "recorded_at", "recorded_at + 1", "kind = 'clock'", ""),
		unseen(rewritten("what the last flush wrote, and when", "progress_versions", "written_at", "'' AS wrote, written_at + 1", "topic = 'runrate.usage'", ""),
			"a worker that begins reads the one; nothing depends on the other"),
		inserted("a consumer that says it is halted", "partition_status_versions", "(topic, partition, epoch, status, reason, detail, since) SELECT 'runrate.usage', 0, 0, 'halted', 'log_gap', 'x', now64(6, 'UTC')"),
		unseen(inserted("a consumer that says it is stalled", "partition_status_versions", "(topic, partition, epoch, status, reason, detail, since) SELECT 'runrate.usage', 0, 0, 'stalled', '', 'x', now64(6, 'UTC')"),
			"it says nothing of what is folded"),
		unseen(inserted("a dead letter that was never redriven, as redriven", "redrive_versions", "(topic, partition, `offset`, time, account, event_time, identity, digest, to_topic, after, sent) SELECT topic, partition, `offset`, time, 'x', time, toFixedString('x', 16), toFixedString('x', 16), topic, 0, 1 FROM DB.dead_letter_versions LIMIT 1"),
			"what redrive did is kept nowhere else; its copies are records like others"),
	}
}

// Each tampering of sound tables is seen by the checks that the page says see it, with
// the row named; the page says of the others why none does. With -every-check, which
// make test-long sets, and -update it is exactly those: all others that could are made,
// too, and so it is shown that nothing sees what none is said to see.
func TestTampered(t *testing.T) {
	sound := keptWorld(t)
	w := sound.copy(t)
	if got := failing(w.verify()); len(got) > 0 {
		t.Fatal(got)
	}
	pick := said(t)
	var table strings.Builder
	table.WriteString("| what was tampered with | seen by |\n|---|---|\n")
	for _, tt := range slices.Concat(eachRow(), particular(), besides()) {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				for _, s := range tt.undo {
					w.exec(s)
				}
				w.restore(sound, tt.tables)
			}()
			for _, s := range tt.statements {
				w.exec(s)
			}
			o := verify.Options{Log: w}
			if tt.withoutLog {
				o.Log = nil
			}
			results := slices.DeleteFunc(w.verifySome(o, pick(&tt)), func(r verify.Result) bool { return r.Outcome == verify.LeftOut })
			got := failing(results)
			if (len(got) == 0) != (tt.unseen != "") {
				t.Errorf("seen by %d checks, but: %q", len(got), tt.unseen)
			}
			all := strings.Join(slices.Collect(maps.Values(got)), "\n")
			if len(got) > 0 && !strings.Contains(all, tt.shows) {
				t.Errorf("%q is not in %s", tt.shows, all)
			}
			seen := strings.Join(slices.Sorted(maps.Keys(got)), "; ")
			if tt.unseen != "" {
				seen = "**not seen**: " + tt.unseen
			}
			fmt.Fprintf(&table, "| %s | %s |\n", tt.name, seen)
		})
	}
	hold(t, page, table.String())
}
