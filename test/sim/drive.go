package sim

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/stream"
	snapshot "runrate/schemas/snapshot/v1"
)

// Cut says what happens after a record is folded.
type Cut uint8

// What may happen after a record.
const (
	FoldOn  Cut = iota // no flush yet
	Flush              // rows and snapshot are written
	Restart            // flushed, and the fold is made anew from its snapshots
	Crash              // the fold is lost as it is, with its rows written or not, and made anew as of the last flush
)

// Drive folds the records of one source into tables, cut as told, and flushes
// at the end. It is the worker's loop without its I/O; cut is asked after each
// record.
func Drive(tables *Tables, newFold func() worker.Fold, source stream.Source, partitions int32, records []stream.Record, cut func() Cut) error {
	ctx := context.Background()
	judge := intake.NewJudge(source, partitions)
	var chain [][]byte // snapshots as of the last flush
	fold := newFold()
	if len(records) > 0 {
		fold.Gate().Begin(records[0].Offset)
	}
	first := records
	flush := func() error {
		if err := tables.Write(ctx, 0, fold.Changes()); err != nil {
			return err
		}
		for r := range fold.Snapshot(len(chain) > 0) {
			b, err := proto.Marshal(r)
			if err != nil {
				return err
			}
			chain = append(chain, b)
		}
		fold.Done()
		return nil
	}
	restore := func() error {
		fold = newFold()
		if len(chain) == 0 {
			fold.Gate().Begin(first[0].Offset)
			return nil
		}
		for _, b := range chain {
			r := &snapshot.Record{}
			if err := proto.Unmarshal(b, r); err != nil {
				return err
			}
			if err := fold.Restore(r); err != nil {
				return err
			}
		}
		fold.Restored()
		gate := fold.Gate()
		if since, any := gate.RecallSince(); any {
			for k := range tables.Recent(ctx, 0, source, since, gate.Flushed()) {
				gate.Recall(k.Identity, k.Time)
			}
		}
		return nil
	}
	for i := 0; i < len(records); i++ {
		judged := []intake.Judged{judge.Judge(records[i])}
		gate := fold.Gate()
		for _, j := range gate.Stragglers(judged) {
			keys := []store.EventKey{{Account: j.Event.Account, Time: j.Event.Time, Identity: j.Identity}}
			seen, err := tables.Seen(ctx, 0, source, keys, gate.Flushed())
			if err != nil {
				return err
			}
			for identity := range seen {
				gate.Learn(identity)
			}
		}
		if err := fold.Step(&judged[0]); err != nil {
			return err
		}
		switch cut() {
		case Flush:
			if err := flush(); err != nil {
				return err
			}
		case Restart:
			if err := flush(); err != nil {
				return err
			}
			if err := restore(); err != nil {
				return err
			}
		case Crash:
			if i%2 == 0 { // the rows had been written
				if err := tables.Write(ctx, 0, fold.Changes()); err != nil {
					return err
				}
			}
			if err := restore(); err != nil {
				return err
			}
			i = int(fold.Gate().Flushed()-records[0].Offset) - 1
		}
	}
	if len(records) == 0 {
		return nil
	}
	if err := flush(); err != nil {
		return fmt.Errorf("last flush: %w", err)
	}
	return nil
}
