package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runrate/consumers/redrive"
	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/producers/publish"
)

func redriveCommand(a *app) *cobra.Command {
	var publishing publishFlags
	var which letterFlags
	var edit string
	var o redrive.Options
	var dryRun bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Publish refused records again, once",
		Long: `Read the dead letters that are open and publish their events again, to the
partition where their account belongs: after a price book that was missing, or a
mended producer.

Each is sent once: what was sent is remembered, and a second run changes nothing.
A copy that is refused again is a dead letter of its own, and is left; --again
sends it anew, when what it was refused for has been mended. An event that counts
by another record is not sent. Control records (clock.ticked, pricebook.published, rates.published)
are never sent, nor what would be refused again as it is (malformed, unknown_type,
invalid). What is left is counted, with the reason.

--edit runs a command for each, by sh, which gets the value of the record and writes
what is sent in its place; RUNRATE_REASON, RUNRATE_DETAIL and RUNRATE_PLACE tell it
why and where the record was refused. What it sends is remembered of the original. A
command that fails ends the run, and nothing of that batch is sent.

Headers are sent again as they came. Of records that were refused before headers were
kept they are read again from the log, while it holds them; else they are left.

The view dead_letters keeps all of them; its column state tells open, redriven,
accepted and duplicate.`,
		Example: examples(
			"runrate redrive --reason unknown_product --dry-run",
			"runrate redrive --reason unpriced_meter --topic runrate.usage",
			"runrate redrive --source gateway/eu-1 --since 2026-11-26T00:00:00Z",
			`runrate redrive --reason malformed --edit "jq -c '.specversion = \"1.0\"'"`,
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Filter, err = which.filter(); err != nil {
				return usageError{err}
			}
			tables, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			if err := a.followEpochs(cmd.Context(), tables); err != nil {
				return err
			}
			o.Source, o.ID = which.source, which.id
			if edit != "" {
				o.Edit = editBy(edit)
			}
			o.MaxRecord, o.Pause = publishing.maxRecord, pauses(wait)
			if dryRun {
				return a.redrive(cmd.Context(), tables, nil, o)
			}
			return a.publish(cmd.Context(), publishing, func(p *publish.Publisher) error {
				return a.redrive(cmd.Context(), tables, copies{p}, o)
			})
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	publishing.register(cmd)
	f := cmd.Flags()
	which.register(cmd)
	f.StringVar(&edit, "edit", "", "command that changes each value before it is sent: value in, value out")
	f.Int64Var(&o.Most, "most", 1_000_000, "at most so many are sent")
	f.BoolVar(&o.Again, "again", false, "also those that were sent before")
	f.DurationVar(&wait, "wait", 30*time.Second, "how long to wait for the consumer where an earlier run was ended while it sent")
	f.BoolVar(&dryRun, "dry-run", false, "only count what would be sent")
	return cmd
}

// pauses waits a quarter of a second each time it is called, until bound is over.
func pauses(bound time.Duration) func(context.Context) bool {
	return func(ctx context.Context) bool {
		const pause = 250 * time.Millisecond
		if bound -= pause; bound < 0 {
			return false
		}
		select {
		case <-time.After(pause):
			return true
		case <-ctx.Done():
			return false
		}
	}
}

var errNothing = errors.New("no dead letter matches; the view dead_letters shows them all")

// redrive sends dead letters, or only counts them if to is nil, and tells what
// became of them.
func (a *app) redrive(ctx context.Context, tables *store.Store, to redrive.Sender, o redrive.Options) error {
	log, err := a.openKafka()
	if err != nil {
		return err
	}
	states, err := tables.LetterStates(ctx, o.Filter)
	if err != nil {
		return err
	}
	if len(states) == 0 {
		return fmt.Errorf("redrive: %w", errNothing)
	}
	report, err := redrive.Run(ctx, tables, log, to, o)
	if chosen := o.Source != "" || o.ID != ""; chosen && err == nil && report.Seen == 0 {
		return fmt.Errorf("redrive: none that is open has that --source and --id: %w", errNothing)
	}
	verb := "sent again"
	if to == nil {
		verb = "would be sent again"
	}
	a.printf("%d dead letters %s\n", report.Sent, verb)
	for _, reason := range redrive.Reasons {
		if n := report.Left[reason.Why]; n > 0 {
			a.printf("%d left: %s\n", n, reason.Text)
		}
	}
	if report.Full {
		a.printf("ended at --most %d: there may be more\n", o.Most)
	}
	for _, state := range []store.LetterState{store.LetterRedriven, store.LetterAccepted, store.LetterDuplicate} {
		if n := states[state]; n > 0 {
			a.printf("%d were %s before this run\n", n, state)
		}
	}
	return err
}

// copies publishes copies of dead letters.
type copies struct{ p *publish.Publisher }

// Send queues a copy by the event's type and account.
func (c copies) Send(ctx context.Context, t event.Type, account event.Account, headers []event.Header, payload []byte) error {
	return c.p.SendRecord(ctx, publish.Route{Type: t, Subject: string(account)}, headers, payload)
}

// Flush waits for all copies. One that the broker refused is an error: none must be
// remembered as sent that was not.
func (c copies) Flush(ctx context.Context) error {
	if err := c.p.Flush(ctx); err != nil {
		return err
	}
	if n := c.p.Report().Rejected; n > 0 {
		return fmt.Errorf("%d could not be sent", n)
	}
	return nil
}
