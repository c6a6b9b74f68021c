package bench

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// benchEvents is how many events are folded as one partition, each of perFetch a batch.
const (
	benchEvents = 200_000
	perFetch    = 20_000
)

// encoded are the records of a load without history, on one partition.
func encoded(b *testing.B, form Form) (all []stream.Record) {
	s := newSource(Load{Form: form, Events: benchEvents, Accounts: 5_000})
	put := func(e event.Event) error {
		value, err := form.encode(&e)
		all = append(all, stream.Record{Offset: stream.Offset(len(all)), Key: []byte(e.Account), Value: value})
		return err
	}
	for _, yield := range []func(yieldEvent) error{s.history, s.events} {
		if err := yield(put); err != nil {
			b.Fatal(err)
		}
	}
	return all
}

// BenchmarkEvent is what an event costs alone, by stage: an operation is a record. Run
// it with -cpu 1, so that the garbage collector's work counts; cpu-ns/op is the CPU
// time of the process, which a busy machine does not stretch as it does the time.
func BenchmarkEvent(b *testing.B) {
	for _, form := range []Form{JSON, Protobuf} {
		all := encoded(b, form)
		var decoder event.Decoder
		write := store.Discard(0)
		for _, stage := range []struct {
			name string
			do   func(alone) error
		}{
			{"decode", func(a alone) error { return a.decode(&decoder) }},
			{"fold", func(a alone) error { return a.fold(func(rows.Changes) error { return nil }) }},
			{"rows", func(a alone) error { return a.fold(write) }},
		} {
			b.Run(fmt.Sprintf("%s/%s", form, stage.name), func(b *testing.B) {
				b.ReportAllocs()
				before := ownCPU(b)
				for left := b.N; left > 0; left -= len(all) {
					a := alone{world: &world{o: Options{Partitions: 1}}}
					a.records = slices.Collect(slices.Chunk(all[:min(left, len(all))], perFetch))
					if err := stage.do(a); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(ownCPU(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// ownCPU is the CPU time of this process in ns.
func ownCPU(b *testing.B) int64 {
	took, err := CPUOf(os.Getpid())
	if err != nil {
		b.Skip(err)
	}
	return int64(took)
}
