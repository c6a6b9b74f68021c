package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/views/verify"
)

func verifyCommand(a *app) *cobra.Command {
	var show int
	var noKafka bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove what the views show, or show the rows that are wrong",
		Long: `Compute every view again, from usage_events and the ledger of subscription
changes, and compare it row by row and to the last decimal: fetched = accepted +
duplicate + refused + control, panes = events, windows = panes, movements sum to
MRR, opening + movements = closing, and each view's rows one by one.

Settle first (runrate settle): verify reads tables that a running pipeline
writes to. It compares what the clocks had passed when it began, and a check
that fails while the pipeline moved on is made once more; but under load, one
may see half of a write twice.

A table tells what was proved. Rows that differ are shown with what should be
there and what is, and the exit code is 1. What could not be read is "unknown":
that is the log itself, if Kafka does not answer; it is neither proved nor an
error. --no-kafka leaves the log out.`,
		Example: examples("runrate settle && runrate verify", "runrate verify --clickhouse clickhouse-1:9000 --no-kafka --show 100"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if show < 0 {
				return usagef("--show must be at least 0")
			}
			s, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			o := verify.Options{Conn: s.Conn(), Database: s.Database(), Show: show, Patience: 2 * time.Second}
			if !noKafka {
				client, err := a.openKafka()
				if err != nil {
					return err
				}
				o.Log = client
			}
			began := time.Now()
			results, err := verify.Run(cmd.Context(), o)
			a.verdicts(results)
			if err != nil {
				return err
			}
			return a.verdict(results, time.Since(began))
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	cmd.Flags().IntVar(&show, "show", 20, "most differing rows shown of each check")
	cmd.Flags().BoolVar(&noKafka, "no-kafka", false, "do not compare with the log itself")
	return cmd
}

// verdicts is the table, and the rows that differ under it.
func (a *app) verdicts(results []verify.Result) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "view\tproof\trows\tresult\ttime")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", r.View, r.Proves, r.Compared, r.Outcome, r.Took.Round(time.Millisecond))
	}
	t.Flush()
	for _, r := range results {
		if r.Note != "" {
			a.printf("\n%s (%s): %s\n", r.View, r.Proves, r.Note)
		}
		if r.Differ == 0 {
			continue
		}
		a.printf("\n%s (%s): %d of %d rows differ\n", r.View, r.Proves, r.Differ, r.Compared)
		for _, d := range r.Rows {
			a.printf("  %s\n    expected: %s\n    found:    %s\n", d.Key, orNone(d.Expected), orNone(d.Found))
		}
		if more := r.Differ - int64(len(r.Rows)); more > 0 {
			a.printf("  … and %d more\n", more)
		}
	}
}

func orNone(columns string) string {
	if columns == "" {
		return "no row"
	}
	return columns
}

// verdict is the last line, or the error if something differs.
func (a *app) verdict(results []verify.Result, took time.Duration) error {
	var wrong, unknown []string
	var rows int64
	for _, r := range results {
		rows += r.Compared
		switch r.Outcome {
		case verify.Differs:
			wrong = append(wrong, fmt.Sprintf("%s (%s)", r.View, r.Proves))
		case verify.Unknown:
			unknown = append(unknown, fmt.Sprintf("%s (%s)", r.View, r.Proves))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("not proved: %s", strings.Join(wrong, "; "))
	}
	a.printf("\nproved: %d rows in %s", rows, took.Round(time.Millisecond))
	if len(unknown) > 0 {
		a.printf("; unknown: %s", strings.Join(unknown, "; "))
	}
	a.printf("\n")
	return nil
}
