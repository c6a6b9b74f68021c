package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runrate/consumers/consume"
	"runrate/consumers/repartition"
	"runrate/internal/stream"
)

const repartitionLong = `Copy what the topic holds into a new one, TOPIC.v2 (then .v3 and so on), with
another number of partitions, fold that anew, and switch all views and the consumers
over to it. It is the way to more partitions, or fewer, and out of partitions_changed.

It is done offline: stop all that publishes to the topic, the ticker too. If the log
moves within --still, or while it is copied, it refuses, and nothing is changed.
Consumers may run; they go over by themselves. Until the switch all that is shown is
as it was; one that ends early leaves a new topic that is of no use, to be deleted.

No control record passes a data record that came before it in its own partition, and
an account's records stay in order, so the numbers stay the same; what the switch
changes is shown before it. Records of aborted transactions are not copied. What a
rebuild --without left out is copied, and left out of the new topic, too: the view
epochs has its new places. Offsets are those of the new topic; timestamps stay.

Afterwards, publishers and the ticker are told the new name: --topic-usage or
--topic-subscriptions, RUNRATE_TOPIC_USAGE or RUNRATE_TOPIC_SUBSCRIPTIONS. A record
that arrives in the old topic is in no number: the consumers' log and the view
freshness complain of it.`

func repartitionCommand(a *app) *cobra.Command {
	var flags consumeFlags
	change := consume.Repartitioning{}
	cmd := &cobra.Command{
		Use:     "repartition {" + strings.Join(kindNames(), "|") + "}",
		Short:   "Copy a topic into one with another number of partitions, and switch to it",
		Long:    repartitionLong,
		Example: examples("runrate repartition usage --partitions 64 --reason 'more consumers'"),
		Args:    cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: append(kindNames(), topicNames()...),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			switch {
			case change.Partitions < 1:
				return usagef("--partitions is missing: say how many the new topic is to have, at least 1")
			case change.Still < 0:
				return usagef("--still must not be below 0")
			}
			kind, ok := stream.KindOf(args[0])
			if !ok {
				topic, _ := stream.InputNamed(args[0]) // one of ValidArgs
				kind = topic.Kind()
			}
			o, err := a.foldAnew(cmd, flags)
			if err != nil {
				return err
			}
			var to stream.Topic
			change.Copied = func(topic stream.Topic, c repartition.Counts) {
				to = topic
				a.printf("%d records read; %d of them, and %d control records for each partition, are in %s\n", c.Read, c.Data, c.Control, topic)
			}
			change.Compared = func(c consume.Comparison) {
				changed := a.comparison(c, 0)
				a.printf("%d of %d totals change; of control records each partition has one, so control, and skipped where some are left out, go with their number.\n", changed, len(c.Counts)+len(c.Totals))
			}
			if err := consume.Repartition(cmd.Context(), kind, change, o); err != nil {
				return err
			}
			a.printf("%s is folded from %s now, with %d partitions: tell whatever publishes --topic-%s %s\n", kind.Topic(), to, change.Partitions, kind, to)
			return nil
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	flags.add(cmd.Flags())
	cmd.Flags().Int32Var(&change.Partitions, "partitions", 0, "partitions of the new topic (required)")
	cmd.Flags().StringVar(&change.Reason, "reason", "repartitioned", "why, for the view epochs")
	cmd.Flags().DurationVar(&change.Still, "still", 30*time.Second, "how long the topic must stand still before it is copied")
	return cmd
}

// topicNames are the names of the input topics.
func topicNames() (names []string) {
	for _, t := range stream.Inputs() {
		names = append(names, t.String())
	}
	return names
}
