package repartition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Log is the part of Kafka that a copy uses (package broker).
type Log interface {
	Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error)
	Range(ctx context.Context, source stream.Source) (broker.Range, error)
	Append(ctx context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error)
}

// Options say what to copy.
type Options struct {
	From stream.Topic
	// Ranges are what of each partition is copied: all that the old topic holds.
	Ranges map[int32]broker.Range
	// Folded is how many partitions the topic had while it was folded, if that is fewer
	// than Ranges has: the others were added later.
	Folded int32
	// Without are records that the epoch leaves out: they are copied, to be left out there.
	Without []stream.Place
	// InForce are control records that come before the record at an offset, and after
	// those before it: what a gap of the log took along.
	InForce    map[stream.Place][]stream.Record
	To         stream.Topic // empty
	Partitions int32        // that To has
	Logger     *zap.Logger
	// Progress, if there is one, is told now and then how many of how many records are
	// read.
	Progress func(done, all int64)
}

// Counts is what a copy came to.
type Counts struct {
	Read    int64           // records of the old topic
	Control int64           // control records, each of them written to every partition
	Data    int64           // all others
	Ends    []stream.Offset // of the new partitions
	// LeftOut is where those that the epoch leaves out are in the new topic, by the name
	// of the old one, in ascending order.
	LeftOut []stream.Place
}

const (
	fetchBytes = 4 << 20
	batchBytes = 1 << 19 // of one append; a broker takes 1 MiB unless told otherwise
	batchMost  = 20_000  // records of one append
	tellEvery  = time.Second
)

// Copy copies a topic into another one, which must be empty. The old topic must stand
// still meanwhile. Errors that pass are waited out; a copy that failed leaves a new
// topic that is of no use.
func Copy(ctx context.Context, log Log, o Options) (Counts, error) {
	w := &copier{log: log, o: o, pending: make([][]broker.Message, o.Partitions), bytes: make([]int, o.Partitions), ends: make([]stream.Offset, o.Partitions), out: map[string]bool{}}
	for p := range o.Partitions {
		if err := w.empty(ctx, p); err != nil {
			return w.counts, err
		}
	}
	var from []reader
	was := int32(0)
	for r, ok := o.Ranges[was]; ok; r, ok = o.Ranges[was] {
		w.all += int64(r.End - r.First)
		from = append(from, &partition{copier: w, source: stream.Source{Topic: o.From, Partition: was}, at: r.First, end: r.End,
			late: o.Folded > 0 && was >= o.Folded})
		was++
	}
	if len(from) != len(o.Ranges) {
		return w.counts, fmt.Errorf("copy %s: of %d partitions, nothing is known of partition %d", o.From, len(o.Ranges), was)
	}
	err := merge(ctx, from, placing(o.numbers(was), o.Partitions), w)
	for p := range o.Partitions {
		if err == nil {
			err = w.flush(ctx, p)
		}
	}
	w.counts.Ends = w.ends
	slices.SortFunc(w.counts.LeftOut, stream.Place.Compare)
	return w.counts, err
}

// empty makes sure that a partition of the new topic is.
func (w *copier) empty(ctx context.Context, partition int32) error {
	to := stream.Source{Topic: w.o.To, Partition: partition}
	return retry.Patient.Do(ctx, w.o.Logger, fmt.Sprintf("look whether %s is empty", to), func(ctx context.Context) error {
		held, err := w.log.Range(ctx, to)
		if err == nil && held.End != 0 {
			err = fmt.Errorf("copy %s: %s is not empty", w.o.From, to)
		}
		return NotYet(err)
	})
}

// NotYet is an error about a topic that was just created, as one that passes where it
// says that there is none: a node that was away learns of it later.
func NotYet(err error) error {
	if _, missing := errors.AsType[*broker.NoTopic](err); missing {
		return fault.As(fault.Retry, err)
	}
	return err
}

// numbers are the numbers of partitions by which records were placed.
func (o Options) numbers(was int32) []int32 {
	if o.Folded > 0 && o.Folded != was {
		return []int32{o.Folded, was}
	}
	return []int32{was}
}

// copier is a copy under way, and the writer of its records.
type copier struct {
	log     Log
	o       Options
	all     int64 // records to read
	told    time.Time
	counts  Counts
	pending [][]broker.Message // by new partition
	bytes   []int
	ends    []stream.Offset
	out     map[string]bool // values and headers of the records left out that are copied
}

// partition reads one partition of the old topic.
type partition struct {
	copier  *copier
	source  stream.Source
	at, end stream.Offset
	fetched []stream.Record
	inForce []stream.Record // that come before the first fetched
	asked   stream.Offset   // up to where InForce was looked at, exclusive
	late    bool
}

func (p *partition) added() bool { return p.late }

func (p *partition) next(ctx context.Context) (record, bool, error) {
	if len(p.fetched) == 0 && p.at < p.end {
		if err := p.fetch(ctx); err != nil {
			return record{}, false, err
		}
	}
	if len(p.fetched) == 0 || p.fetched[0].Offset >= p.end {
		return record{}, false, nil
	}
	r := p.fetched[0]
	if place := (stream.Place{Source: p.source, Offset: r.Offset}); p.asked <= r.Offset {
		p.asked, p.inForce = r.Offset+1, p.copier.o.InForce[place]
	}
	if len(p.inForce) > 0 {
		first := p.inForce[0]
		p.inForce = p.inForce[1:]
		return record{Record: first}, true, nil
	}
	p.fetched = p.fetched[1:]
	p.copier.read()
	return record{r, slices.Contains(p.copier.o.Without, stream.Place{Source: p.source, Offset: r.Offset})}, true, nil
}

func (p *partition) fetch(ctx context.Context) error {
	return retry.Patient.Do(ctx, p.copier.o.Logger, fmt.Sprintf("read %s@%d", p.source, p.at), func(ctx context.Context) error {
		records, _, err := p.copier.log.Fetch(ctx, p.source, p.at, fetchBytes, time.Second)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return fault.As(fault.Retry, fmt.Errorf("%s: nothing came, though the log ends at %d", p.source, p.end))
		}
		p.fetched, p.at = records, records[len(records)-1].Offset+1
		return nil
	})
}

// read counts a record of the old topic.
func (w *copier) read() {
	w.counts.Read++
	if w.o.Progress != nil && time.Since(w.told) >= tellEvery {
		w.told = time.Now()
		w.o.Progress(w.counts.Read, w.all)
	}
}

func (w *copier) data(ctx context.Context, partition int32, r stream.Record) error {
	w.counts.Data++
	return w.put(ctx, partition, r)
}

func (w *copier) control(ctx context.Context, r stream.Record) error {
	w.counts.Control++
	for p := range w.o.Partitions {
		if err := w.put(ctx, p, r); err != nil {
			return err
		}
	}
	return nil
}

// leftOut copies such a record to every partition, once: copies of one, as of each control
// record there are, come to the same.
func (w *copier) leftOut(ctx context.Context, r stream.Record) error {
	is := string(r.Value)
	for _, h := range r.Headers {
		is += "\x00" + h.Name + "\x00" + string(h.Value)
	}
	if w.out[is] {
		return nil
	}
	w.out[is] = true
	for p := range w.o.Partitions {
		at := w.ends[p] + stream.Offset(len(w.pending[p]))
		w.counts.LeftOut = append(w.counts.LeftOut, stream.Place{Source: stream.Source{Topic: w.o.From, Partition: p}, Offset: at})
		if err := w.put(ctx, p, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *copier) put(ctx context.Context, partition int32, r stream.Record) error {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Name) + len(h.Value)
	}
	if w.bytes[partition] > 0 && (w.bytes[partition]+size > batchBytes || len(w.pending[partition]) >= batchMost) {
		if err := w.flush(ctx, partition); err != nil {
			return err
		}
	}
	w.pending[partition] = append(w.pending[partition], broker.Message{Key: r.Key, Value: r.Value, Headers: r.Headers, Time: r.Time})
	w.bytes[partition] += size
	return nil
}

// errTwice says that a partition of the new topic has records that the copy did not
// write, or wrote twice.
var errTwice = errors.New("the new topic has records that are not of this copy: somebody writes to it, or a batch is there twice; delete it and begin again")

// flush appends what is pending for a partition. An append that may have been done is
// looked for in the log before it is done again.
func (w *copier) flush(ctx context.Context, partition int32) error {
	if len(w.pending[partition]) == 0 {
		return nil
	}
	to := stream.Source{Topic: w.o.To, Partition: partition}
	begin, end := w.ends[partition], w.ends[partition]+stream.Offset(len(w.pending[partition]))
	unsure := false
	err := retry.Patient.Do(ctx, w.o.Logger, fmt.Sprintf("write %s@%d", to, begin), func(ctx context.Context) error {
		if unsure {
			held, err := w.log.Range(ctx, to)
			if err != nil || held.End == end {
				return NotYet(err)
			}
			if held.End != begin {
				return fmt.Errorf("%s ends at %d, not at %d or %d: %w", to, held.End, begin, end, errTwice)
			}
		}
		unsure = true
		at, err := w.log.Append(ctx, w.o.To, partition, w.pending[partition])
		if err == nil && at != begin {
			return fmt.Errorf("%s: a batch is at %d, not at %d: %w", to, at, begin, errTwice)
		}
		return NotYet(err)
	})
	if err != nil {
		return err
	}
	w.ends[partition] = end
	w.pending[partition], w.bytes[partition] = w.pending[partition][:0], 0
	return nil
}
