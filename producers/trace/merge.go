package trace

import (
	"errors"
	"io"

	"runrate/internal/event"
)

// Summary is what the inputs hold together.
type Summary struct {
	Calls         int64
	Input, Output uint64     // tokens
	First, Last   event.Time // of the calls
}

// Span is the time from the first call to the last, rounded up to whole hours,
// at least one.
func (s Summary) Span() event.Time {
	return (s.Last-s.First)/event.Hour*event.Hour + event.Hour
}

// Scan reads the inputs through. They must hold at least one call.
func Scan(inputs []Input) (Summary, error) {
	var s Summary
	err := merged(inputs, func(_ Input, row Row) error {
		if s.Calls == 0 {
			s.First, s.Last = row.Time, row.Time
		}
		s.Calls++
		s.Input += row.Input
		s.Output += row.Output
		s.First, s.Last = min(s.First, row.Time), max(s.Last, row.Time)
		return nil
	})
	if err == nil && s.Calls == 0 {
		err = errors.New("the trace holds no calls")
	}
	return s, err
}

// merged calls do for the rows of all inputs in the order of time, ties in the
// order of inputs. The rows of one input keep their order.
func merged(inputs []Input, do func(Input, Row) error) error {
	type head struct {
		input Input
		in    *reader
		row   Row
	}
	var heads []*head
	for _, input := range inputs {
		file, err := input.Open()
		if err != nil {
			return err
		}
		defer file.Close()
		in, err := newReader(input.Name, file)
		if err != nil {
			return err
		}
		h := &head{input: input, in: in}
		if h.row, err = in.next(); err == io.EOF {
			continue
		} else if err != nil {
			return err
		}
		heads = append(heads, h)
	}
	for len(heads) > 0 { // a handful of inputs: no heap
		first := 0
		for i, h := range heads {
			if h.row.Time < heads[first].row.Time {
				first = i
			}
		}
		h := heads[first]
		if err := do(h.input, h.row); err != nil {
			return err
		}
		var err error
		if h.row, err = h.in.next(); err == io.EOF {
			heads = append(heads[:first], heads[first+1:]...)
		} else if err != nil {
			return err
		}
	}
	return nil
}
