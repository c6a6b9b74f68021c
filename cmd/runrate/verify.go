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
	var o verify.Options
	var noKafka, allowUnknown, strict bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove what the views show, or show the rows that are wrong",
		Long: `Read the log again and hold each record against the ledgers, usage_events and
the subscription changes: it is there at its price by the book in force, or a
dead letter byte for byte, or a duplicate, or control, or skipped. Then compute every view
again from the ledgers. All is compared row by row and to the last decimal:
fetched = accepted + duplicate + refused + control + skipped + lost, panes = events, windows =
panes, movements sum to MRR, opening + movements = closing.

Settle first (runrate settle): verify reads tables that a running pipeline
writes to. It compares what the clocks had passed when it began, and a check
that fails while the pipeline moved on is made once more; but under load, one
may see half of a write twice.

A table tells what was proved. Rows that differ are shown with what should be
there and what is, and the exit code is 1. It is 1, too, if something could not
be compared, which is "unknown": a log that cannot be read, records that
retention has deleted, a partition without a clock. --allow-unknown lets that
pass. --no-kafka leaves the log out, and says so. --sample bounds what a large
log costs: so many records of each partition, in places that are the same each
time. Records that the log has lost, where that was accepted, are shown and do
not fail it; --strict does. docs/VERIFY.md tells what verify can see and what not.`,
		Example: examples("runrate settle && runrate verify", "runrate verify --clickhouse clickhouse-1:9000 --no-kafka --show 100",
			"runrate verify --sample 100000"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd, o, noKafka, allowUnknown, strict) },
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	cmd.Flags().IntVar(&o.Show, "show", 20, "most differing rows shown of each check")
	cmd.Flags().Int64Var(&o.Sample, "sample", 0, "hold only about so many records of each partition of the log against the tables; 0 is all")
	cmd.Flags().BoolVar(&noKafka, "no-kafka", false, "leave out what needs the log")
	cmd.Flags().BoolVar(&allowUnknown, "allow-unknown", false, "succeed though something could not be compared")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if the log has lost records, though that was accepted (view losses)")
	return cmd
}

// verify makes the proof and says what came of it.
func (a *app) verify(cmd *cobra.Command, o verify.Options, noKafka, allowUnknown, strict bool) error {
	switch {
	case o.Show < 0:
		return usagef("--show must be at least 0")
	case o.Sample < 0:
		return usagef("--sample must be at least 0; 0 is all records")
	case o.Sample > 0 && noKafka:
		return usagef("--sample is of the log, which --no-kafka leaves out: give one of them")
	}
	s, err := a.openClickHouse(cmd)
	if err != nil {
		return err
	}
	o.Conn, o.Database, o.Patience, o.Owed = s.Conn(), s.Database(), 2*time.Second, 15*time.Second
	if !noKafka {
		if err := a.followEpochs(cmd.Context(), s); err != nil {
			return err
		}
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
	return a.verdict(results, noKafka, allowUnknown, strict, time.Since(began))
}

// verdicts is the table, and the rows that differ under it.
func (a *app) verdicts(results []verify.Result) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "view\tproof\trows\tresult\ttime")
	for _, r := range results {
		result := r.Outcome.String()
		if r.Scope != "" {
			result += ", " + r.Scope
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", r.View, r.Proves, r.Compared, result, r.Took.Round(time.Millisecond))
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

// verdict is the last line, or the error if something differs or, unless that is
// allowed, could not be compared.
func (a *app) verdict(results []verify.Result, withoutLog, allowUnknown, strict bool, took time.Duration) error {
	var wrong, unknown, scopes []string
	var rows, lost int64
	for _, r := range results {
		rows += r.Compared
		lost += r.Lost
		check := fmt.Sprintf("%s (%s)", r.View, r.Proves)
		switch r.Outcome {
		case verify.Differs:
			wrong = append(wrong, check)
		case verify.Unknown:
			unknown = append(unknown, check+": "+r.Note)
		}
		if r.Scope != "" {
			scopes = append(scopes, r.View+" "+r.Scope)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("not proved: %s", strings.Join(wrong, "; "))
	}
	if len(unknown) > 0 && !allowUnknown {
		return fmt.Errorf("not proved: could not be compared: %s (--allow-unknown lets it pass)", strings.Join(unknown, "; "))
	}
	if lost > 0 && strict {
		return fmt.Errorf("not proved: %d records are lost and in no number; the view losses shows them", lost)
	}
	a.printf("\nproved")
	if withoutLog {
		a.printf(" without the log")
	}
	a.printf(": %d rows in %s", rows, took.Round(time.Millisecond))
	if rows == 0 {
		a.printf("; there is nothing in the database")
		if !withoutLog && len(unknown) == 0 {
			a.printf(", nor in the log")
		}
	}
	if lost > 0 {
		a.printf("; %d records are lost and in no number (view losses)", lost)
	}
	for _, scope := range scopes {
		a.printf("; %s", scope)
	}
	if len(unknown) > 0 {
		a.printf("; unknown: %s", strings.Join(unknown, "; "))
	}
	a.printf("\n")
	return nil
}
