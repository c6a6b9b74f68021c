package usage

import (
	"testing"

	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// TestAccepted fills batches of sizes around that of a chunk in memory that batches
// before have used: each has its own events and quantities, in their order, and no other.
func TestAccepted(t *testing.T) {
	var a accepted
	next := stream.Offset(0)
	for _, size := range []int{0, 1, chunkEvents - 1, chunkEvents, chunkEvents + 1, 3*chunkEvents + 7, 2, 0, 5} {
		first := next
		for range size {
			used := []event.Quantity{{Meter: "m", Count: uint64(next)}, {Meter: "n", Count: 1}, {Meter: "o", Count: 2}}
			a.add(&rows.UsageEvent{Version: next, Quantities: used[:next%4]})
			clear(used) // the judge's memory is used again
			next++
		}
		for range 2 { // a write that failed walks them again
			want := first
			for e := range a.all {
				if e.Version != want || len(e.Quantities) != int(want%4) || want%4 > 0 && e.Quantities[0] != (event.Quantity{Meter: "m", Count: uint64(want)}) {
					t.Fatalf("batch of %d: event %+v where %d is due", size, e, want)
				}
				want++
			}
			if want != next {
				t.Fatalf("batch of %d: events up to %d, not %d", size, want, next)
			}
		}
		a.done()
		if most := 2 * (size/chunkEvents + 1); len(a.spare) > most {
			t.Errorf("after a batch of %d, %d chunks are kept", size, len(a.spare))
		}
	}
}
