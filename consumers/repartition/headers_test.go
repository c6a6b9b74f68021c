package repartition_test

import (
	"fmt"
	"reflect"
	"testing"

	"go.uber.org/zap"

	"runrate/consumers/repartition"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/test/sim"
)

// TestCopyKeepsHeaders: records in binary mode are what their headers say, control
// records among them, which are copied once, and those left out, whose values are equal.
func TestCopyKeepsHeaders(t *testing.T) {
	record := func(at stream.Offset, kind, id, time string, key []byte) stream.Record {
		r := stream.Record{Offset: at, Time: 1_700_000_000_000_000, Key: key}
		for _, h := range [][2]string{{"ce_specversion", "1.0"}, {"ce_type", kind}, {"ce_source", "t"}, {"ce_id", id}, {"ce_time", time}} {
			r.Headers = append(r.Headers, event.Header{Name: h[0], Value: []byte(h[1])})
		}
		return r
	}
	const tick, used = "clock.ticked", "usage.recorded"
	key := []byte("k")
	home := stream.Partition(key, 2)
	source := func(p int32) stream.Source { return stream.Source{Topic: stream.Usage.Topic(), Partition: p} }
	log := sim.NewLog(map[stream.Source][]stream.Record{
		source(home): {record(0, tick, "1", "2026-11-01T00:00:00Z", nil), record(1, used, "a", "2026-11-01T00:00:00Z", key),
			record(2, tick, "bad", "2027-11-01T00:00:00Z", nil), record(3, tick, "worse", "2028-11-01T00:00:00Z", nil), record(4, used, "b", "2026-11-01T00:00:00Z", key)},
		source(1 - home): {record(0, tick, "1", "2026-11-01T00:00:00Z", nil)},
	})
	to := stream.Usage.Named("new")
	_, err := repartition.Copy(t.Context(), log, repartition.Options{
		From: stream.Usage.Topic(), Ranges: map[int32]broker.Range{home: {End: 5}, 1 - home: {End: 1}}, To: to, Partitions: 1, Logger: zap.NewNop(),
		Without: []stream.Place{{Source: source(home), Offset: 2}, {Source: source(home), Offset: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := log.Fetch(t.Context(), stream.Source{Topic: to}, 0, 1<<20, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, fmt.Sprintf("%s %s", r.Headers[1].Value, r.Headers[3].Value))
	}
	if want := []string{tick + " 1", used + " a", tick + " bad", tick + " worse", used + " b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("copied: %q, want %q", got, want)
	}
}
