package main

import (
	"strings"

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
MRR and ARR by line at the last boundary that both have passed; ARR by line as of
every midnight where it would be another), and does not switch. To switch, run it again without --compare.

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
	var compareDays int
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
			if compareDays < 0 {
				return usagef("--compare-days is %d; it is how many are shown, or 0 for all", compareDays)
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
					changed := a.comparison(c, compareDays)
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
	cmd.Flags().IntVar(&compareDays, "compare-days", someDays, "of --compare: how many of the last midnights and lines with another ARR are shown; 0 shows all")
	cmd.Flags().BoolVar(&change.WithAll, "with-all", false, "leave out nothing that the epoch before did, but what --without says")
	cmd.Flags().BoolVar(&change.AcceptLoss, "accept-loss", false, "fold what is left, though the log has lost records that were counted")
	return cmd
}

// someDays is how many midnights and lines of a comparison are shown at first.
const someDays = 30

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
