package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"runrate/internal/lag/monitor"
)

func monitorCommand(a *app) *cobra.Command {
	var clock, cluster string
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Watch the consumers from outside, for Prometheus",
		Long: `Read what the consumer groups have committed and where the logs end, every 5 s, judge
each partition, and show that on the admin listener: GET /metrics, and GET /v1/lag as
JSON. A consumer that is dead still shows. What cannot be read is unknown, and absent.
Each reading is kept in ClickHouse, in lag_history, from where the view freshness has the
numbers, and a monitor that begins goes on.

With --clock history the clock of the partitions is that of a replayed history, and
nothing is said of how fresh it is.`,
		Example: examples("runrate monitor --brokers kafka-1:9092 --clickhouse clickhouse-1:9000", "curl http://127.0.0.1:8081/v1/lag"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if clock != "live" && clock != "history" {
				return usagef("--clock %q: must be live or history", clock)
			}
			client, err := a.kafkaByEpochs(cmd)
			if err != nil {
				return err
			}
			watched, err := a.openAdmin(cmd)
			if err != nil {
				return err
			}
			a.log.Info("watching", zap.String("admin", "http://"+watched.Address()))
			tables := &late{app: a}
			m := monitor.New(monitor.Options{
				Client: client, Said: tables.said, Epochs: tables.epochs, Keep: tables.keep, Recall: tables.recall, History: clock == "history", Cluster: cluster, Logger: a.log,
				Round: watched.Loop("the monitor", time.Minute),
			}, watched.Registry)
			watched.Handle("GET /v1/lag", m)
			watched.Ready(func(context.Context) error { return nil }, nil)
			return m.Run(cmd.Context())
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	a.adminFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&clock, "clock", "live", "live, or history where a replay brings the clock")
	f.StringVar(&cluster, "cluster-name", "kafka", "the `name` of the cluster in metrics")
	return cmd
}
