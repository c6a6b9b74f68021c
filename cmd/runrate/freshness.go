package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// freshnessBound is how long ClickHouse has to tell what consumers say, where that
// only adds to an answer.
const freshnessBound = 3 * time.Second

// freshness reads what consumers say of their partitions. It connects when it is
// first called, and again while that fails: it is for commands that work without.
func (a *app) freshness(cmd *cobra.Command) func(context.Context) ([]freshness.Partition, error) {
	var s *store.Store
	return func(ctx context.Context) (all []freshness.Partition, err error) {
		ctx, cancel := context.WithTimeout(ctx, freshnessBound)
		defer cancel()
		if s == nil {
			o := a.clickhouse
			o.Timeout = freshnessBound
			if s, err = store.Open(ctx, o); err != nil {
				s = nil
				return nil, err
			}
			a.closers = append(a.closers, func() { s.Close() })
		}
		return freshness.Read(ctx, s.Conn(), s.Database())
	}
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
