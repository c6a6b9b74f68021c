package store

import (
	"runrate/internal/event"
	"runrate/internal/rows"
)

var deadLetters = table[rows.DeadLetter]{
	columns: []string{"topic", "epoch", "partition", "offset", "time", "reason", "detail", "key", "headers", "headers_kept", "payload", "version"},
	row: func(c *chunk, f *flush, r *rows.DeadLetter) {
		c.word(f.source.Topic.String())
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.int64(int64(r.Offset))
		// A producer may stamp anything on a record, or -1 for nothing.
		c.micros(min(max(r.Time, event.MinTime), event.MaxTime-1))
		c.word(string(r.Reason))
		c.text(r.Detail)
		c.text(string(r.Key))
		c.headers(r.Headers)
		c.bool(true) // rows from before this column have false
		c.text(string(r.Payload))
		c.version(r.Offset)
	},
}

var controls = table[rows.Control]{
	columns: []string{"topic", "epoch", "partition", "kind", "offset", "time", "recorded_at", "payload", "version"},
	row: func(c *chunk, f *flush, r *rows.Control) {
		c.word(f.source.Topic.String())
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.word(r.Kind)
		c.int64(int64(r.Offset))
		c.micros(r.Time)
		c.micros(min(max(r.Recorded, event.MinTime), event.MaxTime-1))
		c.text(r.Payload)
		c.version(r.Offset)
	},
}

var progress = table[rows.Progress]{
	columns: []string{"topic", "epoch", "partition", "first_offset", "next_offset",
		"accepted", "duplicate", "refused", "control", "skipped", "lost", "clock", "ticked", "wrote", "version"},
	row: func(c *chunk, f *flush, r *rows.Progress) {
		clock := r.Clock
		if !r.Ticked {
			clock = event.MinTime
		}
		c.word(f.source.Topic.String())
		c.uint32(f.epoch)
		c.int32(f.source.Partition)
		c.int64(int64(r.FirstOffset))
		c.int64(int64(r.NextOffset))
		c.count(r.Accepted)
		c.count(r.Duplicate)
		c.count(r.Refused)
		c.count(r.Control)
		c.count(r.Skipped)
		c.count(r.Lost)
		c.micros(clock)
		c.bool(r.Ticked)
		c.text(f.tally.after(f.before).text())
		c.version(r.NextOffset)
	},
}
