package verify_test

import (
	"strings"
	"testing"
	"time"

	"runrate/consumers/store"
	"runrate/internal/stream"
	"runrate/internal/views/verify"
)

// TestHaltedIsNotProved: what views show while a partition is halted is not all that
// there is, even once its consumer is silent.
func TestHaltedIsNotProved(t *testing.T) {
	w := keptWorld(t)
	check := func() (verify.Outcome, string) {
		for _, r := range w.verifySome(verify.Options{Log: w}, func(check string) bool { return strings.Contains(check, "no partition is halted") }) {
			return r.Outcome, r.Note
		}
		t.Fatal("no such check")
		return 0, ""
	}
	if outcome, note := check(); outcome != verify.Proved {
		t.Errorf("nobody says anything: %v, %s", outcome, note)
	}
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	say := func(status, reason, detail string) {
		w.must(w.store.SaveStatuses(t.Context(), []store.Status{{Source: source, Status: status, Reason: reason, Detail: detail, Since: time.Now()}}))
	}
	say("ok", "", "")
	if outcome, note := check(); outcome != verify.Proved {
		t.Errorf("all is well: %v, %s", outcome, note)
	}
	say("halted", "log_gap", "47 records are gone")
	if outcome, note := check(); outcome != verify.Unknown || note != "runrate.usage/1 is halted (log_gap): 47 records are gone" {
		t.Errorf("halted: %v, %s", outcome, note)
	}
	w.exec("INSERT INTO DB.partition_status_versions (topic, partition, epoch, status, reason, detail, since, said_at) VALUES ('runrate.subscriptions', 0, 0, 'halted', 'overflow', 'too much', '2026-01-01 00:00:00', '2026-01-01 00:00:00')")
	if outcome, note := check(); outcome != verify.Unknown || !strings.Contains(note, "runrate.subscriptions/0 was last halted (overflow), and its consumer is silent: too much") {
		t.Errorf("silent: %v, %s", outcome, note)
	}
}
