package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
	"runrate/internal/views/freshness"
)

// lagFlags are the flags of lag.
type lagFlags struct {
	topics      []string
	json, watch bool
	failOn      string
	wait        time.Duration
	clock       string
}

// lagWait is how long lag watches at most before it says how the partitions do: as long
// as one must stand still or be late, and a reading more.
const lagWait = judge.Late + judge.LateFor + monitor.Every

func lagCommand(a *app) *cobra.Command {
	var flags lagFlags
	cmd := &cobra.Command{
		Use:   "lag",
		Short: "Show how every partition does: its status and why, how far behind it is",
		Long: `Show, for each partition, what its group has committed, where the log ends, how
many records are between, for how long the record that is due has been waiting, its
clock, and its status with the reason.
The status is the one that runrate monitor gives; under the table each that is not ok or
idle has a sentence in numbers. What cannot be read is unknown, never 0.

Whether a partition moves takes more than one look. Where a monitor runs, what it read in
the past two minutes is in ClickHouse, and tells at once; elsewhere records that wait are
looked at again until they are folded, for at most --wait. What consumers say, and their clocks,
are in ClickHouse; where that cannot be read they are unknown, which is an error if
--clickhouse was given.

--json prints what GET /v1/lag of runrate monitor answers: an array, an object a
partition, in which what is unknown is absent. --watch goes on, every 5 s, with --json an
array a line, until it is told to end (Ctrl-C) or, if --fail-on is given, until a
partition is there.

Exit codes: 0; 1 if Kafka, a topic or a ClickHouse that was named cannot be read; 3 if a
partition is at --fail-on or worse, from good to bad: ` + statusNames(", ") + `.`,
		Example: examples("runrate lag --brokers kafka-1:9092 --clickhouse clickhouse-1:9000", "runrate lag --fail-on behind --json | jq '.[] | select(.lag > 1000)'", "runrate lag --watch"),
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.lag(cmd, flags) },
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	topicFlag(cmd, &flags.topics)
	f := cmd.Flags()
	f.BoolVar(&flags.json, "json", false, "print an array of JSON")
	f.BoolVar(&flags.watch, "watch", false, "show it again every 5 s")
	f.StringVar(&flags.failOn, "fail-on", string(judge.Halted), "the least bad `status` that fails, with exit code 3")
	f.DurationVar(&flags.wait, "wait", lagWait, "how long to look at records that wait before saying how a partition does; 0s looks once, by which a partition that is not caught up is unknown")
	f.StringVar(&flags.clock, "clock", "live", "live, or history where a replay brings the clock")
	return cmd
}

func statusNames(between string) string {
	var names []string
	for _, s := range judge.Severities() {
		names = append(names, string(s))
	}
	return strings.Join(names, between)
}

// looks is what lag has read.
type looks struct {
	monitor *monitor.Monitor
	said    []freshness.Partition
	unread  error // why what consumers say is not known
}

func (a *app) lag(cmd *cobra.Command, flags lagFlags) error {
	if !slices.Contains(judge.Severities(), judge.Status(flags.failOn)) {
		return usagef("--fail-on %q is none of %s", flags.failOn, statusNames(", "))
	}
	if flags.clock != "live" && flags.clock != "history" {
		return usagef("--clock %q: must be live or history", flags.clock)
	}
	topics, err := topicsOf(flags.topics)
	if err != nil {
		return err
	}
	client, err := a.kafkaByEpochs(cmd)
	if err != nil {
		return err
	}
	var l looks
	tables := &late{app: a}
	l.monitor = monitor.New(monitor.Options{
		Client: client, Topics: topics, Recall: tables.recall, History: flags.clock == "history", Logger: zap.NewNop(),
		Said: func(ctx context.Context) ([]freshness.Partition, error) {
			l.said, l.unread = tables.said(ctx)
			return l.said, l.unread
		},
	}, prometheus.NewRegistry())
	if flags.watch {
		return a.watchLag(cmd, flags, &l)
	}
	if err := l.until(cmd.Context(), flags.wait); err != nil {
		return err
	}
	rows := l.monitor.Rows(time.Now())
	if err := a.showLag(rows, flags, &l); err != nil {
		return err
	}
	return a.lagVerdict(rows, flags, &l, cmd.Flags().Changed("clickhouse"))
}

// until reads until that tells how each partition does, for at most so long.
func (l *looks) until(ctx context.Context, longest time.Duration) error {
	end := time.Now().Add(longest)
	pause := time.Second // at first, for what is folded meanwhile
	for {
		l.monitor.Cycle(ctx)
		if err := l.monitor.Unread(); err != nil {
			return err
		}
		now := time.Now()
		if l.monitor.Told(now) || !now.Add(pause).Before(end) {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		pause = min(2*pause, monitor.Every)
	}
}

// watchLag shows them until ctx ends or, if it was asked for, a partition is as bad.
func (a *app) watchLag(cmd *cobra.Command, flags lagFlags, l *looks) error {
	for ctx := cmd.Context(); ; {
		l.monitor.Cycle(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // to end when told to is no error
		}
		rows := l.monitor.Rows(time.Now())
		if err := l.monitor.Unread(); err != nil && len(rows) == 0 {
			return err // it never could
		}
		if !flags.json && a.isWatched() {
			a.printf("\x1b[H\x1b[2J")
		}
		if !flags.json {
			a.printf("%s\n", time.Now().UTC().Format(time.RFC3339))
		}
		if err := a.showLag(rows, flags, l); err != nil {
			return err
		}
		if cmd.Flags().Changed("fail-on") && l.monitor.Told(time.Now()) {
			if err := failOn(rows, judge.Status(flags.failOn)); err != nil {
				return err
			}
		}
		select {
		case <-time.After(monitor.Every):
		case <-ctx.Done():
			return nil
		}
	}
}

func (a *app) showLag(rows []monitor.Row, flags lagFlags, l *looks) error {
	if flags.json {
		return json.NewEncoder(a.out).Encode(rows)
	}
	if err := writeLag(a.out, a.kafka.Topics, rows); err != nil {
		return err
	}
	a.lagSentences(rows)
	if flags.clock == "live" {
		a.aheads(l.said)
	}
	a.printf("\n")
	return nil
}

// lagVerdict says what of it all is an error.
func (a *app) lagVerdict(rows []monitor.Row, flags lagFlags, l *looks, required bool) error {
	if err := failOn(rows, judge.Status(flags.failOn)); err != nil {
		return err
	}
	switch {
	case l.unread != nil && required:
		return fmt.Errorf("what consumers say is unknown: %w", l.unread)
	case l.unread != nil:
		fmt.Fprintf(a.err, "what consumers say is unknown: %v\n", l.unread)
	}
	return nil
}

// failOn is trouble if a partition is as bad as a status, or worse.
func failOn(rows []monitor.Row, status judge.Status) error {
	count := map[judge.Status]int{}
	for _, r := range rows {
		if r.Status.AtLeast(status) {
			count[r.Status]++
		}
	}
	var parts []string
	for _, s := range judge.Severities() {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return trouble{fmt.Errorf("%s, of %d partitions", strings.Join(parts, ", "), len(rows))}
}
