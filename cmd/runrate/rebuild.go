package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"runrate/consumers/consume"
	"runrate/internal/stream"
)

const rebuildLong = `Fold the topic from the first record in its log, under a new logic epoch and so
into fresh rows. The views show the old rows meanwhile, and the consumers go
on. When the rebuild has caught up it switches all views over at once, and the
consumers go over to the new epoch by themselves, within seconds. It may be
ended at any time: until the switch nothing that is shown changes. One rebuild
of a topic runs at a time.

It is the way out when a group's offsets or snapshots are lost, when the topic
was made anew, when a definition changes, or when a version of the program mends
how something is counted.

--arr-window-days and --arr-multiplier say what usage ARR is, of usage;
--mrr-statuses, of subscriptions, which statuses count as recurring. The view
definitions shows them. An epoch has those of the one before it, unless told
others.

--compare folds all the same, shows what would change (the accounting; revenue,
MRR and ARR by line at the last boundary that both have passed), and does not
switch. To switch, run it again without --compare.

--without leaves out a tick or a price book that should not be there: one tick
of a wrong clock makes all that follows too_old. It names one copy, by the name
that the topic has in Kafka or by that of the contract, which stands for it; and a
tick has one in every partition of both topics. The ticks that are ahead of now, as
flags:

  SELECT concat('--without ', topic, '/', toString(partition), '@', toString(offset))
  FROM revenue.control_records WHERE kind = 'clock' AND time > now() + INTERVAL 1 HOUR

Rebuild both topics, each with its own. Events that were refused by the wrong
clock are judged anew. What is left out is kept with the epoch (view epochs), is
counted as skipped (view accounting), and stays out of later epochs until
--with-all.

Records that were counted and that retention has deleted since cannot be folded
again: the rebuild ends before it begins and says how many. --accept-loss folds
what is left, by the price book and the clock that were in force at the first
record; the views losses and accounting show what is missing.`

func rebuildCommand(a *app) *cobra.Command {
	var flags consumeFlags
	var definition definitionFlags
	var reason string
	var change consume.Change
	var compare bool
	var without []string
	cmd := &cobra.Command{
		Use:   "rebuild {" + strings.Join(kindNames(), "|") + "}",
		Short: "Fold a topic again from the beginning of its log, and switch to the result",
		Long:  rebuildLong,
		Example: examples("runrate rebuild usage --reason 'offsets expired'", "runrate rebuild usage --without runrate.usage/0@1718 --without runrate.usage/1@1702 --reason 'a tick of 2027'",
			"runrate rebuild usage --accept-loss --reason 'retention was too short'",
			"runrate rebuild usage --arr-window-days 30 --arr-multiplier 12 --reason 'ARR as 12 x 30 days'",
			"runrate rebuild subscriptions --mrr-statuses active --compare --reason 'without those that are past due'"),
		Args: cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: kindNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if reason == "" {
				return usagef("--reason is missing: say why the topic is rebuilt; the view epochs keeps it")
			}
			kind, _ := stream.KindOf(args[0]) // one of ValidArgs
			var err error
			if change.Definitions, err = definition.wantedOf(kind, cmd.Flags()); err != nil {
				return err
			}
			if change.Without, err = places(kind, without); err != nil {
				return err
			}
			o, err := a.foldAnew(cmd, flags)
			if err != nil {
				return err
			}
			if compare {
				c, err := consume.Compare(cmd.Context(), kind.Topic(), reason, change, o)
				if err == nil {
					changed := a.comparison(c)
					a.printf("%d of %d totals would change. The views show epoch %d as before; to switch, run this again without --compare.\n", changed, len(c.Counts)+len(c.Totals), c.Shown)
				}
				return err
			}
			return consume.Rebuild(cmd.Context(), kind.Topic(), reason, change, o)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	flags.add(cmd.Flags())
	definition.add(cmd.Flags())
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the view epochs (required)")
	cmd.Flags().StringArrayVar(&without, "without", nil, "leave out the control record at TOPIC/PARTITION@OFFSET; may be repeated")
	cmd.Flags().BoolVar(&compare, "compare", false, "fold, show what would change, and do not switch")
	cmd.Flags().BoolVar(&change.WithAll, "with-all", false, "leave out nothing that the epoch before did, but what --without says")
	cmd.Flags().BoolVar(&change.AcceptLoss, "accept-loss", false, "fold what is left, though the log has lost records that were counted")
	return cmd
}

// foldAnew connects to Kafka and ClickHouse for a command that folds a topic anew.
func (a *app) foldAnew(cmd *cobra.Command, flags consumeFlags) (consume.Options, error) {
	client, err := a.openKafka()
	if err != nil {
		return consume.Options{}, err
	}
	tables, err := a.openClickHouse(cmd)
	if err != nil {
		return consume.Options{}, err
	}
	return consume.Options{Client: client, Store: tables, Memory: flags.memory(), Limits: flags.limits, Logger: a.log}, nil
}

// comparison shows what a switch changes, and returns how many totals that are.
func (a *app) comparison(c consume.Comparison) (changed int) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\tepoch %d\tepoch %d\tchange\n", c.Shown, c.New)
	row := func(name string, r consume.Compared) {
		difference := ""
		if d := r.After.Minus(r.Before); !d.IsZero() {
			difference = d.String()
			changed++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", name, r.Before, r.After, difference)
	}
	for _, r := range c.Counts {
		row("accounting: "+r.View, r)
	}
	for _, r := range c.Totals {
		row(fmt.Sprintf("%s: %s, %s", r.View, r.Line, r.Currency), r)
	}
	t.Flush()
	if c.AsOf == 0 {
		a.printf("\nA partition has no clock, so no as_of could be compared.\n")
	} else {
		a.printf("\nrolling_revenue, mrr and arr are as of %s; arr is this topic's part of it.\n", c.AsOf)
	}
	return changed
}

// places reads what --without names.
func places(kind stream.Kind, texts []string) (all []stream.Place, err error) {
	for _, text := range texts {
		place, err := kind.ParsePlace(text)
		if err != nil {
			return nil, usagef("--without: %v", err)
		}
		all = append(all, place)
	}
	return all, nil
}
