package publish

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Lines sends every line of r, in order, and waits until all are acknowledged.
// White space around an event is cut off, blank lines are passed over. Lines
// that could not be sent are in the report, not in the error.
func Lines(ctx context.Context, p *Publisher, r io.Reader) error {
	in := bufio.NewReaderSize(r, p.options.MaxRecord+4096)
	for number := int64(1); ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			start := bytes.Clone(line) // which skipLine overwrites
			length, skipErr := skipLine(in, int64(len(line)))
			p.reject(number, start, p.tooLong(length))
			if err = skipErr; err == nil {
				if err := p.err(); err != nil {
					return err
				}
				continue
			}
			line = nil
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read line %d: %w", number, err)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 {
			if err := p.Send(ctx, number, line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return p.Flush(ctx)
		}
	}
}

// skipLine drops the rest of a line and returns its length, line break
// included.
func skipLine(in *bufio.Reader, length int64) (int64, error) {
	for {
		rest, err := in.ReadSlice('\n')
		length += int64(len(rest))
		if !errors.Is(err, bufio.ErrBufferFull) {
			return length, err
		}
	}
}
