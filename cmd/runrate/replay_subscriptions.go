package main

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/event"
	"runrate/internal/views/report"
	"runrate/producers/publish"
	"runrate/producers/telco"
	"runrate/producers/trace"
	"runrate/schemas/definitions"
)

func replaySubscriptionsCommand(a *app) *cobra.Command {
	var o publishFlags
	var end, output string
	cmd := &cobra.Command{
		Use:   "replay-subscriptions [FILE]",
		Short: "Send a file of subscriptions as subscription.changed events",
		Long: `Send the customers of a CSV file (columns customerID, tenure, Contract,
MonthlyCharges and Churn, as in the Telco Customer Churn data set) as
subscription.changed events of the line ` + telco.Line + `. Without a file, a small made-up
sample is sent.

The file says where each customer stands at its end, which is --end. Each starts
tenure months before it, on the plan of its contract (month-to-month, one-year,
two-year) at MonthlyCharges a month; one of tenure 0 in the last microsecond
before it; and one that churned cancels at it. So the MRR as of the end is the
sum of all MonthlyCharges, and an hour later that sum less the churned ones'.

The clock goes along: a tick at each midnight of the file's years, the last at
the one after the end. Replay into a pipeline started with --no-ticker, before
any history that is later: the clock only moves forward, and what is more than
` + strconv.Itoa(definitions.LateDays) + ` days behind it is refused. Sending the same again adds nothing.`,
		Example: examples(
			"runrate replay-subscriptions telco_customer_churn.csv",
			"runrate replay-subscriptions --output - | grep subscription.changed | head   # look at the sample's events",
		),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := telco.Replay{}
			at, err := time.Parse(time.RFC3339, end)
			if err != nil {
				return usagef("--end %q is no RFC 3339 time such as 2026-06-01T00:00:00Z", end)
			}
			r.End = event.TimeOf(at)
			if len(args) == 0 {
				r.File, err = telco.Sample()
			} else {
				r.File, err = telco.Open(args[0])
			}
			if err != nil {
				return err
			}
			if output != "" {
				return a.toFile(output, func(w io.Writer) error { return r.Run(cmd.Context(), trace.NewNDJSON(w)) })
			}
			return a.replaySubscriptions(cmd.Context(), o, r)
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	cmd.Flags().StringVar(&end, "end", telco.DefaultEnd.String(), "`time` at which the file's customers stand as it says (RFC 3339)")
	cmd.Flags().StringVar(&output, "output", "", "write the events to this `FILE` (- for standard output), for runrate publish, not to Kafka")
	return cmd
}

// replaySubscriptions sends the events and prints what they add up to.
func (a *app) replaySubscriptions(ctx context.Context, o publishFlags, r telco.Replay) error {
	s, ok := r.File.Summary()
	if err := a.publish(ctx, o, func(p *publish.Publisher) error { return r.Run(ctx, p) }); err != nil || !ok {
		return err
	}
	remaining := s.Monthly.Minus(s.ChurnedAway)
	a.printf("%s as of %s: %d subscriptions of %s USD a month in all; %d of %s cancel then, and %s remain\n",
		r.File.Name, r.End, s.Customers, report.Money(s.Monthly, true), s.Churned, report.Money(s.ChurnedAway, true), report.Money(remaining, true))
	return nil
}
