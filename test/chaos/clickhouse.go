package chaos

import (
	"context"
	"errors"
	"time"

	"runrate/deploy/local"
)

// startClickHouse starts it on its directory and its ports.
func (p *parts) startClickHouse(ctx context.Context) (err error) {
	started, err := local.StartClickHouse(ctx, p.clickhouseConfig)
	if err == nil {
		p.clickhouse = started
	}
	return err
}

// supervise starts ClickHouse again when it ends by itself, which the report
// counts: no killed client may bring that about.
func (p *parts) supervise(ctx context.Context) {
	for ctx.Err() == nil {
		p.mu.Lock()
		server := p.clickhouse
		p.mu.Unlock()
		select {
		case <-server.Done():
		case <-ctx.Done():
			return
		}
		p.mu.Lock()
		if server == p.clickhouse && server.Err() != nil && !p.stopped {
			p.aborts++
			p.o.Logger.Warn("ClickHouse ended by itself")
			if err := errors.Join(server.Kill(), p.startClickHouse(ctx)); err != nil {
				p.fail(err)
				p.stopped = true
			}
		}
		again := !p.stopped
		p.mu.Unlock()
		if !again {
			return
		}
	}
}

func (p *parts) restartClickHouse(ctx context.Context, away time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.clickhouse.Kill(); err != nil {
		return err
	}
	if err := pause(ctx, away); err != nil {
		return err
	}
	return p.startClickHouse(ctx)
}
