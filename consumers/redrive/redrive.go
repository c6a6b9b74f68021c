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
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// Sender publishes copies.
type Sender interface {
	// Send queues an event for the partition of its account in the topic of its
	// type. It may keep the payload until Flush.
	Send(ctx context.Context, t event.Type, account event.Account, payload []byte) error
	// Flush returns when all that was queued is acknowledged. After an error some
	// of it may be in the log.
	Flush(ctx context.Context) error
}

// Log tells where the log ends: *broker.Client.
type Log interface {
	Offsets(ctx context.Context, topic stream.Topic) (map[int32]broker.Range, error)
}

// Options say which dead letters are published again.
type Options struct {
	Filter    store.DeadLetterFilter
	Again     bool  // also those that were sent before
	Most      int64 // at most so many are sent
	MaxRecord int   // largest payload that can be sent, in bytes

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
		c, why := r.candidate(letter)
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
	digest  [16]byte
	kind    event.Type
	home    stream.Kind
	payload []byte
}

// candidate decodes a dead letter, or says why it is left as it is.
func (r *run) candidate(letter store.DeadLetter) (candidate, Why) {
	e, refusal := r.decoder.Decode(letter.Payload)
	if refusal != nil {
		return candidate{}, Why(refusal.Reason)
	}
	home, ok := stream.Home(e.Type)
	switch {
	case !ok:
		return candidate{}, Control
	case e.Invalid != nil:
		return candidate{}, Why(e.Invalid.Reason)
	case len(letter.Payload) > r.options.MaxRecord:
		return candidate{}, TooLarge
	}
	sum := sha256.Sum256(letter.Payload)
	return candidate{
		letter: letter.LetterKey, digest: [16]byte(sum[:16]), kind: e.Type, home: home, payload: letter.Payload,
		key: store.EventKey{Account: e.Account, Time: e.Time, Identity: e.Identity()},
	}, ""
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
		if err := r.to.Send(ctx, c.kind, c.key.Account, c.payload); err != nil {
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
