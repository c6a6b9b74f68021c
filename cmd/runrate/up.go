package main

import (
	"time"

	"github.com/spf13/cobra"

	"runrate/cmd/runrate/stack"
)

const upLong = `Start a broker and a ClickHouse, both on disk under --data-dir, create what is
missing in them, and fold both topics until it is told to end (SIGTERM, Ctrl-C).
Started again on the same --data-dir, it goes on where it was.

With --brokers or --clickhouse that part is not started but used where it is.
The ClickHouse engine comes from a clickhouse binary on the PATH, or from the
library that 'make clickhouse' fetches; --clickhouse-library names another.

In live use a ticker moves the clock once a second. History brings its own
clock: replay it with --no-ticker.`

func upCommand(a *app) *cobra.Command {
	var flags consumeFlags
	var o stack.Options
	var definition definitionFlags
	var keysFile string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the whole pipeline on this machine",
		Long:  upLong,
		Example: examples(
			"runrate up --data-dir data",
			"runrate up --data-dir /tmp/replay --no-ticker --kafka-port 0 --clickhouse-tcp-port 0",
			"curl 'http://127.0.0.1:8123/?database=revenue' -d 'SELECT * FROM arr ORDER BY as_of DESC LIMIT 5 FORMAT PrettyCompact'",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := flags.check(); err != nil {
				return err
			}
			if err := maySend(o.Listen, a.insecure); err != nil {
				return err
			}
			if o.Partitions < 1 {
				return usagef("--partitions must be at least 1")
			}
			if cmd.Flags().Changed("brokers") {
				o.Brokers = a.brokers
			}
			if cmd.Flags().Changed("clickhouse") {
				o.UseClickHouse = true
			} else if o.Cluster != "" {
				return usagef("--clickhouse-cluster wants --clickhouse: a server of that cluster")
			}
			if a.kafka.Topics, err = a.names(); err != nil {
				return err
			}
			if o.Definitions, err = definition.wanted(cmd.Flags()); err != nil {
				return err
			}
			o.Kafka, o.ClickHouse = a.kafka, a.clickhouse
			o.Memory, o.Limits, o.Logger, o.Out, o.Version = flags.memory(), flags.limits, a.log, a.out, versionText()
			if o.Admin, err = a.openAdmin(cmd); err != nil {
				return err
			}
			if o.Keys, err = a.keysOf(cmd.Context(), keysFile); err != nil {
				return err
			}
			if o.Traces, err = a.traces(cmd); err != nil {
				return err
			}
			return stack.Run(cmd.Context(), o)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	a.adminFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.DataDir, "data-dir", "data", "`directory` of all that the pipeline keeps")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "`host:port` of the pipeline's HTTP server: the page of the numbers at /, POST /v1/events, GET /readyz")
	f.StringVar(&keysFile, "keys", "", "`file` of the keys that may send events by HTTP (runrate keys); without it anybody may who reaches --listen. The page asks for none")
	f.IntVar(&o.KafkaPort, "kafka-port", 9092, "port of the broker, on loopback; 0 takes a free one")
	f.IntVar(&o.HTTPPort, "clickhouse-http-port", 8123, "port of ClickHouse's HTTP interface, on loopback; 0 takes a free one")
	f.IntVar(&o.TCPPort, "clickhouse-tcp-port", 9000, "port of ClickHouse's native protocol, on loopback; 0 takes a free one")
	f.StringVar(&o.Library, "clickhouse-library", "", "`file` of libchdb.so (default: the one that make fetched); also RUNRATE_CLICKHOUSE_LIB")
	f.Int32Var(&o.Partitions, "partitions", 4, "partitions of each topic; for good, once the topics are there")
	f.IntVar(&o.Replication, "replication", 1, "replicas of each partition, with --brokers")
	f.BoolVar(&o.NoTicker, "no-ticker", false, "write no clock ticks: the events bring their own")
	f.DurationVar(&o.TickEvery, "tick-every", time.Second, "time between two clock ticks")
	f.StringVar(&o.Cluster, "clickhouse-cluster", "", "with --clickhouse: "+clusterHelp)
	definition.add(f)
	flags.add(f)
	return cmd
}
