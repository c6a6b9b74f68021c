package main

import (
	"github.com/spf13/cobra"

	"runrate/internal/views/report"
)

func reportCommand(a *app) *cobra.Command {
	var q report.Query
	var asOf string
	var asJSON, exact bool
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show ARR, what it gained and lost, and what it is made of",
		Long: `Show, as of the last hour that is closed: usage by product, rolling revenue,
active accounts, MRR with its movements, ARR, and the net new ARR of the past 30
days by where it came from; at the end, one sentence for each business line.

All of it is read from the views, which anyone can query in SQL as well.`,
		Example: examples(
			"runrate report",
			"runrate report --line chat --as-of 2026-11-01T00:00:00Z",
			"runrate report --json | jq -r '.sentences[]'",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if q.AsOf, err = boundary(asOf); err != nil {
				return err
			}
			s, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			q.Database = s.Database()
			r, err := report.Read(cmd.Context(), s.Conn(), q)
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(r)
			}
			return r.Write(a.out, exact)
		},
	}
	a.clickhouseFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&asOf, "as-of", "", "report this hour boundary (RFC 3339; default: the last one closed)")
	f.StringVar(&q.Line, "line", "", "report only this business `line`")
	f.BoolVar(&asJSON, "json", false, "write JSON: amounts as exact decimal strings, all months")
	f.BoolVar(&exact, "exact", false, "show all decimals of amounts, not cents")
	return cmd
}
