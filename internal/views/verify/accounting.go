package verify

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"runrate/internal/stream"
)

// fates is what became of the records of a partition.
type fates struct {
	fetched           int64
	accepted, refused uint64
}

// String names them.
func (f fates) String() string {
	return fmt.Sprintf("fetched %d, accepted %d, refused %d", f.fetched, f.accepted, f.refused)
}

// checkAccounting holds the counters against each other and against the events
// and the dead letters that there are. Rows beyond the progress of a partition,
// of a write under way, do not count.
func checkAccounting(ctx context.Context, r *reader, s *state, d *Differences) error {
	expected, found := map[source]fates{}, map[source]fates{}
	for p, c := range s.progress {
		found[p] = fates{c.next - c.first, c.accepted, c.refused}
		expected[p] = fates{fetched: int64(c.accepted + c.duplicate + c.refused + c.control + c.skipped + c.lost)}
	}
	count := func(add func(*fates, uint64), topic stream.Topic, column, from string) error {
		c, err := open(ctx, r, func(k *source, n *uint64) []any { return []any{&k.Partition, n} }, `
SELECT partition, countIf($offset < $written) AS n FROM DB.$ledger GROUP BY partition HAVING n > 0`, "$offset", column, "$written", s.written(topic), "$ledger", from)
		if err != nil {
			return err
		}
		return c.each(func(k *source, n *uint64) error {
			k.Topic = topic
			f := expected[*k]
			add(&f, *n)
			expected[*k] = f
			return nil
		})
	}
	ledgers := stream.ByKind(
		fmt.Sprintf("usage_event_versions FINAL WHERE epoch = %d", s.usage.epoch),
		fmt.Sprintf("subscription_change_versions FINAL WHERE epoch = %d", s.subs.epoch),
	)
	for _, topic := range stream.Inputs() {
		if err := count(func(f *fates, n uint64) { f.accepted += n }, topic, "toInt64(version)", ledgers.Of(topic.Kind())); err != nil {
			return err
		}
		letters := fmt.Sprintf("dead_letters WHERE topic = '%s'", topic)
		if err := count(func(f *fates, n uint64) { f.refused += n }, topic, "`offset`", letters); err != nil {
			return err
		}
	}
	for _, topic := range stream.Inputs() {
		for partition, lost := range s.of(topic.Kind()).besides.lost {
			for _, l := range lost {
				d.lose(source{Topic: topic, Partition: partition}, l)
			}
		}
	}
	all := maps.Clone(expected)
	maps.Copy(all, found)
	for _, p := range sorted(all) {
		d.Compared++
		if e, f := expected[p], found[p]; e != f {
			d.add(p.String(), e.String(), f.String())
		}
	}
	return nil
}

// written is SQL for the offset before which the partition of a row is written;
// a partition without progress has written none of its rows, and all count.
func (s *state) written(topic stream.Topic) string {
	partitions, next := []string{"-1"}, []string{"0"}
	for p, c := range s.progress {
		if p.Topic == topic {
			partitions = append(partitions, fmt.Sprint(p.Partition))
			next = append(next, fmt.Sprint(c.next))
		}
	}
	return fmt.Sprintf("transform(toInt64(partition), [%s], [%s], toInt64(%d))", strings.Join(partitions, ", "), strings.Join(next, ", "), int64(math.MaxInt64))
}

func sorted[V any](m map[source]V) []source {
	return slices.SortedFunc(maps.Keys(m), source.Compare)
}

// checkHeldBack holds the latest as_of of each view against the clocks. The
// clocks are read after it, so that a view that moved on meanwhile is no error.
func checkHeldBack(ctx context.Context, r *reader, s *state, d *Differences) error {
	latest := map[string]uint32{}
	views := []string{"rolling_revenue", "active_accounts", "mrr", "arr", "net_new_arr"}
	passed := func(s *state, view string) hour {
		switch view {
		case "rolling_revenue", "active_accounts":
			return s.usage.passed
		case "mrr":
			return s.subs.passed
		}
		return s.both()
	}
	for _, view := range views {
		var last uint32
		query := r.text(`SELECT toUnixTimestamp(maxOrDefault(as_of)) FROM DB.$view WHERE as_of > toDateTime($passed, 'UTC')`, "$view", view, "$passed", passed(s, view).seconds())
		if err := r.conn.QueryRow(ctx, query).Scan(&last); err != nil {
			return err
		}
		latest[view] = last
	}
	now, err := r.state(ctx)
	if err != nil {
		return err
	}
	for _, view := range views {
		if len(now.progress) > 0 {
			d.Compared++
		}
		if at := passed(now, view).seconds(); latest[view] > at {
			d.add(view, "as_of up to "+instant(at), "as_of "+instant(latest[view]))
		}
	}
	return nil
}
