package redrive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"runrate/consumers/redrive"
	"runrate/consumers/store"
	"runrate/internal/event"
)

// inBinary is usage in binary mode: two with the same quantity have the same value.
func inBinary(account string, id string) (value string, headers []event.Header) {
	for _, h := range []string{"specversion=1.0", "type=usage.recorded", "source=t", "id=" + id, "time=2026-11-02T11:00:00Z", "subject=" + account} {
		name, v, _ := strings.Cut(h, "=")
		headers = append(headers, event.Header{Name: "ce_" + name, Value: []byte(v)})
	}
	return `{"product":"chat","quantities":{"in":1}}`, headers
}

// TestHeaders: an event in binary mode is known by its headers, and sent with them.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	for _, id := range []string{"1", "2", "2"} {
		value, headers := inBinary("a", id)
		w.publish("a", value, headers...)
	}
	w.fold()
	w.wantRun(redrive.Options{ID: "3"}, 0, left{})
	w.wantRun(redrive.Options{Source: "u"}, 0, left{})
	w.wantRun(redrive.Options{ID: "2", Source: "t"}, 1, left{redrive.Same: 1})
	w.wantRun(redrive.Options{}, 1, left{})
	w.fold()
	w.wantRun(redrive.Options{}, 0, left{redrive.RefusedAgain: 2})
	w.control(goodBook)
	w.fold()
	w.wantRun(redrive.Options{Again: true}, 2, left{redrive.Same: 3})
	w.fold()
	w.wantStates("1 unknown_product accepted", "2 unknown_product accepted", "3 unknown_product accepted", "4 unknown_product accepted", "5 unknown_product accepted")
}

// TestBeforeHeaders: rows from before headers were kept have them from the log, while it
// holds their records, else they are left.
func TestBeforeHeaders(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	value, headers := inBinary("a", "1")
	w.publish("a", value, headers...)
	w.control(goodBook) // too late for it
	w.fold()
	w.must(w.tables.Conn().Exec(t.Context(), "ALTER TABLE "+w.tables.Database().Of("dead_letter_versions")+
		" UPDATE headers = [], headers_kept = 0 WHERE 1 SETTINGS mutations_sync = 2"))
	record := w.log[home("a")][1]
	w.log[home("a")][1].Value = []byte("another record")
	w.wantRun(redrive.Options{}, 0, left{redrive.HeadersGone: 1})
	w.log[home("a")][1] = record
	w.wantRun(redrive.Options{}, 1, left{})
	w.fold()
	w.wantStates("1 unknown_product accepted")
}

// TestEdit: what is edited is sent once, too, and remembered of its original.
func TestEdit(t *testing.T) {
	w := newWorld(t)
	w.control(tick)
	w.publish("a", strings.Replace(usage("a", 1), "1.0", "0.3", 1))
	w.fold()
	w.wantRun(redrive.Options{}, 0, left{redrive.Malformed: 1})
	broken := errors.New("broken")
	runs := 0
	edit := func(_ context.Context, d store.DeadLetter) ([]byte, error) {
		if d.Reason == event.Malformed && !strings.Contains(d.Detail, "specversion") {
			t.Errorf("%+v", d)
		}
		runs++ // never the same twice
		return bytes.Replace(bytes.Replace(d.Payload, []byte("0.3"), []byte("1.0"), 1), []byte("{"), fmt.Appendf(nil, `{"run%d":0,`, runs), 1), nil
	}
	_, err := redrive.Run(t.Context(), w.tables, w, w, redrive.Options{Most: 9, MaxRecord: 1000,
		Edit: func(context.Context, store.DeadLetter) ([]byte, error) { return nil, broken }})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "@1") {
		t.Errorf("an edit that fails: %v", err)
	}
	w.wantRun(redrive.Options{Edit: edit}, 1, left{})
	w.fold()
	w.wantStates("1 malformed redriven", "2 unknown_product open")
	w.wantRun(redrive.Options{Edit: edit}, 0, left{redrive.RefusedAgain: 1})
	w.control(goodBook)
	w.fold()
	if w.wantRun(redrive.Options{Again: true}, 1, left{redrive.Malformed: 1}); len(w.copies) != 2 {
		t.Errorf("%d copies", len(w.copies))
	}
	w.fold()
	w.wantStates("1 malformed accepted", "2 unknown_product accepted")
}
