package main

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/lag/monitor"
	"runrate/internal/page"
	chschema "runrate/schemas/clickhouse"
)

func monitorCommand(a *app) *cobra.Command {
	var clock, cluster string
	var reader struct{ user, password string }
	var told notified
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Watch the consumers from outside, for Prometheus",
		Long: `Read what the consumer groups have committed and where the logs end, every 5 s, judge
each partition, and show that on the admin listener: GET /metrics, and GET /v1/lag as
JSON. A consumer that is dead still shows. What cannot be read is unknown, and absent.
Each reading is kept in ClickHouse, in lag_history, from where the view freshness has the
numbers, and a monitor that begins goes on.

For teams without Prometheus, --notify names a webhook that is told when a partition is not
consumed (stopped, stalled, halted or lost for 10 s) or nothing is known of it for a minute,
when that changes, and when it is over for 2 minutes, in the form of Alertmanager's webhook
(docs/ALERTS.md). A message that is not taken is tried again until it is. The URL is kept
out of the log; better give it in a file (--notify-file). A monitor that is dead tells
nobody: have something else look at /healthz.

At / of the admin listener is the page of the numbers, as of runrate up, read-only by the
rights of --page-user: better the reader of deploy/clickhouse than the monitor's own (the
analyst's quota of queries an hour is less than an open page asks).

With --clock history the clock of the partitions is that of a replayed history, and
nothing is said of how fresh it is.`,
		Example: examples("runrate monitor --brokers kafka-1:9092 --clickhouse clickhouse-1:9000", "curl http://127.0.0.1:8081/v1/lag",
			"runrate monitor --notify-file /run/secrets/webhook --notify-quiet 5m"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if clock != "live" && clock != "history" {
				return usagef("--clock %q: must be live or history", clock)
			}
			if told.quiet < 0 {
				return usagef("--notify-quiet %s: must be at least 0", told.quiet)
			}
			client, err := a.kafkaByEpochs(cmd)
			if err != nil {
				return err
			}
			watched, err := a.openAdmin(cmd)
			if err != nil {
				return err
			}
			numbers, err := a.page(cmd.Context(), reader.user, reader.password, clock == "history")
			if err != nil {
				return err
			}
			watched.Page(numbers.Register)
			tell, err := told.begin(cmd.Context(), a.log, watched.Registry)
			if err != nil {
				return err
			}
			a.log.Info("watching", zap.String("admin", "http://"+watched.Address()))
			tables := &late{app: a}
			m := monitor.New(monitor.Options{
				Client: client, Said: tables.said, Epochs: tables.epochs, Keep: tables.keep, Recall: tables.recall, History: clock == "history", Cluster: cluster, Logger: a.log,
				Round: watched.Loop("the monitor", time.Minute), Tell: tell,
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
	told.add(f)
	f.StringVar(&cluster, "cluster-name", "kafka", "the `name` of the cluster in metrics")
	f.StringVar(&reader.user, "page-user", "", "user at ClickHouse of the page (default: --clickhouse-user)")
	f.StringVar(&reader.password, "page-password", "", "password of --page-user; better in a file")
	secret(f, "page-password")
	return cmd
}

// page is the page of the numbers, whose ClickHouse may begin to answer later.
func (a *app) page(ctx context.Context, user, password string, history bool) (*page.Page, error) {
	database, err := chschema.ParseDatabase(a.clickhouse.Database)
	if err != nil {
		return nil, usagef("--clickhouse-database: %v", err)
	}
	o := a.clickhouse
	if user != "" {
		o.User, o.Password = user, password
	}
	o.Timeout = freshnessBound
	open := func(bounded context.Context) (driver.Conn, error) {
		s, err := store.Open(bounded, o)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { s.Close() })
		return s.Conn(), nil
	}
	return page.New(ctx, page.Options{Open: open, Database: database, History: history, Version: version}), nil
}
