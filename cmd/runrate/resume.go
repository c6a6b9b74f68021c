package main

import (
	"github.com/spf13/cobra"

	"runrate/consumers/consume"
	"runrate/internal/stream"
)

func resumeCommand(a *app) *cobra.Command {
	var where, reason string
	cmd := &cobra.Command{
		Use:   "resume --accept-loss TOPIC/PARTITION",
		Short: "Let a partition go on whose next records the log has lost",
		Long: `Accept that records are lost, and let the partition go on after them. It is for
a partition that is halted for log_gap: retention, or somebody, has deleted
records that were not folded yet. Where they can be put back, do that instead.

The partition keeps its state. The gap becomes a part of the epoch's record,
with the price book and the clock that were in force at its end, as far as a
copy in another partition tells; consumers see it within seconds and go on by
themselves. The views losses and accounting show what is missing, and verify
says it; verify --strict fails.

Where the log has what is due, or is another log than the one that was folded,
it refuses, and nothing is changed. A rebuild of the topic must not run.`,
		Example: examples("runrate resume --accept-loss runrate.usage/3 --reason 'retention was an hour short'"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if where == "" {
				return usagef("--accept-loss is missing: say which partition, as TOPIC/PARTITION; runrate lag shows those that are halted")
			}
			source, err := stream.ParseSource(where)
			if err != nil {
				return usagef("--accept-loss: %v", err)
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			tables, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			gap, err := consume.Resume(cmd.Context(), source, reason, consume.Options{Client: client, Store: tables, Logger: a.log})
			if err != nil {
				return err
			}
			a.printf("%s goes on at %d: %d records from %d on are given up\n", source, gap.To, gap.To-gap.From, gap.From)
			return nil
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	cmd.Flags().StringVar(&where, "accept-loss", "", "the partition that is to go on, as TOPIC/PARTITION (required)")
	cmd.Flags().StringVar(&reason, "reason", "accepted by runrate resume", "why, for the view losses")
	return cmd
}
