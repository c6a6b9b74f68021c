package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// writeLag writes the table of partitions, by the topics' names in Kafka.
func writeLag(w io.Writer, names stream.Names, rows []monitor.Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "topic\tpartition\tcommitted\tend\tlag\tlate\tclock\tstatus\treason\t")
	for _, r := range rows {
		name := r.Topic
		if topic, ok := stream.InputNamed(r.Topic); ok {
			name = names.Of(topic).String()
		}
		committed, late, clock, reason := number(r.Committed), unknown, unknown, r.Reason
		if r.Committed == nil && r.End != nil {
			committed = "none"
		}
		if r.LagSeconds != nil {
			late = (time.Duration(*r.LagSeconds * float64(time.Second))).Round(time.Second).String()
		}
		if r.Clock != nil {
			clock = r.Clock.Format(time.RFC3339)
		}
		if reason == "" {
			reason = "-"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, r.Partition, committed, number(r.End), number(r.Lag), late, clock, r.Status, reason)
	}
	return t.Flush()
}

func number(n *int64) string {
	if n == nil {
		return unknown
	}
	return strconv.FormatInt(*n, 10)
}

// lagSentences says of each partition that is not well, or whose consumer complains, what
// it is; what many consumers say alike is said once.
func (a *app) lagSentences(rows []monitor.Row) {
	known := map[string]bool{}
	for _, r := range rows {
		well := r.Status == judge.OK || r.Status == judge.Idle
		if well && (r.Word == "" || known[r.Word]) {
			continue
		}
		known[r.Word] = true
		a.printf("\n%s/%d is %s, since %s: %s\n", r.Topic, r.Partition, r.Status, r.Since.Format(time.RFC3339), r.Sentence)
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
