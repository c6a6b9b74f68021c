package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/producers/publish"
)

func redriveCommand(a *app) *cobra.Command {
	var o publishFlags
	var filter store.DeadLetterFilter
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Publish refused records again",
		Long: `Read dead letters and publish their events again, to the partition where their
account belongs: after a price book that was missing, or a mended producer. An
event that has been accepted meanwhile is a duplicate and counts nothing.

What cannot be read at all (malformed, unknown_type, invalid) would be refused
again: it is counted and left. Dead letters stay in the view as a record.`,
		Example: examples(
			"runrate redrive --reason unknown_product --dry-run",
			"runrate redrive --reason unpriced_meter --topic runrate.usage",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tables, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			if dryRun {
				return a.redrive(cmd.Context(), tables, filter, nil)
			}
			return a.publish(cmd.Context(), o, func(p *publish.Publisher) error {
				return a.redrive(cmd.Context(), tables, filter, p)
			})
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&filter.Reason, "reason", "", "only dead letters with this reason (default: all)")
	f.StringVar(&filter.Topic, "topic", "", "only dead letters of this topic (default: both)")
	f.Int64Var(&filter.Most, "most", 1_000_000, "at most so many")
	f.BoolVar(&dryRun, "dry-run", false, "only count what would be sent")
	return cmd
}

var errNothing = errors.New("no dead letter matches; the view dead_letters shows them all")

// redrive sends the dead letters that can be routed; p nil only counts them.
func (a *app) redrive(ctx context.Context, tables *store.Store, filter store.DeadLetterFilter, p *publish.Publisher) error {
	var decoder event.Decoder
	sent, left := 0, map[event.Reason]int{}
	for payload, err := range tables.DeadLetters(ctx, filter) {
		if err != nil {
			return err
		}
		e, refusal := decoder.Decode(payload)
		if refusal == nil {
			refusal = e.Invalid
		}
		if refusal != nil {
			left[refusal.Reason]++
			continue
		}
		sent++
		if p == nil {
			continue
		}
		if err := p.SendTo(ctx, publish.Route{Type: e.Type, Subject: string(e.Account)}, payload); err != nil {
			return err
		}
	}
	verb := "would be sent again"
	if p != nil {
		verb = "sent again"
		if err := p.Flush(ctx); err != nil {
			return err
		}
	}
	a.printf("%d dead letters %s\n", sent, verb)
	for _, reason := range []event.Reason{event.Malformed, event.UnknownType, event.Invalid} {
		if left[reason] > 0 {
			a.printf("%d left: they are %s and would be refused again\n", left[reason], reason)
		}
	}
	if sent == 0 && len(left) == 0 {
		return fmt.Errorf("redrive: %w", errNothing)
	}
	return nil
}
