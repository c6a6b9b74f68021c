package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
)

func lagCommand(a *app) *cobra.Command {
	var names []string
	cmd := &cobra.Command{
		Use:   "lag",
		Short: "Show how far the consumers are behind the log",
		Long: `Show, for each partition, what its group has committed, where the log ends, and
how many records are between. "none" is a group that never committed; what
cannot be read is an error, never a 0.`,
		Example: examples("runrate lag --brokers kafka-1:9092"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			topics, err := topicsOf(names)
			if err != nil {
				return err
			}
			client, err := a.openKafka()
			if err != nil {
				return err
			}
			var rows []lagRow
			for _, topic := range topics {
				partitions, err := lag.Read(cmd.Context(), client, topic)
				if err != nil {
					return err
				}
				for _, p := range partitions {
					rows = append(rows, lagRow{p.Source, p.Commit, p.Log.End, p.Behind(p.Log.End), false})
				}
			}
			return writeLag(a.out, rows)
		},
	}
	a.kafkaFlags(cmd)
	topicFlag(cmd, &names)
	return cmd
}

type lagRow struct {
	source stream.Source
	commit broker.Commit
	end    stream.Offset
	behind int64
	stale  bool
}

func writeLag(w io.Writer, rows []lagRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "topic\tpartition\tcommitted\tend\tlag\t")
	for _, r := range rows {
		committed, behind := "none", strconv.FormatInt(r.behind, 10)
		if r.commit.Set {
			committed = strconv.FormatInt(int64(r.commit.Next), 10)
		}
		if r.stale {
			committed, behind = "unknown", "unknown"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\t\n", r.source.Topic, r.source.Partition, committed, r.end, behind)
	}
	return t.Flush()
}

// lateTable shows the partitions that a settle waited for in vain.
func (a *app) lateTable(late *lag.Unsettled) {
	var rows []lagRow
	for _, l := range late.Behind {
		rows = append(rows, lagRow{l.Source, l.Commit, l.End, l.Partition.Behind(l.End), l.Stale})
	}
	_ = writeLag(a.err, rows) // the error that follows says the same
}
