package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// waitRow is a partition that a settle waited for in vain.
type waitRow struct {
	source stream.Source
	commit broker.Commit
	end    stream.Offset // to be reached
	behind int64
	stale  bool
	status string    // what its consumer said last; "" for unknown
	clock  time.Time // zero for none, or unknown
}

// say adds to the rows what consumers said of them.
func say(rows []waitRow, said []freshness.Partition) {
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
		}
	}
}

func writeWaits(w io.Writer, names stream.Names, rows []waitRow) error {
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
	var rows []waitRow
	for _, l := range unsettled.Behind {
		rows = append(rows, waitRow{source: l.Source, commit: l.Commit, end: l.End, behind: l.Partition.Behind(l.End), stale: l.Stale})
	}
	say(rows, said)
	_ = writeWaits(a.err, a.kafka.Topics, rows) // the error that follows says the same
}
