package consume

import (
	"errors"
	"strings"
	"testing"

	"runrate/consumers/fold"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// TestPlacement: an epoch whose rows are on more shards than there are is not folded on,
// and the sentence says on how many; on as many or more it is.
func TestPlacement(t *testing.T) {
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	for there, fits := range map[int]bool{1: false, 2: false, 3: true, 4: true} {
		e := epoch{Record: store.Record{Topic: source.Topic, Epoch: 7, Partitions: 4, Rules: fold.Rules, Shards: 3}, partitions: 4, shards: there,
			definitions: definitions.Set{ARR: definitions.DefaultARR, Statuses: definitions.DefaultStatuses}}
		e.Settings = e.settings()
		err := e.fits(source, 4)
		halted, ok := errors.AsType[*worker.Halted](err)
		switch {
		case fits && err != nil:
			t.Errorf("%d shards: %v", there, err)
		case !fits && (!ok || halted.Reason != worker.Placement || !strings.Contains(err.Error(), "placed on 3 shards") || !strings.Contains(err.Error(), "runrate rebuild usage")):
			t.Errorf("%d shards: %v", there, err)
		}
	}
	e := epoch{Record: store.Record{Topic: source.Topic, Shards: 3}, definitions: definitions.Set{ARR: definitions.DefaultARR, Statuses: definitions.DefaultStatuses}}
	if got := store.ShardsIn(e.settings()); got != 3 {
		t.Errorf("its settings %q say %d shards", e.settings(), got)
	}
}
