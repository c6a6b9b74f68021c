package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"runrate/producers/tick"
)

func tickCommand(a *app) *cobra.Command {
	var interval time.Duration
	cmd := &cobra.Command{
		Use:   "tick",
		Short: "Write the pipeline's clock to Kafka",
		Long: `Write clock.ticked to every partition of both topics, once an interval, with
the time of this machine's clock, until stopped.

The pipeline has no clock but this: windows close and lateness is judged by it.
Run one beside live events (more than one does no harm: the highest tick
counts). Do not run one while history is replayed: it brings its own.

At the start it compares its clock with the broker's, by a record in the topic
runrate.clock, which it creates. Within 60 s of it, the first tick may move the
clock however far; else it ends, since one tick of a wrong clock would close the
books.`,
		Example: examples("runrate tick --brokers kafka-1:9092"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if interval <= 0 {
				return usagef("--interval %s: must be above 0", interval)
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			watched, err := a.openAdmin(cmd)
			if err != nil {
				return err
			}
			a.serveLag(watched, client, false)
			a.log.Info("metrics, health and readiness", zap.String("admin", "http://"+watched.Address()))
			t := tick.Ticker{Client: client, Interval: interval, Log: a.log}
			t.Ticked, t.Loop = tick.Gauge(watched.Registry), watched.Loop
			watched.Ready(func(context.Context) error { return nil }, nil)
			return t.Run(cmd.Context())
		},
	}
	a.kafkaFlags(cmd)
	a.adminFlag(cmd)
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "time between ticks")
	return cmd
}
