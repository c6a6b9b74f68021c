package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/subscriptions"
	"runrate/consumers/usage"
	"runrate/consumers/worker"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
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

// Fold returns what a partition of either topic is folded with by the default
// definitions.
func Fold(source stream.Source, partitions int32, memory intake.Memory) fold.Config {
	return FoldBy(definitions.Default, source, partitions, memory)
}

// FoldBy is Fold by other definitions.
func FoldBy(by definitions.Set, source stream.Source, partitions int32, memory intake.Memory) fold.Config {
	c := fold.Config{Source: source, Partitions: partitions, Memory: memory}
	c.New = stream.ByKind(
		func() fold.Blank {
			return usage.New(usage.Config{ARRWindowDays: int(by.ARR.WindowDays), ARRMultiplier: int64(by.ARR.Multiplier)})
		},
		func() fold.Blank { return subscriptions.New(by.Statuses) },
	).Of(source.Topic.Kind())
	return c
}

// Drive folds the records of one source into tables, cut as told, and flushes
// at the end: what the worker does between Kafka and ClickHouse, and nothing
// else. cut is asked after each record.
func Drive(tables worker.Tables, config fold.Config, records []stream.Record, cut func() Cut) error {
	if len(records) == 0 {
		return nil
	}
	return DriveFrom(tables, config, records[0].Offset, records, cut)
}

// DriveFrom is Drive from an offset before the first record, where gaps begin.
func DriveFrom(tables worker.Tables, config fold.Config, first stream.Offset, records []stream.Record, cut func() Cut) error {
	d := &driver{tables: tables, config: config, first: first}
	if err := d.restore(); err != nil {
		return err
	}
	for {
		if _, err := d.partition.Lose(); err != nil { // as the worker does when it has restored
			return err
		}
		at := d.at(records)
		if at == len(records) {
			break
		}
		if err := d.fold(records[at : at+1]); err != nil {
			return err
		}
		if err := d.cut(cut(), at); err != nil {
			return err
		}
	}
	if err := d.flush(true); err != nil {
		return fmt.Errorf("last flush: %w", err)
	}
	return nil
}

type driver struct {
	tables    worker.Tables
	config    fold.Config
	first     stream.Offset
	partition *fold.Partition
	chain     [][]byte // snapshots as of the last flush
}

// at is the index of the record to fold next.
func (d *driver) at(records []stream.Record) int {
	at, _ := slices.BinarySearchFunc(records, d.partition.Next(), func(r stream.Record, next stream.Offset) int { return cmp.Compare(r.Offset, next) })
	return at
}

// fold folds the next records.
func (d *driver) fold(records []stream.Record) error {
	judged := d.partition.Judge(records)
	stragglers, before := judged.Stragglers()
	keys := make([]store.EventKey, len(stragglers))
	for i, j := range stragglers {
		keys[i] = store.EventKey{Account: j.Event.Account, Time: j.Event.Time, Identity: j.Identity}
	}
	accepted, err := d.tables.Seen(context.Background(), 0, d.config.Source, keys, before)
	if err != nil {
		return err
	}
	return judged.Fold(accepted)
}

// cut does what happens after the record at an index.
func (d *driver) cut(cut Cut, at int) error {
	switch cut {
	case Flush:
		return d.flush(pays(at))
	case Restart:
		if err := d.flush(pays(at)); err != nil {
			return err
		}
		return d.restore()
	case Crash:
		if at%2 == 0 { // the rows had been written
			if _, err := d.write(pays(at)); err != nil {
				return err
			}
		}
		return d.restore()
	}
	return nil
}

// pays says whether a flush after the record at an index pays what late events changed, or
// leaves it owed.
func pays(at int) bool { return at%3 == 0 }

// write ends the batch and writes its rows.
func (d *driver) write(pays bool) (*fold.Flush, error) {
	end := d.partition.FlushOwing
	if pays {
		end = d.partition.Flush
	}
	flush, err := end()
	if err != nil {
		return nil, err
	}
	return flush, d.tables.Write(context.Background(), 0, flush.Changes())
}

func (d *driver) flush(pays bool) error {
	flush, err := d.write(pays)
	if err != nil {
		return err
	}
	for r := range flush.Snapshot(len(d.chain) > 0) {
		b, err := proto.Marshal(r)
		if err != nil {
			return err
		}
		d.chain = append(d.chain, b)
	}
	flush.Done()
	return nil
}

// restore makes the partition anew as of the last flush.
func (d *driver) restore() error {
	if len(d.chain) == 0 {
		d.partition = fold.Begin(d.config, d.first)
		return nil
	}
	restoring := fold.Restore(d.config)
	for _, b := range d.chain {
		r := &snapshot.Record{}
		if err := proto.Unmarshal(b, r); err != nil {
			return err
		}
		if err := restoring.Apply(r); err != nil {
			return err
		}
	}
	recalling, err := restoring.Recall()
	if err != nil {
		return err
	}
	if since, any := recalling.Since(); any {
		for known, err := range d.tables.Recent(context.Background(), 0, d.config.Source, since, recalling.Before()) {
			if err != nil {
				return err
			}
			recalling.Learn(known.Identity, known.Time)
		}
	}
	d.partition = recalling.Done()
	return nil
}
