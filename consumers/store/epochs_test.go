package store

import (
	"reflect"
	"testing"

	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// TestEpochs: the highest epoch that was switched to is the one shown, in whatever
// order and by whatever clock that was; its record is as it was opened.
func TestEpochs(t *testing.T) {
	s, ctx, usage := open(t), t.Context(), stream.Usage.Topic()
	shown := func(want uint32) {
		t.Helper()
		if got, err := s.Epoch(ctx, usage); err != nil || got != want {
			t.Errorf("epoch %d, %v; want %d", got, err, want)
		}
	}
	shown(0)
	if _, ok, err := s.Record(ctx, usage, 0); ok || err != nil {
		t.Errorf("the record of an epoch that nobody opened: %v, %v", ok, err)
	}
	r := Record{Topic: usage, Kafka: usage.String(), Epoch: 8, Partitions: 4, Rules: 2, Settings: "28 x 13", Reason: "it's a test"}
	if err := s.OpenEpoch(ctx, r); err != nil {
		t.Fatal(err)
	}
	shown(0)
	hand := map[int32]HandOver{0: {Next: 7, Metadata: `{"first":1,"last":2,"epoch":8}`}, 3: {Metadata: "begin"}}
	if err := s.SwitchEpoch(ctx, usage, 8, hand, "it's a test"); err != nil {
		t.Fatal(err)
	}
	shown(8)
	// Another server's clock is ahead, and its switch is of an epoch before.
	if err := s.exec(ctx, "test", "INSERT INTO "+s.database.Of("epoch_entries")+" (topic, epoch, entry, at) SELECT 'runrate.usage', 3, 'switched', now64(6) + 3600"); err != nil {
		t.Fatal(err)
	}
	shown(8)
	r.HandOver, r.Shards = hand, 1
	if got, ok, err := s.Record(ctx, usage, 8); err != nil || !ok || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v, %v; want %+v", got, ok, err, r)
	}
	want(t, s, "SELECT toString(tuple(epoch, shown, partitions, rules, settings, opened_at > '2026-01-01', switched_at > '2026-01-01', reason)) AS line FROM "+s.database.Of("epochs")+" ORDER BY line",
		"(3,false,0,0,'',0,1,'')", "(8,true,4,2,'28 x 13',1,1,'it\\'s a test')")

	if err := s.OpenEpoch(ctx, Record{Topic: usage}); fault.KindOf(err) != fault.Defect {
		t.Errorf("no partitions: %v", err)
	}
	write(t, s, 11, rows.Changes{Source: usage0, Progress: ticked(13, "2026-01-01T00:00:00Z")})
	if last, err := s.LastEpoch(ctx, usage); err != nil || last != 11 {
		t.Errorf("last %d, %v", last, err)
	}
}
