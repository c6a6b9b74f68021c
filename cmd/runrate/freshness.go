package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/lag/history"
	"runrate/internal/lag/monitor"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// freshnessBound is how long ClickHouse has to tell what consumers say, where that
// only adds to an answer.
const freshnessBound = 3 * time.Second

// late is ClickHouse for commands that work without: it is connected to when it is first
// asked for, and again while that fails.
type late struct {
	app *app
	s   *store.Store
}

// open is the store; ctx bounds what it takes.
func (l *late) open(ctx context.Context) (*store.Store, error) {
	if l.s == nil {
		o := l.app.clickhouse
		o.Timeout = freshnessBound
		s, err := store.Open(ctx, o)
		if err != nil {
			return nil, err
		}
		l.s = s
		l.app.closers = append(l.app.closers, func() { s.Close() })
	}
	return l.s, nil
}

// said reads what consumers say of their partitions.
func (l *late) said(ctx context.Context) ([]freshness.Partition, error) {
	ctx, cancel := context.WithTimeout(ctx, freshnessBound)
	defer cancel()
	s, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return freshness.Read(ctx, s.Conn(), s.Database())
}

// epochs is what the topics are folded from.
func (l *late) epochs(ctx context.Context) ([]freshness.Epoch, error) {
	s, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return freshness.Epochs(ctx, s.Conn(), s.Database())
}

// recall is what a monitor read in the past minutes.
func (l *late) recall(ctx context.Context) ([]monitor.Reading, error) {
	s, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return history.Read(ctx, s.Conn(), s.Database())
}

// keep keeps what a monitor reads.
func (l *late) keep(ctx context.Context, all []monitor.Reading) error {
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	return history.Write(ctx, s.Conn(), s.Database(), history.Name(), all)
}

// freshness reads what consumers say of their partitions.
func (a *app) freshness() func(context.Context) ([]freshness.Partition, error) {
	return (&late{app: a}).said
}

// kafkaByEpochs is openKafka with the names of the topics that ClickHouse has, if it
// answers; the flags' otherwise.
func (a *app) kafkaByEpochs(cmd *cobra.Command) (*broker.Client, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), freshnessBound)
	defer cancel()
	o := a.clickhouse
	o.Timeout = freshnessBound
	if s, err := store.Open(ctx, o); err == nil {
		_ = a.followEpochs(ctx, s) // it is for commands that work without
		s.Close()
	}
	return a.openKafka()
}

// haltedSentences are what is said of those that are halted, by source.
func haltedSentences(all []freshness.Partition) map[stream.Source]string {
	out := map[stream.Source]string{}
	for _, p := range freshness.Halted(all) {
		out[p.Source] = p.String()
	}
	return out
}
