package verify_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/internal/stream"
	"runrate/internal/views/verify"
	"runrate/test/oracle"
)

const (
	everyPartition = "freshness: every partition of the log, not beyond it"
	eachRecord     = "usage_events: each record: accepted at its price, refused, duplicate or control"
	eachChange     = "subscriptions: each record: accepted, refused, duplicate or control"
	eachCount      = "accounting: each count, the first offset and the clock, from the log"
	ofWindows      = "rolling_revenue: windows = panes"
)

// only picks checks by their names, those that a test looks at.
func only(checks ...string) func(check string) bool {
	return func(check string) bool { return slices.Contains(checks, check) }
}

var first = stream.Source{Topic: stream.Usage.Topic(), Partition: 0}

// TestLog holds tables and log against each other where one of them lacks what the
// other has.
func TestLog(t *testing.T) {
	sound := keptWorld(t)
	w := sound.copy(t)
	expect := func(t *testing.T, got map[string]string, check, text string) {
		t.Helper()
		if !strings.Contains(got[check], text) {
			t.Errorf("%s: %q is not in %q", check, text, got[check])
		}
	}
	with := func(change func(oracle.Log)) oracle.Log {
		log := maps.Clone(sound.log)
		change(log)
		return log
	}
	t.Run("an empty database beside a log", func(t *testing.T) {
		e := empty(t)
		e.log = w.log
		expect(t, failing(e.verifySome(verify.Options{Log: e}, only(everyPartition))), everyPartition, "DIFFERS, 4 of 4")
	})
	t.Run("nothing at all", func(t *testing.T) {
		e := empty(t)
		e.log = with(func(log oracle.Log) {
			for p := range log {
				log[p] = nil
			}
		})
		for _, r := range e.verify() {
			if r.Outcome != verify.Proved || r.Compared != 0 {
				t.Errorf("%s: %+v", r.View, r)
			}
		}
	})
	t.Run("no progress of a partition", func(t *testing.T) {
		defer w.restore(sound, []string{"progress_versions"})
		w.exec("ALTER TABLE DB.progress_versions DELETE WHERE topic = 'runrate.usage' AND partition = 1 SETTINGS mutations_sync = 2")
		check := only(everyPartition, ofWindows)
		got := failing(w.verifySome(verify.Options{Log: w}, check))
		expect(t, got, everyPartition, "runrate.usage/1")
		expect(t, got, ofWindows, "unknown, 0 of 0: no as_of could be compared: runrate.usage/1 has no clock")
		w.log = with(func(log oracle.Log) { delete(log, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}) })
		defer func() { w.log = sound.log }()
		expect(t, failing(w.verifySome(verify.Options{Log: w}, check)), everyPartition, "expected 1 partitions")
	})
	t.Run("no clock of a partition", func(t *testing.T) {
		defer w.restore(sound, []string{"progress_versions"})
		w.exec("INSERT INTO DB.progress_versions SELECT * REPLACE (toDateTime64(0, 6, 'UTC') AS clock, 0 AS ticked) FROM (SELECT * FROM DB.progress_versions FINAL WHERE topic = 'runrate.subscriptions' AND partition = 1)")
		got := failing(w.verify())
		expect(t, got, eachCount, "clock 1970")
		for _, check := range []string{"mrr: the changes before each hour", "arr: multiplier x window + 12 x MRR", "net_new_arr: each account's own movements"} {
			expect(t, got, check, "runrate.subscriptions/1 has no clock")
		}
		if got[ofWindows] != "" {
			t.Errorf("the usage topic has its clocks: %s", got[ofWindows])
		}
	})
	t.Run("a log that retention shortened", func(t *testing.T) {
		defer func() { w.log = sound.log }()
		w.log = with(func(log oracle.Log) { log[first] = log[first][20:] })
		got := failing(w.verify())
		says := fmt.Sprintf("runrate.usage/0: the log begins at %d: the 20 records before it cannot be compared", w.log[first][0].Offset)
		expect(t, got, eachRecord, "unknown")
		expect(t, got, eachRecord, says)
		expect(t, got, eachCount, "unknown")
		if len(got) != 2 {
			t.Errorf("failing, too: %v", got)
		}
	})
	t.Run("a log that holds something else", func(t *testing.T) {
		defer func() { w.log = sound.log }()
		w.log = with(func(log oracle.Log) {
			log[first] = slices.Clone(log[first])
			for i, r := range log[first] {
				log[first][i].Value = []byte(strings.Replace(string(r.Value), `"segment":"`, `"segment":"x`, 1))
			}
		})
		expect(t, failing(w.verifySome(verify.Options{Log: w}, only(eachRecord))), eachRecord, "DIFFERS")
	})
	t.Run("a row of a record that is skipped", func(t *testing.T) {
		defer func() { w.log = sound.log }()
		w.log = with(func(log oracle.Log) {
			log[first] = slices.Clone(log[first])
			for i := range log[first] {
				log[first][i].Skipped = true
			}
		})
		got := failing(w.verifySome(verify.Options{Log: w}, only(eachRecord, eachChange, eachCount)))
		expect(t, got, eachRecord, "skipped: a transaction marker, or of an aborted transaction")
		expect(t, got, eachCount, "control 0, skipped 12")
	})
	t.Run("a log that cannot be read", func(t *testing.T) {
		got := failing(w.verifySome(verify.Options{Log: broken{w}}, only(eachRecord)))
		expect(t, got, eachRecord, "unknown")
		expect(t, got, eachRecord, "the log could not be read: no such luck")
	})
	t.Run("without the log", func(t *testing.T) {
		for check, text := range failing(w.verifyWith(verify.Options{})) {
			if !strings.HasPrefix(text, "left out, 0 of 0") {
				t.Errorf("%s: %s", check, text)
			}
		}
	})
	t.Run("a sample", func(t *testing.T) { testSample(t, w, sound) })
}

// testSample: a sample says how much it was of, counts nothing, and sees a wrong
// row that it holds.
func testSample(t *testing.T, w, sound *world) {
	scopes := 0
	for _, r := range w.verifyWith(verify.Options{Log: w, Sample: 20}) {
		if r.Outcome == verify.LeftOut && r.View+": "+r.Proves == eachCount {
			continue
		}
		if r.Outcome != verify.Proved {
			t.Errorf("%s: %s", r.Proves, r.Note)
		}
		if r.Scope != "" {
			scopes++
			if !strings.HasPrefix(r.Scope, "sample: ") || !strings.HasSuffix(r.Scope, " records") || r.Compared > 40 {
				t.Errorf("%s: %s, %d rows", r.Proves, r.Scope, r.Compared)
			}
		}
	}
	if scopes != 2 {
		t.Errorf("%d scopes", scopes)
	}
	defer w.restore(sound, []string{"usage_event_versions"})
	w.exec("INSERT INTO DB.usage_event_versions SELECT * REPLACE (source || 'x' AS source) FROM DB.usage_event_versions")
	got := failing(w.verifySome(verify.Options{Log: w, Sample: 20}, only(eachRecord)))
	if !strings.Contains(got[eachRecord], "DIFFERS") {
		t.Errorf("not seen: %v", got)
	}
}

// broken is a log of which the records cannot be read.
type broken struct{ *world }

// Fetch fails.
func (broken) Fetch(context.Context, stream.Source, stream.Offset, int, time.Duration) ([]stream.Record, stream.Offset, error) {
	return nil, 0, errors.New("no such luck")
}
