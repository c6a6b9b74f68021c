package main

import (
	"github.com/spf13/cobra"

	chschema "runrate/schemas/clickhouse"
)

func migrateCommand(a *app) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or update the tables and views in ClickHouse",
		Long: `Bring the database to this program's schema. It may be run at any time, any
number of times, beside readers and writers: tables are only ever added to, and
views are made again.`,
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
			done, err := chschema.Migrate(cmd.Context(), s.Conn(), chschema.Options{Database: s.Database(), Cluster: cluster})
			if err != nil {
				return err
			}
			for _, m := range done.Applied {
				a.printf("applied %s\n", m)
			}
			a.printf("%s is up to date: %d migrations applied now, %d views\n", s.Database(), len(done.Applied), done.Views)
			return nil
		},
	}
	a.clickhouseFlags(cmd)
	cmd.Flags().StringVar(&cluster, "clickhouse-cluster", "", "`name` of the ClickHouse cluster that shall hold the tables (default: one server)")
	return cmd
}
