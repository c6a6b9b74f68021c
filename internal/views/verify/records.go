package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

// checkUsageRecords and checkSubscriptionRecords read the log again and hold each
// record against the rows beside it: it is in the ledger, as the row that it must
// have become; or a dead letter, byte for byte and for the reason that it has; or
// an event whose identity an earlier record of the partition has; or control; or skipped.
func checkUsageRecords(ctx context.Context, r *reader, s *state, d *Differences) error {
	return checkRecords(ctx, r, s, d, &usageLedger, s.usage.epoch)
}

func checkSubscriptionRecords(ctx context.Context, r *reader, s *state, d *Differences) error {
	return checkRecords(ctx, r, s, d, changeLedger(s.counting), s.subs.epoch)
}

func checkRecords[V rowValue](ctx context.Context, r *reader, s *state, d *Differences, of *ledger[V], epoch uint32) error {
	ranges, ok := r.ranges(ctx, of.topic, d)
	if !ok {
		return nil
	}
	var chosen, total int64
	for _, p := range s.sources(of.topic, ranges) {
		shown, folded := s.progress[p]
		log, has := ranges[p.Partition]
		if !folded || !has {
			continue // checkLog says so
		}
		w := &walk[V]{r: r, d: d, of: of, source: p, epoch: epoch, beside: s.of(of.topic.Kind()).besides,
			rules: rules{source: p, partitions: int32(len(ranges))}, counts: counted{shown: shown}}
		all, err := w.bounds(ctx, log)
		if err != nil {
			return err
		}
		spans := sample(p, all, r.sample)
		w.counts.sampled = spans[0] != all
		if err := w.along(ctx, all.from, spans); err != nil {
			var lost *unreadable
			if !errors.As(err, &lost) {
				return err
			}
			d.doubt("the log could not be read: %s", lost)
			w.counts.partial = true
		}
		for _, one := range spans {
			chosen += int64(one.to - one.from)
		}
		total += int64(all.to - all.from)
		r.counted[p] = w.counts
	}
	if chosen < total {
		d.scope = fmt.Sprintf("sample: %s of %s records", grouped(chosen), grouped(total))
	}
	return nil
}

// bounds are the records that are walked, of those that were folded: what was given
// up is not in the log, nor is what retention has deleted, which cannot be compared.
func (w *walk[V]) bounds(ctx context.Context, log broker.Range) (offsets, error) {
	p, first := w.source, stream.Offset(w.counts.shown.first)
	begins, before := w.beside.begins(p, first, log.First)
	all := offsets{max(begins, log.First), min(stream.Offset(w.counts.shown.next), log.End)}
	all.to = max(all.from, all.to)
	w.counts.lost = w.beside.given(p, w.counts.shown)
	w.counts.first, w.counts.before = w.counts.shown.first, before > 0
	if log.First < first {
		w.counts.first = int64(log.First)
	}
	if before > 0 {
		w.d.remark("%s: %d records that were folded before a gap are gone with it: their rows stand as they are", p, before)
	}
	if log.First > begins {
		w.counts.partial = true
		w.d.doubt("%s: the log begins at %d: the %d records before it cannot be compared", p, log.First, min(log.First, stream.Offset(w.counts.shown.next))-begins)
	}
	if all.from > first {
		return all, w.rules.recall(ctx, w.r, w.epoch, all.from)
	}
	return all, nil
}

// walk goes through the log of one partition beside its rows. It keeps one row of
// each, and some events that may be duplicates.
type walk[V rowValue] struct {
	r      *reader
	d      *Differences
	of     *ledger[V]
	source source
	epoch  uint32

	rules    rules
	rows     beside[V]
	letters  beside[refusedAs]
	controls beside[controlRow]
	counts   counted
	unrated  int64
	beside   besides
	stepped  bool      // over a gap, to the next record
	unread   []offsets // before the record, since the last price book that was read
	maybe    []candidate
}

// along walks the spans; what lies between them is not read.
func (w *walk[V]) along(ctx context.Context, from stream.Offset, spans []offsets) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the queries of a walk that gave up
	rows, err := w.of.open(ctx, w.r, w.epoch, w.source, spans)
	if err != nil {
		return err
	}
	letters, err := openLetters(ctx, w.r, w.epoch, w.source, spans)
	if err != nil {
		return err
	}
	controls, err := openControls(ctx, w.r, w.epoch, w.source, spans, w.beside.lost[w.source.Partition])
	if err != nil {
		return err
	}
	w.rows, w.letters, w.controls = beside[V]{cursor: rows, of: w}, beside[refusedAs]{cursor: letters, of: w}, beside[controlRow]{cursor: controls, of: w}
	for _, one := range spans {
		if one.from > from {
			w.unread = append(w.unread, offsets{from, one.from})
			w.rules.noClock = true
		}
		err := w.r.read(ctx, w.source, one.from, one.to, w.over, func(r *stream.Record) error { return w.step(ctx, r) })
		if err != nil {
			return err
		}
		from = one.to
	}
	if w.unrated > 0 {
		w.d.doubt("%s: %d events are older than the first price book that the log still has and could not be rated", w.source, w.unrated)
	}
	if err := w.rows.finish(); err != nil {
		return err
	}
	if err := w.letters.finish(); err != nil {
		return err
	}
	if err := w.controls.finish(); err != nil {
		return err
	}
	w.counts.clock = int64(w.rules.clock)
	return w.duplicates(ctx)
}

// step holds one record against what is beside it.
func (w *walk[V]) step(ctx context.Context, r *stream.Record) error {
	row, accepted, err := w.rows.at(r.Offset)
	if err != nil {
		return err
	}
	letter, refused, err := w.letters.at(r.Offset)
	if err != nil {
		return err
	}
	if w.stepped {
		w.stepped = false
		if err := w.rules.recall(ctx, w.r, w.epoch, r.Offset); err != nil {
			return err
		}
	}
	v := w.rules.judge(r)
	if w.beside.without[fmt.Sprintf("%s@%d", w.source, r.Offset)] {
		if !v.control() {
			w.differ(r.Offset, "a control record, which the epoch leaves out", v.String())
		}
		v = verdict{skipped: true}
	}
	w.d.Compared++
	switch {
	case accepted && refused:
		w.counts.refused++
		w.differ(r.Offset, "accepted or refused", "both: "+(*row).String()+"; "+letter.String())
	case v.skipped && !accepted && !refused:
		w.counts.skipped++
	case refused:
		w.counts.refused++
		err = w.refused(ctx, r, &v, letter)
	case accepted:
		w.counts.accepted++
		err = w.accepted(ctx, r, &v, row)
	case v.control():
		w.counts.control++
		if v.book != nil {
			w.unread = nil
		}
		err = w.control(r, &v, w.rules.apply(&v))
	case v.reason != "":
		w.counts.refused++
		w.differ(r.Offset, "refused: "+string(v.reason), "")
	default:
		err = w.mayBeDuplicate(ctx, r, &v)
	}
	return err
}

func (w *walk[V]) differ(at stream.Offset, expected, found string) {
	w.d.add(fmt.Sprintf("%s@%d", w.source, at), expected, found)
}

// expect is the row of a data event that no earlier record has, or why it is
// refused.
func (w *walk[V]) expect(r *stream.Record, v *verdict) (V, event.Reason) {
	row, reason := w.of.row(&v.event, w.rules.book, uint64(r.Offset))
	if late := w.rules.late(v.event.Time); late != "" {
		return row, late
	}
	return row, reason
}

// accepted holds a record against its row in the ledger.
func (w *walk[V]) accepted(ctx context.Context, r *stream.Record, v *verdict, found *V) error {
	if v.control() || v.skipped || v.reason != "" {
		w.differ(r.Offset, v.String(), (*found).String())
		return nil
	}
	want, reason := w.expect(r, v)
	if reason != "" || want != *found {
		looked, err := w.lookBack(ctx)
		if err != nil {
			return err
		}
		if looked {
			want, reason = w.expect(r, v)
		}
	}
	got := *found
	if w.rules.noBook && w.of.topic.Kind() == stream.Usage {
		w.unrated++
		want, got = w.of.unpriced(want), w.of.unpriced(got)
	}
	switch {
	case reason != "" && !w.rules.unjudged(reason):
		w.differ(r.Offset, "refused: "+string(reason), (*found).String())
	case want != got:
		w.differ(r.Offset, want.String(), got.String())
	}
	return nil
}

// headersOf is SHA-256 of a record's headers as a dead letter has them.
func headersOf(r *stream.Record) string {
	h := sha256.New()
	for _, header := range r.Headers {
		h.Write([]byte(header.Name))
		h.Write([]byte{0})
		h.Write(header.Value)
		h.Write([]byte{0})
	}
	return string(h.Sum(nil))
}

// refused holds a record against its dead letter.
func (w *walk[V]) refused(ctx context.Context, r *stream.Record, v *verdict, found *refusedAs) error {
	key, payload := sha256.Sum256(r.Key), sha256.Sum256(r.Value)
	want := refusedAs{letter: letter{time: min(max(r.Time, int64(event.MinTime)), int64(event.MaxTime)-1), key: string(key[:]), payload: string(payload[:])},
		reason: string(v.reason)}
	if found.headers != "" {
		want.headers = headersOf(r)
	}
	switch {
	case v.skipped:
		w.differ(r.Offset, v.String(), found.String())
		return nil
	case v.control() && found.reason != "": // by a rule that looks at the clock: the counts tell
		want.reason = found.reason
	case v.reason == "" && !v.control():
		row, reason := w.expect(r, v)
		if string(reason) != found.reason {
			looked, err := w.lookBack(ctx)
			if err != nil {
				return err
			}
			if looked {
				row, reason = w.expect(r, v)
			}
		}
		if w.rules.unjudged(event.Reason(found.reason)) {
			reason = event.Reason(found.reason)
		}
		if reason == "" {
			w.differ(r.Offset, row.String(), found.String())
			return nil
		}
		want.reason = string(reason)
	}
	if want != *found {
		w.differ(r.Offset, want.String(), found.String())
	}
	return nil
}
