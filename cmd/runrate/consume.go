package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"runrate/consumers/consume"
	"runrate/consumers/intake"
	"runrate/consumers/meter"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/admin"
	"runrate/internal/event"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// consumeFlags are the flags of a consumer's batches and memory.
type consumeFlags struct {
	limits     worker.Limits
	recent     time.Duration
	identities int
}

func (c *consumeFlags) add(f *pflag.FlagSet) {
	c.limits = worker.DefaultLimits
	f.DurationVar(&c.limits.Every, "flush-every", c.limits.Every, "longest time that a folded record waits for its rows to be written")
	f.IntVar(&c.limits.Records, "flush-records", c.limits.Records, "most records of a partition folded between two writes")
	f.IntVar(&c.limits.Bytes, "flush-bytes", c.limits.Bytes, "most bytes of a partition's records folded between two writes")
	f.DurationVar(&c.recent, "recent", time.Duration(intake.DefaultMemory.Recent)*time.Microsecond, "how far behind the clock identities are kept in memory; those of older events are looked up in ClickHouse")
	f.IntVar(&c.identities, "recent-identities", intake.DefaultMemory.Most, "most identities that a partition keeps in memory, about 25 bytes each")
}

func (c *consumeFlags) memory() intake.Memory {
	return intake.Memory{Recent: event.Time(c.recent.Microseconds()), Most: c.identities}
}

func (c *consumeFlags) check() error {
	if c.limits.Records < 1 || c.limits.Bytes < 1 || c.limits.Every < 0 {
		return usagef("--flush-records and --flush-bytes must be at least 1, --flush-every at least 0")
	}
	if c.recent < 0 || c.identities < 1 {
		return usagef("--recent must be at least 0, --recent-identities at least 1")
	}
	return nil
}

func consumeCommand(a *app) *cobra.Command {
	var flags consumeFlags
	var session time.Duration
	which := append(kindNames(), allTopics)
	var groups []string
	for _, k := range stream.Kinds() {
		groups = append(groups, k.Group())
	}
	cmd := &cobra.Command{
		Use:   "consume {" + strings.Join(which, "|") + "}",
		Short: "Fold a topic into ClickHouse",
		Long: `Take part in the topic's consumer group (` + strings.Join(groups, " or ") + `) and fold the
partitions that fall to this process, until it is told to end (SIGTERM, Ctrl-C).
Start as many processes as there are partitions, on as many machines as you like.

A partition that must not go on (a gap in the log, a snapshot that is gone) is
halted: it says so in the log and in the view freshness, and stands still; the others
continue. It looks again every minute whether it may go on.`,
		Example: examples("runrate consume usage --brokers kafka-1:9092 --clickhouse clickhouse-1:9000", "runrate consume all"),
		Args:    cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: which,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if session < time.Second {
				return usagef("--session-timeout must be at least 1s")
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			watched, err := a.openAdmin(cmd)
			if err != nil {
				return err
			}
			a.serveLag(watched, client, true)
			a.log.Info("metrics, health and readiness", zap.String("admin", "http://"+watched.Address()))
			tables, err := a.awaitClickHouse(cmd)
			if cmd.Context().Err() != nil {
				return nil //nolint:nilerr // the context is over: to stop when told to is no error
			}
			if err != nil {
				return err
			}
			o := consume.Options{Client: client, Store: tables, Memory: flags.memory(), Limits: flags.limits, Session: session, Logger: a.log, Meter: meter.New(watched.Registry)}
			return consumeTopics(cmd.Context(), args[0], o, watched)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	a.adminFlag(cmd)
	flags.add(cmd.Flags())
	cmd.Flags().DurationVar(&session, "session-timeout", worker.DefaultSession, "after how long without a heartbeat another process takes over the partitions of this one; the broker bounds it (6s to 30m by default)")
	return cmd
}

// awaitClickHouse is openClickHouse once ClickHouse answers: a consumer that is
// started while it is away waits for it, as one that runs does.
func (a *app) awaitClickHouse(cmd *cobra.Command) (tables *store.Store, err error) {
	err = retry.Steady.Do(cmd.Context(), a.log, "reach ClickHouse", func(context.Context) (err error) {
		tables, err = a.openClickHouse(cmd)
		return err
	})
	return tables, err
}

// allTopics is what consume is told to fold every topic.
const allTopics = "all"

// consumeTopics folds one topic or all until ctx ends or one cannot begin.
func consumeTopics(ctx context.Context, which string, o consume.Options, watched *admin.Server) error {
	topics := stream.Inputs()
	if kind, ok := stream.KindOf(which); ok {
		topics = []stream.Topic{kind.Topic()}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	boards := make(worker.Halts, len(topics))
	for i := range boards {
		boards[i] = worker.NewBoard()
		watched.Alive(boards[i].Alive)
	}
	watched.Registry.MustRegister(boards)
	watched.Ready(func(context.Context) error { return ready(boards) }, func() []string { return halted(boards) })
	errs := make([]error, len(topics))
	var running sync.WaitGroup
	for i, topic := range topics {
		ofTopic := o // a copy: the others run already
		ofTopic.Board = boards[i]
		running.Go(func() {
			if errs[i] = consume.Run(ctx, topic, ofTopic); errs[i] != nil {
				cancel()
			}
		})
	}
	running.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// ready says why the consumers of boards do not do their work, nil if they do.
func ready(boards []*worker.Board) error {
	var all error
	for _, b := range boards {
		all = errors.Join(all, b.Ready())
	}
	return all
}

// halted are the partitions that are, each with its reason and the way out.
func halted(boards []*worker.Board) (sentences []string) {
	for _, b := range boards {
		for _, s := range b.Halts() {
			sentences = append(sentences, fmt.Sprintf("%s is halted (%s): %s", s.Source, s.Reason, s.Detail))
		}
	}
	return sentences
}
