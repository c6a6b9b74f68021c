package verify

import "runrate/internal/stream"

// beside is the rows of a partition by offset, read along with its log.
type beside[V rowValue] struct {
	cursor *cursor[offsetKey, V]
	of     interface {
		differ(at stream.Offset, expected, found string)
	}
	started bool
	more    bool // the cursor's row is not passed yet
	taken   bool // the cursor's row was given out
}

// at is the row of an offset, good until the next call. Offsets ascend; a row that
// none was asked for is one too many.
func (b *beside[V]) at(offset stream.Offset) (*V, bool, error) {
	if err := b.pass(int64(offset)); err != nil {
		return nil, false, err
	}
	key, value := b.cursor.row()
	if !b.more || key.offset != int64(offset) {
		return nil, false, nil
	}
	b.taken = true
	return value, true, nil
}

// pass goes on to the first row at or beyond an offset that was not given out.
func (b *beside[V]) pass(offset int64) (err error) {
	for {
		key, value := b.cursor.row()
		switch {
		case b.started && !b.more, b.more && !b.taken && key.offset >= offset:
			return nil
		case b.more && !b.taken:
			b.of.differ(stream.Offset(key.offset), "", (*value).String())
		}
		b.started, b.taken = true, false
		if b.more, err = b.cursor.next(); err != nil {
			return err
		}
	}
}

// finish reports the rows that are left.
func (b *beside[V]) finish() error { return b.pass(1<<63 - 1) }
