package verify

import (
	"context"
	"fmt"
	"strings"

	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// besides is what an epoch of a topic is folded from beside the log.
type besides struct {
	without map[string]bool // control records that are left out, by topic/partition@offset
	lost    map[int32][]loss
	// controls says that the control records which changed what is in force are all
	// kept: the epoch is not older than their table.
	controls bool
}

// loss is a part of the log that was given up.
type loss struct {
	offsets
	reason string
}

// besides reads it.
func (r *reader) besides(ctx context.Context, topic stream.Topic, epoch uint32) (besides, error) {
	b := besides{without: map[string]bool{}, lost: map[int32][]loss{}}
	var exclusions string
	var controls uint8
	if err := r.conn.QueryRow(ctx, r.text(`SELECT anyOrDefault(exclusions), maxOrDefault(controls) FROM DB.epoch_entries FINAL WHERE topic = '$topic' AND epoch = $epoch AND entry = 'opened'`,
		"$topic", topic, "$epoch", epoch)).Scan(&exclusions, &controls); err != nil {
		return b, err
	}
	for _, place := range strings.Fields(exclusions) {
		if _, at, ok := strings.Cut(place, "/"); ok { // it goes by the name in Kafka
			b.without[topic.String()+"/"+at] = true
		}
	}
	b.controls = controls != 0
	c, err := open(ctx, r, func(partition *int32, l *loss) []any {
		return []any{partition, (*int64)(&l.from), (*int64)(&l.to), &l.reason}
	}, `
SELECT partition, from_offset, to_offset, reason FROM DB.epoch_gaps FINAL WHERE topic = '$topic' AND epoch = $epoch ORDER BY partition, from_offset`, "$topic", topic, "$epoch", epoch)
	if err != nil {
		return b, err
	}
	return b, c.each(func(partition *int32, l *loss) error {
		b.lost[*partition] = append(b.lost[*partition], *l)
		return nil
	})
}

// given is how many records of a partition were given up, as far as it has come.
func (b *besides) given(p source, shown counters) (records uint64) {
	for _, l := range b.lost[p.Partition] {
		if int64(l.to) <= shown.next {
			records += uint64(l.to - l.from)
		}
	}
	return records
}

// begins is the first record of a partition that was folded and must be in the log:
// what comes before it was given up, or was there before something that was.
func (b *besides) begins(p source, first stream.Offset, log stream.Offset) (from stream.Offset, before stream.Offset) {
	from = first
	for _, l := range b.lost[p.Partition] {
		switch {
		case l.from == from:
			from = l.to
		case l.to <= log: // and with it what was folded before it
			before += l.from - from
			from = l.to
		}
	}
	return from, before
}

// controlRow is a row of control_versions.
type controlRow struct {
	kind           string
	time, recorded int64
	payload        string
}

// String is the columns.
func (c controlRow) String() string {
	s := fmt.Sprintf("%s, time %s, recorded at %s", c.kind, micro(c.time), micro(c.recorded))
	if c.payload != "" {
		s += fmt.Sprintf(", payload %.60s… of %d bytes", c.payload, len(c.payload))
	}
	return s
}

// openControls reads the control records of a partition in the order of offsets, and
// those whose version is another one, which no fold has written.
func openControls(ctx context.Context, r *reader, epoch uint32, p source, spans []offsets, lost []loss) (*cursor[offsetKey, controlRow], error) {
	ends := []string{"-1"} // of gaps, where there is no record
	for _, l := range lost {
		ends = append(ends, fmt.Sprint(l.to-1))
	}
	return open(ctx, r, func(k *offsetKey, c *controlRow) []any {
		return []any{&k.offset, &c.kind, &c.time, &c.recorded, &c.payload}
	}, `
SELECT offset AS o, kind, toUnixTimestamp64Micro(time), toUnixTimestamp64Micro(recorded_at), payload
FROM DB.control_versions FINAL WHERE topic = '$topic' AND epoch = $epoch AND partition = $partition AND ($within OR version != toUInt64(offset)) AND offset NOT IN ($ends) ORDER BY o, kind`,
		"$topic", p.Topic, "$epoch", epoch, "$partition", p.Partition, "$within", within("offset", spans), "$ends", strings.Join(ends, ", "))
}

// recall puts in force what was in force before an offset, as far as it was kept: the
// records themselves may be gone.
func (u *rules) recall(ctx context.Context, r *reader, epoch uint32, before stream.Offset) error {
	u.noBook, u.noClock = true, true
	c, err := open(ctx, r, func(kind *string, c *controlRow) []any { return []any{kind, &c.time, &c.payload} }, `
SELECT kind, toUnixTimestamp64Micro(argMax(time, offset)), argMax(payload, offset)
FROM DB.control_versions WHERE topic = '$topic' AND epoch = $epoch AND partition = $partition AND offset < $before GROUP BY kind`,
		"$topic", u.source.Topic, "$epoch", epoch, "$partition", u.source.Partition, "$before", before)
	if err != nil {
		return err
	}
	return c.each(func(kind *string, c *controlRow) (err error) {
		switch *kind {
		case "clock":
			u.clock, u.ticked, u.noClock = event.Time(c.time), true, false
		case "price_book":
			if u.book, err = pricebook.Parse([]byte(c.payload)); err != nil {
				return fmt.Errorf("the price book in force at %s@%d: %w", u.source, before, err)
			}
			u.bookTime, u.noBook = event.Time(c.time), false
		case "rates":
			if u.rates, err = fx.Parse([]byte(c.payload)); err != nil {
				return fmt.Errorf("the exchange rates in force at %s@%d: %w", u.source, before, err)
			}
			u.fxTime = event.Time(c.time)
		}
		return nil
	})
}

// control holds a control record against what is kept of it: a row, if it changed
// what is in force.
func (w *walk[V]) control(r *stream.Record, v *verdict, changed bool) error {
	row, kept, err := w.controls.at(r.Offset)
	if err != nil {
		return err
	}
	want := controlRow{time: int64(v.event.Time), recorded: min(max(r.Time, int64(event.MinTime)), int64(event.MaxTime)-1), kind: "clock"}
	if v.book != nil {
		want.kind, want.payload = "price_book", string(v.book.JSON())
	}
	if v.rates != nil {
		want.kind, want.payload = "rates", string(v.rates.JSON())
	}
	switch {
	case kept && *row != want:
		w.differ(r.Offset, want.String(), row.String())
	case w.counts.sampled: // what was in force before is not known for sure
	case kept && !changed:
		w.differ(r.Offset, "a control record that changes nothing", row.String())
	case !kept && changed && w.beside.controls:
		w.differ(r.Offset, want.String(), "")
	}
	return nil
}

// over tells where the gap ends that holds an offset, or else the offset. What is
// in force then is to be recalled.
func (w *walk[V]) over(at stream.Offset) stream.Offset {
	for _, l := range w.beside.lost[w.source.Partition] {
		if l.from <= at && at < l.to {
			w.stepped = true
			return l.to
		}
	}
	return at
}
