package trace

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"runrate/internal/event"
)

// Row is one call of a trace.
type Row struct {
	Number int64 // of the data row in its file, from 1
	Time   event.Time
	Input  uint64 // context tokens
	Output uint64 // generated tokens
}

// reader reads the rows of one file.
type reader struct {
	name string
	csv  *csv.Reader
	rows int64
}

var header = [...]string{"TIMESTAMP", "ContextTokens", "GeneratedTokens"}

// newReader checks the header. name is for errors.
func newReader(name string, in io.Reader) (*reader, error) {
	r := &reader{name: name, csv: csv.NewReader(in)}
	r.csv.ReuseRecord = true
	r.csv.FieldsPerRecord = len(header)
	fields, err := r.csv.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read the header: %w", name, noEOF(err))
	}
	for i, want := range header {
		if fields[i] != want {
			return nil, fmt.Errorf("%s: column %d is %q, want %q: not a trace of TIMESTAMP,ContextTokens,GeneratedTokens", name, i+1, fields[i], want)
		}
	}
	return r, nil
}

// next is the next row, or io.EOF.
func (r *reader) next() (Row, error) {
	fields, err := r.csv.Read()
	if err == io.EOF {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", r.name, err)
	}
	r.rows++
	line, _ := r.csv.FieldPos(0)
	// Parse takes any number of decimals after the seconds; the time has no
	// zone and is UTC.
	at, err := time.Parse("2006-01-02 15:04:05", fields[0])
	if err != nil {
		return Row{}, fmt.Errorf("%s:%d: TIMESTAMP: %w", r.name, line, err)
	}
	row := Row{Number: r.rows, Time: event.TimeOf(at)}
	for i, tokens := range []*uint64{&row.Input, &row.Output} {
		*tokens, err = strconv.ParseUint(fields[i+1], 10, 64)
		if err == nil && *tokens > event.MaxQuantity {
			err = errors.New("too large")
		}
		if err != nil {
			return Row{}, fmt.Errorf("%s:%d: %s %q: %w", r.name, line, header[i+1], fields[i+1], err)
		}
	}
	return row, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
