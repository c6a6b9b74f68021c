package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// Log is broker.Client's part: how far each partition goes, and its records.
type Log interface {
	Offsets(ctx context.Context, topic stream.Topic) (map[int32]broker.Range, error)
	Fetch(ctx context.Context, source stream.Source, offset stream.Offset, maxBytes int, maxWait time.Duration) ([]stream.Record, stream.Offset, error)
}

// logPatience bounds the wait for an answer of Kafka, which some checks do not
// need.
const logPatience = 10 * time.Second

// ranges is how far the partitions of a topic go; false, and a doubt, if that
// cannot be read.
func (r *reader) ranges(ctx context.Context, topic stream.Topic, d *Differences) (map[int32]broker.Range, bool) {
	if r.down == nil {
		ctx, cancel := context.WithTimeout(ctx, logPatience)
		defer cancel()
		ranges, err := r.log.Offsets(ctx, topic)
		if err == nil {
			return ranges, true
		}
		var missing *broker.NoTopic
		if errors.As(err, &missing) {
			d.doubt("the log could not be read: %s", err)
			return nil, false
		}
		r.down = err
	}
	d.doubt("the log could not be read: %s", r.down)
	return nil, false
}

// checkLog walks the partitions of the log and those of the progress: each that
// has records must be folded, from the first record that there was, and not
// beyond the last.
func checkLog(ctx context.Context, r *reader, s *state, d *Differences) error {
	for _, topic := range stream.Inputs() {
		known := s.of(topic.Kind())
		ranges, ok := r.ranges(ctx, topic, d)
		if !ok {
			continue
		}
		if n := int32(len(ranges)); known.partitions != n && (known.partitions != 0 || known.accepted > 0) {
			d.add(topic.String(), fmt.Sprintf("%d partitions", n), fmt.Sprintf("%d partitions", known.partitions))
		}
		for _, p := range s.sources(topic, ranges) {
			log, has := ranges[p.Partition]
			c, folded := s.progress[p]
			if !folded && log.End == 0 {
				continue
			}
			d.Compared++
			span := fmt.Sprintf("next offset %d to %d", log.First, log.End)
			switch next := stream.Offset(c.next); {
			case !folded:
				d.add(p.String(), span, "")
			case !has:
				d.add(p.String(), "", fmt.Sprintf("next offset %d, of a partition that the topic does not have", next))
			case next < log.First || next > log.End:
				d.add(p.String(), span, fmt.Sprintf("next offset %d", next))
			case next < log.End:
				d.remark("%s: %d records are not folded yet, of which nothing is said", p, log.End-next)
			}
		}
	}
	return nil
}

// sources are the partitions of a topic that the log or the progress has.
func (s *state) sources(topic stream.Topic, ranges map[int32]broker.Range) []source {
	all := map[source]bool{}
	for p := range ranges {
		all[source{Topic: topic, Partition: p}] = true
	}
	for p := range s.progress {
		if p.Topic == topic {
			all[p] = true
		}
	}
	return sorted(all)
}

// versioned are the tables whose rows have the offset of a record as version, or
// (progress) the offset after one.
var versioned = []struct {
	kind   stream.Kind // 0 has a column that says which
	tables []string
	after  stream.Offset
}{
	{stream.Usage, []string{"usage_event_versions", "usage_hour_versions", "rolling_revenue_versions", "active_account_versions", "account_day_versions"}, 0},
	{stream.Subscriptions, []string{"subscription_change_versions", "subscription_versions", "mrr_movement_versions", "mrr_versions"}, 0},
	{0, []string{"net_new_arr_versions", "account_first_versions", "late_amount_versions", "dead_letter_versions", "control_versions"}, 0},
	{0, []string{"progress_versions"}, 1},
}

// checkVersions holds the highest version of each partition in each table against
// the end of the log, which is read after it: a version beyond it was made up, and
// would win over the rows of records that are still to come.
func checkVersions(ctx context.Context, r *reader, s *state, d *Differences) error {
	type in struct {
		table string
		source
		after stream.Offset
	}
	highest := map[in]int64{}
	for _, topic := range stream.Inputs() {
		for _, v := range versioned {
			which := fmt.Sprintf("epoch = %d", s.of(topic.Kind()).epoch)
			if v.kind == 0 {
				which += fmt.Sprintf(" AND topic = '%s'", topic)
			} else if v.kind != topic.Kind() {
				continue
			}
			for _, table := range v.tables {
				c, err := open(ctx, r, func(k *int32, n *int64) []any { return []any{k, n} }, `
SELECT partition, toInt64(max(version)) FROM DB.$table WHERE $which GROUP BY partition`, "$table", table, "$which", which)
				if err != nil {
					return err
				}
				err = c.each(func(k *int32, n *int64) error {
					highest[in{table, source{Topic: topic, Partition: *k}, v.after}] = *n
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
	}
	ends := map[source]stream.Offset{}
	for _, topic := range stream.Inputs() {
		ranges, ok := r.ranges(ctx, topic, d)
		if !ok {
			return nil
		}
		for p, log := range ranges {
			ends[source{Topic: topic, Partition: p}] = log.End
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(highest), func(a, b in) int { return strings.Compare(a.table+a.String(), b.table+b.String()) }) {
		d.Compared++
		end, has := ends[at.source]
		switch last := end + at.after - 1; {
		case !has:
			d.add(at.table+" of "+at.String(), "", fmt.Sprintf("version %d, of a partition that the topic does not have", highest[at]))
		case stream.Offset(highest[at]) > last:
			d.add(at.table+" of "+at.String(), fmt.Sprintf("version up to %d", last), fmt.Sprintf("version %d", highest[at]))
		}
	}
	return nil
}

// A fetch is of as many bytes as the records that are wanted may have, within
// bounds; fetchWait is how long the broker may wait for records that are known to
// be there.
const (
	fetchLeast  = 64 << 10
	fetchMost   = 4 << 20
	recordBytes = 1 << 10
	fetchWait   = time.Second
)

// read calls f for the records from an offset to before another, which the log
// has, but for gaps that were accepted: lost is where the one that holds an
// offset ends, or the offset. Errors are of the log, or f's.
func (r *reader) read(ctx context.Context, p source, from, to stream.Offset, lost func(stream.Offset) stream.Offset, f func(*stream.Record) error) error {
	patience := time.Now().Add(logPatience)
	for from < to {
		bytes := min(max(int64(to-from)*recordBytes, fetchLeast), fetchMost)
		records, _, err := r.log.Fetch(ctx, p, from, int(bytes), fetchWait)
		var hole *broker.Gap
		if errors.As(err, &hole) {
			if to := lost(from); to > from {
				from = to
				continue
			}
		}
		if err != nil && (!fault.Passes(err) || time.Now().After(patience)) {
			return &unreadable{err}
		}
		if len(records) == 0 {
			if time.Now().After(patience) {
				return &unreadable{fmt.Errorf("fetch %s@%d: no record for %s", p, from, logPatience)}
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		for i := range records {
			if records[i].Offset >= to {
				return nil
			}
			if err := f(&records[i]); err != nil {
				return err
			}
			from = records[i].Offset + 1
		}
		patience = time.Now().Add(logPatience)
	}
	return nil
}

// unreadable is an error of the log itself: what it holds is unknown.
type unreadable struct{ err error }

func (e *unreadable) Error() string { return e.err.Error() }
func (e *unreadable) Unwrap() error { return e.err }
