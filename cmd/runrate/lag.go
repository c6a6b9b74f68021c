package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

func lagCommand(a *app) *cobra.Command {
	var names []string
	cmd := &cobra.Command{
		Use:   "lag",
		Short: "Show how far the consumers are behind the log, and what stands still",
		Long: `Show, for each partition, what its group has committed, where the log ends, how
many records are between, its clock, and what its consumer said last: ok, stalled,
halted, or unknown if it said nothing for a minute. "none" is a group that never committed; what
cannot be read is an error, never a 0.

What consumers say is in ClickHouse. Where that cannot be read it is unknown, which
is an error if --clickhouse was given.

Exit codes: 0, 1 if something cannot be read, 3 if a partition is halted.`,
		Example: examples("runrate lag --brokers kafka-1:9092 --clickhouse clickhouse-1:9000"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			topics, err := topicsOf(names)
			if err != nil {
				return err
			}
			client, err := a.kafkaByEpochs(cmd)
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
					rows = append(rows, lagRow{source: p.Source, commit: p.Commit, end: p.Log.End, behind: p.Behind(p.Log.End)})
				}
			}
			said, unread := a.freshness(cmd)(cmd.Context())
			halted := say(rows, said)
			if err := writeLag(a.out, a.kafka.Topics, rows); err != nil {
				return err
			}
			return a.lagVerdict(said, halted, unread, cmd.Flags().Changed("clickhouse"))
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	topicFlag(cmd, &names)
	return cmd
}

// lagVerdict says under the table which partitions are halted, and what of it all
// is an error.
func (a *app) lagVerdict(said, halted []freshness.Partition, unread error, required bool) error {
	for _, p := range halted {
		a.printf("\n%s\n", p)
	}
	a.stalls(said)
	a.aheads(said)
	switch {
	case len(halted) > 0:
		return trouble{fmt.Errorf("%d partitions are halted", len(halted))}
	case unread != nil && required:
		return fmt.Errorf("what consumers say is unknown: %w", unread)
	case unread != nil:
		fmt.Fprintf(a.err, "what consumers say is unknown: %v\n", unread)
	}
	return nil
}

// stalls says what is tried again and again, or complained of, each sentence once.
func (a *app) stalls(said []freshness.Partition) {
	known := map[string]bool{}
	for _, p := range said {
		if p.Status == "stalled" && p.Detail != "" && !known[p.Detail] {
			known[p.Detail] = true
			a.printf("\n%s\n", p)
		}
	}
}

// aheads says of each topic how far its clocks are ahead of the wall clock, if any is.
func (a *app) aheads(said []freshness.Partition) {
	most := map[stream.Topic]freshness.Partition{}
	for _, p := range said {
		if p.Ahead(time.Now()) > most[p.Source.Topic].Ahead(time.Now()) {
			most[p.Source.Topic] = p
		}
	}
	for _, topic := range stream.Inputs() {
		if p, ok := most[topic]; ok {
			a.printf("\n%s: the clock is %s ahead of the wall clock; in live use a tick was wrong, and events of now are late by it\n", p.Source, p.Ahead(time.Now()).Round(time.Second))
		}
	}
}

type lagRow struct {
	source stream.Source
	commit broker.Commit
	end    stream.Offset
	behind int64
	stale  bool
	status string    // "" for unknown
	clock  time.Time // zero for none, or unknown
}

// say adds to the rows what consumers said of them, and returns those of the rows
// that are halted.
func say(rows []lagRow, said []freshness.Partition) (halted []freshness.Partition) {
	by := map[stream.Source]freshness.Partition{}
	for _, p := range said {
		by[p.Source] = p
	}
	for i := range rows {
		p, ok := by[rows[i].source]
		if !ok {
			continue
		}
		rows[i].status, rows[i].clock = p.Status, p.Clock
		if p.Halted() {
			rows[i].status += " (" + p.Reason + ")"
			halted = append(halted, p)
		}
	}
	return halted
}

func writeLag(w io.Writer, names stream.Names, rows []lagRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "topic\tpartition\tcommitted\tend\tlag\tclock\tstatus\t")
	for _, r := range rows {
		committed, behind, status := "none", strconv.FormatInt(r.behind, 10), r.status
		if r.commit.Set {
			committed = strconv.FormatInt(int64(r.commit.Next), 10)
		}
		if r.stale {
			committed, behind = unknown, unknown
		}
		clock := "none"
		if !r.clock.IsZero() {
			clock = r.clock.Format(time.RFC3339)
		}
		if status == "" {
			clock, status = unknown, unknown
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t\n", names.Of(r.source.Topic), r.source.Partition, committed, r.end, behind, clock, status)
	}
	return t.Flush()
}

// unknown stands for what could not be read.
const unknown = "unknown"

// unsettledTable shows the partitions that a settle waited for in vain.
func (a *app) unsettledTable(unsettled *lag.Unsettled, said []freshness.Partition) {
	var rows []lagRow
	for _, l := range unsettled.Behind {
		rows = append(rows, lagRow{source: l.Source, commit: l.Commit, end: l.End, behind: l.Partition.Behind(l.End), stale: l.Stale})
	}
	say(rows, said)
	_ = writeLag(a.err, a.kafka.Topics, rows) // the error that follows says the same
}
