// Package redrive publishes dead letters again, each event once.
//
// What was sent is remembered in ClickHouse by topic, partition and offset, before
// it is sent and once it is acknowledged, so that a run that was ended between the
// two is known. A copy has its original's payload, byte for byte: by that it is
// known when it is refused again, and left.
//
// Start at Run. decide.go says what becomes of a dead letter; it does no I/O.
package redrive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// Sender publishes copies.
type Sender interface {
	// Send queues an event for the partition of its account in the topic of its
	// type. It may keep headers and payload until Flush.
	Send(ctx context.Context, t event.Type, account event.Account, headers []event.Header, payload []byte) error
	// Flush returns when all that was queued is acknowledged. After an error some
	// of it may be in the log.
	Flush(ctx context.Context) error
}

// Log tells where the log ends: *broker.Client.
type Log interface {
	Offsets(ctx context.Context, topic stream.Topic) (map[int32]broker.Range, error)
	// Fetch reads the records from an offset on.
	Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error)
}

// Options say which dead letters are published again.
type Options struct {
	Filter    store.DeadLetterFilter
	Source    string // only events of this source; "" is all
	ID        string // only events with this id; "" is all
	Again     bool   // also those that were sent before
	Most      int64  // at most so many are sent
	MaxRecord int    // largest payload that can be sent, in bytes

	// Edit, if there is one, changes an event before it is sent: it is given the record,
	// and what it returns is sent in its place. An error ends the run, nothing of the
	// batch sent.
	Edit func(ctx context.Context, letter store.DeadLetter) (payload []byte, err error)

	// Pause waits a little for the consumer, and says whether to look again where
	// it is. It is called while the fate of copies rests on that. Nil: do not wait.
	Pause func(context.Context) bool
}

// A batch is remembered, sent and acknowledged as a whole. It is held in memory.
const (
	batchLetters = 10_000
	batchBytes   = 32 << 20
)

// Run sends the open dead letters that may be accepted now, and with Again those
// sent before. Without a Sender it only counts what it would do, and remembers
// nothing.
//
// An error ends it; what was sent until then is remembered. It may be run again at
// any time. Two at a time may both send an event, which then counts once.
func Run(ctx context.Context, tables *store.Store, log Log, to Sender, o Options) (Report, error) {
	r := &run{tables: tables, log: log, to: to, options: o, sent: map[[16]byte]stream.Offset{}, report: Report{Left: map[Why]int64{}}}
	states := []store.LetterState{store.LetterOpen}
	if o.Again {
		states = append(states, store.LetterRedriven)
	}
	var batch []candidate
	bytes := 0
	for letter, err := range tables.DeadLetters(ctx, o.Filter, states...) {
		if err != nil {
			return r.report, fmt.Errorf("redrive: %w", err)
		}
		if !r.chosen(letter) {
			continue
		}
		r.report.Seen++
		c, why, err := r.candidate(ctx, letter)
		if err != nil {
			return r.report, fmt.Errorf("redrive: %w", err)
		}
		if why != "" {
			r.report.Left[why]++
			continue
		}
		batch = append(batch, c)
		if bytes += len(c.payload); len(batch) < batchLetters && bytes < batchBytes {
			continue
		}
		if err := r.batch(ctx, batch); err != nil {
			return r.report, err
		}
		if batch, bytes = nil, 0; r.report.Full {
			return r.report, nil
		}
	}
	return r.report, r.batch(ctx, batch)
}

type run struct {
	tables  *store.Store
	log     Log
	to      Sender // nil: only count
	options Options
	decoder event.Decoder
	sent    map[[16]byte]stream.Offset // digests sent by this run, and what their After was
	report  Report
}

// candidate is a dead letter whose event can be read and sent.
type candidate struct {
	letter  store.LetterKey
	key     store.EventKey
	own     [16]byte // of the dead letter itself
	digest  [16]byte // of what is sent, which is the same unless it was edited
	kind    event.Type
	home    stream.Kind
	headers []event.Header
	payload []byte
}

// candidate decodes a dead letter, or says why it is left as it is.
func (r *run) candidate(ctx context.Context, letter store.DeadLetter) (candidate, Why, error) {
	if !letter.HeadersKept {
		found, err := r.reread(ctx, &letter)
		if err != nil || !found {
			return candidate{}, HeadersGone, err
		}
	}
	own := store.DigestOf(letter.Headers, letter.Payload)
	if r.options.Edit != nil {
		edited, err := r.options.Edit(ctx, letter)
		if err != nil {
			return candidate{}, "", fmt.Errorf("edit %s/%d@%d: %w", letter.Topic, letter.Partition, letter.Offset, err)
		}
		letter.Payload = edited
	}
	e, refusal := r.decoder.DecodeRecord(letter.Headers, letter.Payload)
	if refusal != nil {
		return candidate{}, Why(refusal.Reason), nil //nolint:nilerr // a refusal is why it is left, no failure
	}
	home, ok := stream.Home(e.Type)
	switch {
	case !ok:
		return candidate{}, Control, nil
	case e.Invalid != nil:
		return candidate{}, Why(e.Invalid.Reason), nil //nolint:nilerr // likewise
	case len(letter.Payload) > r.options.MaxRecord:
		return candidate{}, TooLarge, nil
	}
	return candidate{
		letter: letter.LetterKey, own: own, digest: store.DigestOf(letter.Headers, letter.Payload), kind: e.Type, home: home,
		headers: letter.Headers, payload: letter.Payload,
		key: store.EventKey{Account: e.Account, Time: e.Time, Identity: e.Identity()},
	}, "", nil
}

// chosen says whether a dead letter is of the source and id that are asked for, as far
// as these can be read.
func (r *run) chosen(letter store.DeadLetter) bool {
	if r.options.Source == "" && r.options.ID == "" {
		return true
	}
	a := r.decoder.Attributes(letter.Headers, letter.Payload)
	return (r.options.Source == "" || a.Source == r.options.Source) && (r.options.ID == "" || a.ID == r.options.ID)
}

// reread takes the headers of a dead letter that was kept without from the log, if it
// still holds that record.
func (r *run) reread(ctx context.Context, letter *store.DeadLetter) (found bool, err error) {
	topic, ok := stream.InputNamed(letter.Topic)
	if !ok {
		return false, nil
	}
	source := stream.Source{Topic: topic, Partition: letter.Partition}
	ranges, err := r.log.Offsets(ctx, topic)
	if err != nil {
		return false, err
	}
	if in, ok := ranges[letter.Partition]; !ok || letter.Offset < in.First || letter.Offset >= in.End {
		return false, nil
	}
	records, _, err := r.log.Fetch(ctx, source, letter.Offset, 1, time.Second)
	if err != nil {
		return false, err
	}
	if len(records) == 0 || records[0].Offset != letter.Offset || !bytes.Equal(records[0].Value, letter.Payload) {
		return false, nil
	}
	letter.Headers, letter.HeadersKept = records[0].Headers, true
	return true, nil
}

// batch decides about candidates and does what was decided: remember what is to be
// sent, send it, remember that it was.
func (r *run) batch(ctx context.Context, candidates []candidate) error {
	if len(candidates) == 0 {
		return nil
	}
	known, err := r.gather(ctx, candidates)
	if err != nil {
		return fmt.Errorf("redrive: %w", err)
	}
	p := r.decide(candidates, known)
	if r.to == nil {
		return nil
	}
	if err := r.tables.SaveRedrives(ctx, p.before); err != nil {
		return fmt.Errorf("redrive: nothing of this batch was sent: %w", err)
	}
	for _, c := range p.send {
		if err := r.to.Send(ctx, c.kind, c.key.Account, c.headers, c.payload); err != nil {
			return r.unsure(p, err)
		}
	}
	if err := r.to.Flush(ctx); err != nil {
		return r.unsure(p, err)
	}
	if err := r.tables.SaveRedrives(ctx, p.after); err != nil {
		return r.unsure(p, err)
	}
	return nil
}

// unsure is the error of a batch of which some may have been sent.
func (r *run) unsure(p plan, err error) error {
	r.report.Sent -= int64(len(p.send))
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("redrive: of a batch of %d some may have been sent, which the next run finds out (runrate settle first): %w", len(p.send), err)
}
