package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
)

const clusterHelp = "`name` of the ClickHouse cluster that shall hold the tables (default: the one that has them already, else one server)"

func migrateCommand(a *app) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or update the tables and views in ClickHouse",
		Long: `Bring the database to this program's schema. It may be run at any time, any
number of times, beside readers and writers: tables are only ever added to, and
views are made again.

On a cluster every server has to answer, and gets the tables that it lacks, as one
that is new or has a new disk does. The database remembers its cluster.`,
		Example: examples(
			"runrate migrate --clickhouse clickhouse-1:9000",
			"RUNRATE_CLICKHOUSE_FILE=/run/secrets/clickhouse-dsn runrate migrate --clickhouse-cluster main",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			done, err := s.Migrate(cmd.Context(), cluster)
			if err != nil {
				return err
			}
			for _, host := range slices.Sorted(maps.Keys(done.Lacked)) {
				a.printf("%s lacked %d tables, and has them now\n", host, done.Lacked[host])
			}
			for _, m := range done.Applied {
				a.printf("applied %s\n", m)
			}
			where := s.Database().String()
			if done.Cluster != "" {
				where += ", on every server of the cluster " + done.Cluster + ","
			}
			a.printf("%s is up to date: %d migrations applied now, %d views\n", where, len(done.Applied), done.Views)
			return nil
		},
	}
	a.clickhouseFlags(cmd)
	cmd.Flags().StringVar(&cluster, "clickhouse-cluster", "", clusterHelp)
	return cmd
}
