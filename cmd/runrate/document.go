package main

import (
	"context"
	"fmt"
	"io"

	"runrate/internal/event"
	"runrate/producers/publish"
)

// publishControl sends a control record whose document has at most size bytes to every
// partition of both topics.
func (a *app) publishControl(ctx context.Context, o publishFlags, e event.Event, size int) error {
	o.maxRecord = 2 * size // the broker's limit tells
	return a.publish(ctx, o, func(p *publish.Publisher) error {
		if err := p.SendTo(ctx, publish.Route{Type: e.Type}, e.AppendJSON(nil)); err != nil {
			return err
		}
		return p.Flush(ctx)
	})
}

// readDocument reads a file, or the standard input for -, of which a byte beyond size
// is enough to refuse it.
func (a *app) readDocument(path string, size int) ([]byte, error) {
	in, err := a.open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, int64(size)+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}
