package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

func settleCommand(a *app) *cobra.Command {
	var timeout time.Duration
	var names []string
	cmd := &cobra.Command{
		Use:   "settle",
		Short: "Wait until every record in the log now is folded, written and committed",
		Long: `Read the end of both topics, then wait until both consumer groups have
committed that far. Records that come later are not waited for, nor those behind a
transaction that is open: those are named, with the producer's id.

When the time is up first, a table tells which partitions lag, and the exit
code is 1; so it is as soon as one that lags is seen to be halted, which ClickHouse
tells (--clickhouse). A group that does not run never gets there: name the topics of
those that do with --topic.`,
		Example: examples("runrate publish events.ndjson && runrate settle", "runrate settle --timeout 10m --topic "+stream.Usage.Topic().String()),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			topics, err := topicsOf(names)
			if err != nil {
				return err
			}
			client, err := a.kafkaByEpochs(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			began := time.Now()
			var said []freshness.Partition
			read := a.freshness()
			err = lag.Settle(ctx, client, topics, func(ctx context.Context) (map[stream.Source]string, error) {
				now, err := read(ctx)
				if err == nil {
					said = now
				}
				return haltedSentences(now), err
			})
			var late *lag.Unsettled
			if errors.As(err, &late) && len(late.Behind) > 0 {
				a.unsettledTable(late, said)
			}
			if err == nil || late != nil && len(late.Unknown) == 0 {
				a.heldBack(cmd.Context(), client, topics)
			}
			if err == nil {
				a.printf("settled in %s\n", time.Since(began).Round(time.Millisecond))
			}
			return err
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait")
	topicFlag(cmd, &names)
	return cmd
}

func topicFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "topic", nil, "only this `topic`; may be given again (default: both)")
}

// topicsOf are the input topics with these names, all if none is named.
func topicsOf(names []string) ([]stream.Topic, error) {
	if len(names) == 0 {
		return stream.Inputs(), nil
	}
	var topics []stream.Topic
	for _, name := range names {
		topic, ok := stream.InputNamed(name)
		if !ok {
			return nil, usagef("--topic %q is neither %s", name, joined(stream.Inputs(), " nor "))
		}
		if !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	return topics, nil
}

// heldBack tells of the logs whose end an open transaction holds back; it is no error.
func (a *app) heldBack(ctx context.Context, client *broker.Client, topics []stream.Topic) {
	for _, topic := range topics {
		held, err := lag.HeldBack(ctx, client, topic)
		if err != nil {
			fmt.Fprintf(a.err, "whether a transaction is open in %s is unknown: %v\n", topic, err)
		}
		for _, h := range held {
			fmt.Fprintln(a.err, h)
		}
	}
}
