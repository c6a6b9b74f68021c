package main

import (
	"github.com/spf13/cobra"

	"runrate/internal/views/explain"
)

func explainCommand(a *app) *cobra.Command {
	var q explain.Query
	var asOf string
	var asJSON, exact, netNew bool
	cmd := &cobra.Command{
		Use:   "explain LINE",
		Short: "Take a line's ARR apart, down to events, prices and offsets",
		Long: `Take the ARR of a business line apart: into usage and subscriptions, usage into the days
of its window, a day into accounts, an account's day into events, and an event into what
each meter came to: quantity x price of one unit, less discount. An event comes with the
place of its record in Kafka and the price book in force there; a subscription with its
latest change. With --net-new it is the change of ARR in the 30 days before a midnight: into
movements, those into the accounts that moved most, and an account's into its ARR now and then.

Each level lists its largest parts and what the others come to, is read from another place
than the one above it, and adds up to it to the last decimal: else the command fails and
names what differs. The first of the parts listed is taken apart in turn; --open takes more.`,
		Example: examples(
			"runrate explain api",
			"runrate explain api --net-new --top 5",
			"runrate explain api --as-of 2026-11-01T00:00:00Z --account acct_42 --exact",
			"runrate explain chat --top 10 --open 10 --json | jq '.. | .record? // empty'",
		),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.Line = args[0]
			var err error
			if q.AsOf, err = boundary(asOf); err != nil {
				return err
			}
			if q.Top < 1 || q.Open < 0 {
				return usagef("--top must be at least 1 and --open at least 0")
			}
			s, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			q.Database = s.Database()
			read := explain.Read
			if netNew {
				read = explain.ReadNetNew
			}
			tree, err := read(cmd.Context(), s.Conn(), q)
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeJSON(tree)
			}
			return tree.Write(a.out, exact)
		},
	}
	a.clickhouseFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&asOf, "as-of", "", "explain this hour boundary (RFC 3339; default: the last one closed)")
	f.BoolVar(&netNew, "net-new", false, "explain the net new ARR of the 30 days before the midnight up to the boundary")
	f.StringVar(&q.Currency, "currency", "", "of this ISO 4217 `code` (default: the line's only one)")
	f.StringVar(&q.Account, "account", "", "only the part of this `account`")
	f.IntVar(&q.Top, "top", 3, "how many parts of each level are listed, the largest first")
	f.IntVar(&q.Open, "open", 1, "how many of the listed parts are taken apart in turn")
	f.BoolVar(&asJSON, "json", false, "write JSON: amounts as exact decimal strings")
	f.BoolVar(&exact, "exact", false, "show all decimals of amounts, not cents")
	return cmd
}
