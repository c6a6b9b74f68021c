package main

import (
	"github.com/spf13/cobra"

	"runrate/internal/stream"
)

func topicsCommand(a *app) *cobra.Command {
	var partitions int32
	var replication int
	cmd := &cobra.Command{
		Use:   "topics",
		Short: "Create the topics in Kafka",
		Long: `Create ` + joined(stream.Inputs(), ", ") + ` and ` + stream.Snapshots().String() + ` where they are missing.

The input topics keep their records for ever (retention.ms=-1), of the snapshots
each partition keeps the last 4 GiB (retention.bytes). With more than one replica, two must have a record before it
is acknowledged; a replica that is not in sync never leads. The number of partitions is for good: it decides where each
account's records are, so take enough (a partition folds some ten thousand
events a second). A topic that has another number is an error.`,
		Example: examples("runrate topics --brokers kafka-1:9092 --partitions 24 --replication 3"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			if err := client.EnsureTopics(cmd.Context(), partitions, replication); err != nil {
				return err
			}
			for _, topic := range append(stream.Inputs(), stream.Snapshots()) {
				a.printf("%s has %d partitions\n", client.InKafka(topic), partitions)
				// Whoever may create a topic, may not read its settings.
				if warning, err := client.Losing(cmd.Context(), topic); err == nil && warning != "" {
					a.printf("warning: %s\n", warning)
				}
			}
			return nil
		},
	}
	a.kafkaFlags(cmd)
	cmd.Flags().Int32Var(&partitions, "partitions", 4, "partitions of each topic")
	cmd.Flags().IntVar(&replication, "replication", 1, "replicas of each partition")
	return cmd
}
