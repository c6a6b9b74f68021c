package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/lag"
	"runrate/internal/stream"
)

func settleCommand(a *app) *cobra.Command {
	var timeout time.Duration
	var topics []string
	cmd := &cobra.Command{
		Use:   "settle",
		Short: "Wait until every record in the log now is folded, written and committed",
		Long: `Read the end of both topics, then wait until both consumer groups have
committed that far. Records that come later are not waited for.

When the time is up first, a table tells which partitions lag, and the exit
code is 1. A group that does not run never gets there: name the topics of those
that do with --topic.`,
		Example: examples("runrate publish events.ndjson && runrate settle", "runrate settle --timeout 10m --topic "+stream.UsageTopic),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pairs, err := pairsOf(topics)
			if err != nil {
				return err
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			began := time.Now()
			err = lag.Settle(ctx, client, pairs)
			var late *lag.Unsettled
			if errors.As(err, &late) && len(late.Behind) > 0 {
				a.lateTable(late)
			}
			if err == nil {
				a.printf("settled in %s\n", time.Since(began).Round(time.Millisecond))
			}
			return err
		},
	}
	a.kafkaFlags(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to wait")
	topicFlag(cmd, &topics)
	return cmd
}

func topicFlag(cmd *cobra.Command, topics *[]string) {
	cmd.Flags().StringSliceVar(topics, "topic", nil, "only this `topic`; may be given again (default: both)")
}

// pairsOf are the folds of these topics, all if none is named.
func pairsOf(topics []string) ([]lag.Pair, error) {
	if len(topics) == 0 {
		return lag.Pairs, nil
	}
	var pairs []lag.Pair
	for _, topic := range topics {
		i := slices.IndexFunc(lag.Pairs, func(p lag.Pair) bool { return p.Topic == topic })
		if i < 0 {
			return nil, usagef("--topic %q is neither %s nor %s", topic, stream.UsageTopic, stream.SubscriptionsTopic)
		}
		if !slices.Contains(pairs, lag.Pairs[i]) {
			pairs = append(pairs, lag.Pairs[i])
		}
	}
	return pairs, nil
}
