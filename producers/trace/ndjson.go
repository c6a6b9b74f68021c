package trace

import (
	"bufio"
	"context"
	"io"

	"runrate/producers/publish"
)

// NDJSON writes events as lines.
type NDJSON struct{ w *bufio.Writer }

// NewNDJSON is a sink that `runrate publish` reads.
func NewNDJSON(w io.Writer) *NDJSON { return &NDJSON{bufio.NewWriterSize(w, 1<<16)} }

// SendTo writes one line.
func (n *NDJSON) SendTo(_ context.Context, _ publish.Route, value []byte) error {
	if _, err := n.w.Write(value); err != nil {
		return err
	}
	return n.w.WriteByte('\n')
}

// Flush writes what is buffered.
func (n *NDJSON) Flush(context.Context) error { return n.w.Flush() }
