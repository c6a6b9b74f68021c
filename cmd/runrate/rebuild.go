package main

import (
	"strings"

	"github.com/spf13/cobra"

	"runrate/consumers/consume"
	"runrate/internal/stream"
)

func rebuildCommand(a *app) *cobra.Command {
	var flags consumeFlags
	var definition definitionFlags
	var reason string
	cmd := &cobra.Command{
		Use:   "rebuild {" + strings.Join(kindNames(), "|") + "}",
		Short: "Fold a topic again from the beginning of its log, and switch to the result",
		Long: `Fold the topic from the first record in its log, under a new logic epoch and so
into fresh rows. The views show the old rows meanwhile, and the consumers go
on. When the rebuild has caught up it switches all views over at once, and the
consumers go over to the new epoch by themselves, within seconds. It may be
ended at any time: until the switch nothing that is shown changes. One rebuild
of a topic runs at a time.

It is the way out when a group's offsets or snapshots are lost, when the topic
was made anew, when the definition of usage ARR changes, or when a version of
the program mends how something is counted. Records that retention has deleted
are not folded: the view accounting tells the first offset.`,
		Example: examples("runrate rebuild usage --reason 'offsets expired'", "runrate rebuild usage --arr-window-days 30 --arr-multiplier 12 --reason 'ARR as 12 x 30 days'"),
		Args:    cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs), ValidArgs: kindNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if reason == "" {
				return usagef("--reason is missing: say why the topic is rebuilt; the view epochs keeps it")
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			tables, err := a.openClickHouse(cmd)
			if err != nil {
				return err
			}
			kind, _ := stream.KindOf(args[0]) // one of ValidArgs
			o := consume.Options{Client: client, Store: tables, Memory: flags.memory(), Limits: flags.limits, Logger: a.log}
			return consume.Rebuild(cmd.Context(), kind.Topic(), reason, definition.value(cmd.Flags()), o)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	flags.add(cmd.Flags())
	definition.add(cmd.Flags())
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the view epochs (required)")
	return cmd
}
