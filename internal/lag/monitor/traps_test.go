package monitor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// What others got wrong, a test each; whose it was is named above it.

var struck = time.Unix(1_800_000_000, 0).UTC()

// course takes a sample every five seconds, as long as it is told, and returns the row at
// the end.
func course(seconds int, sample func(t int) judge.Sample) (r Row, p *partition) {
	p = &partition{times: &broker.Times{}, source: stream.Source{Topic: stream.Usage.Topic()}}
	for t := 0; t <= seconds; t += int(Every.Seconds()) {
		s := sample(t)
		s.At = struck.Add(time.Duration(t) * time.Second)
		p.take(s, stream.Offset(s.End), nil)
		r = p.row(s.At)
	}
	return r, p
}

// TestTrapIdleIsNotStopped, Burrow #38, #94, #123: a commit that is old is no standstill
// where nothing is to be read, with an owner or without.
func TestTrapIdleIsNotStopped(t *testing.T) {
	for _, owner := range []judge.Owner{judge.Owned, judge.Unowned} {
		r, _ := course(3600, func(int) judge.Sample { return judge.Sample{End: 70, Committed: true, Commit: 70, Owner: owner} })
		if r.Status != judge.Idle || *r.Lag != 0 || *r.LagSeconds != 0 {
			t.Errorf("owner %d: %+v", owner, r)
		}
	}
}

// TestTrapLagGrowsWithoutCommits, Burrow #287, #303: the lag is read from the log, so it
// grows when commits stop.
func TestTrapLagGrowsWithoutCommits(t *testing.T) {
	for _, seconds := range []int{60, 300, 600} {
		r, _ := course(seconds, func(t int) judge.Sample {
			return judge.Sample{End: int64(100 + t), Committed: true, Commit: 100, Owner: judge.Owned}
		})
		if *r.Lag != int64(seconds) || *r.LagSeconds < float64(seconds)-Every.Seconds() {
			t.Errorf("after %d s: lag %d, %v s", seconds, *r.Lag, *r.LagSeconds)
		}
	}
}

// TestTrapNoNaN, kafka-lag-exporter #111, #265: what is unknown has no series, so no sum is
// poisoned.
func TestTrapNoNaN(t *testing.T) {
	k, c := world(t)
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	known := scrape(registry)
	k.Close()
	m.Cycle(t.Context())
	m.topics[stream.Usage.Topic()].partitions[1].last.At = time.Now().Add(-judge.Unread - time.Second)
	for _, text := range []string{known, scrape(registry)} {
		if strings.Contains(text, " NaN") {
			t.Errorf("NaN in:\n%s", text)
		}
	}
	contains(t, scrape(registry), `runrate_lag_unknown{group="runrate-usage",partition="1",reason="no_read",topic="runrate.usage"} 1`)
	if strings.Contains(scrape(registry), `group_lag{cluster_name="",group="runrate-usage",partition="1"`) {
		t.Error("a partition that cannot be read has a lag")
	}
}

// TestTrapNoCommitIsNoLag, kafka-lag-exporter #37: a group that has committed nothing has
// no lag, not that of the whole log.
func TestTrapNoCommitIsNoLag(t *testing.T) {
	r, _ := course(0, func(int) judge.Sample { return judge.Sample{End: 1_000_000} })
	if r.Lag != nil || r.LagSeconds != nil || r.Committed != nil || *r.End != 1_000_000 {
		t.Errorf("%+v", r)
	}
}

// TestTrapNoGhostSeries, kafka-lag-exporter #25: members come and go, and no series with
// them.
func TestTrapNoGhostSeries(t *testing.T) {
	_, c := world(t)
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	m.Cycle(t.Context())
	series := func() (all []string) {
		for line := range strings.Lines(scrape(registry)) {
			if name, _, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") && strings.Contains(name, "partition=") && !strings.Contains(name, "since") {
				all = append(all, name)
			}
		}
		return all
	}
	before := series()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: stream.Usage.Group(), Brokers: c.Config().Brokers, Topics: []string{stream.Usage.Topic().String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	if _, err := group.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.Cycle(t.Context())
	if after := series(); fmt.Sprint(after) != fmt.Sprint(before) || len(after) < 20 {
		t.Errorf("%d series, then %d:\n%s", len(before), len(after), strings.Join(after, "\n"))
	}
}

// TestTrapMinusOneIsNoOffset, kafka_exporter #28: a broker that answers -1 does not know.
func TestTrapMinusOneIsNoOffset(t *testing.T) {
	k, c := world(t)
	k.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, rt := range req.(*kmsg.ListOffsetsRequest).Topics {
			st := kmsg.NewListOffsetsResponseTopic()
			st.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				sp := kmsg.NewListOffsetsResponseTopicPartition()
				sp.Partition = rp.Partition
				st.Partitions = append(st.Partitions, sp)
			}
			res.Topics = append(res.Topics, st)
		}
		return res, nil, true
	})
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	for _, r := range m.Rows(time.Now()) {
		if r.Status != judge.Unknown || r.End != nil || r.Start != nil || r.Lag != nil {
			t.Errorf("%+v", r)
		}
	}
	if text := scrape(registry); strings.Contains(text, "} -") || strings.Contains(text, "kafka_partition_latest_offset{") {
		t.Errorf("an offset in:\n%s", text)
	}
}

// TestTrapDeadConsumerStillShows, kafka_exporter #226, #463: a group whose members are gone
// keeps its series.
func TestTrapDeadConsumerStillShows(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: stream.Usage.Group(), Brokers: c.Config().Brokers, Topics: []string{stream.Usage.Topic().String()}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(t.Context(), broker.Member{Group: stream.Usage.Group(), Generation: g.ID, ID: g.MemberID}, stream.Source{Topic: stream.Usage.Topic()}, 0, ""); err != nil {
		t.Fatal(err)
	}
	if err := group.Close(); err != nil { // it leaves: nobody is in the group
		t.Fatal(err)
	}
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 0, make([]broker.Message, 5)); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	contains(t, scrape(registry), `kafka_consumergroup_group_lag{cluster_name="",group="runrate-usage",partition="0",topic="runrate.usage"} 5`)
	if s := m.topics[stream.Usage.Topic()].partitions[0].last; s.Owner != judge.Unowned {
		t.Errorf("somebody owns it: %+v", s)
	}
}

// TestTrapDeletedIsLostNotLag, redpanda #30624: records below the start of the log are not
// waiting to be read. Where they were not folded they are lost, and are counted; before a
// first commit they are nothing.
func TestTrapDeletedIsLostNotLag(t *testing.T) {
	r, _ := course(0, func(int) judge.Sample {
		return judge.Sample{Start: 100, End: 100, Committed: true, Commit: 40, Owner: judge.Owned}
	})
	if r.Status != judge.Lost || r.Reason != "below_start" || !strings.Contains(r.Sentence, "60 records from 40 on are deleted") {
		t.Errorf("%+v", r)
	}
	r, _ = course(120, func(int) judge.Sample { return judge.Sample{Start: 100, End: 100} })
	if r.Status != judge.Idle || r.Lag != nil {
		t.Errorf("%+v", r)
	}
}

// TestTrapLagIsOfNow, vector #24647: while a status is held because the group rebalances,
// the numbers beside it are those of now.
func TestTrapLagIsOfNow(t *testing.T) {
	r, _ := course(45, func(t int) judge.Sample {
		s := judge.Sample{End: int64(100 + t), Committed: true, Commit: int64(100 + t), Owner: judge.Owned, Generation: 1}
		if t >= 30 {
			s.Commit, s.Rebalancing, s.Owner, s.Generation = 125, true, judge.OwnerUnknown, 2
		}
		return s
	})
	if r.Status != judge.OK || r.Reason != "rebalance" || *r.Lag != 20 || *r.Committed != 125 || *r.End != 145 {
		t.Errorf("%+v", r)
	}
}

// TestTrapStandstillIsNotWell, openmeter #4987: nothing is consumed for 16 hours, with
// members alive and heartbeats sent.
func TestTrapStandstillIsNotWell(t *testing.T) {
	r, p := course(16*3600, func(t int) judge.Sample {
		return judge.Sample{End: int64(100 + t), Committed: true, Commit: 100, Owner: judge.Owned}
	})
	if r.Status != judge.Stalled || !r.Status.Pages() || !r.Since.Before(struck.Add(2*time.Minute)) || *r.LagSeconds < 15*3600 {
		t.Errorf("%+v", r)
	}
	if len(p.ends) > mostEnds {
		t.Errorf("%d ends are kept", len(p.ends))
	}
}

// TestTrapMissingPartitionIsNotZero, the Kafka scaler of KEDA #7936, #4098: a partition that
// is not in the answer any more is unknown, and so is its topic.
func TestTrapMissingPartitionIsNotZero(t *testing.T) {
	of := newTopic()
	of.grow(stream.Usage.Topic(), 2)
	words := map[stream.Source]freshness.Partition{}
	for _, p := range of.partitions {
		words[p.source] = freshness.Partition{Source: p.source, Status: "ok", Clock: struck}
	}
	r := reading{count: 1, commits: map[int32]broker.Commit{0: {Set: true}}, stable: map[int32]stream.Offset{}, start: map[int32]stream.Offset{}}
	for i, p := range of.partitions {
		p.take(r.sample(int32(i), struck, 0), 0, words)
	}
	if got := of.partitions[1].row(struck); got.Status != judge.Unknown || got.Lag != nil || !strings.Contains(got.Sentence, "no such partition") {
		t.Errorf("%+v", got)
	}
	delete(words, of.partitions[1].source)
	of.partitions[1].take(r.sample(1, struck, 0), 0, words)
	if got := of.check(struck, true); got != "unknown" {
		t.Errorf("the check says %s", got)
	}
}

// TestTrapChecksAreCounted, "share of events in time": a check is made each cycle, also
// when nothing is folded any more, so that a dead consumer is late and not out of the count.
func TestTrapChecksAreCounted(t *testing.T) {
	_, c := world(t)
	clock := time.Now().Add(-90 * time.Second)
	said := func(context.Context) (all []freshness.Partition, _ error) {
		for _, topic := range stream.Inputs() {
			for p := range int32(4) {
				all = append(all, freshness.Partition{Source: stream.Source{Topic: topic, Partition: p}, Status: "unknown", Clock: clock})
			}
		}
		return all, nil
	}
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Said: said, Logger: zap.NewNop()}, registry)
	for range 3 {
		m.Cycle(t.Context())
	}
	contains(t, scrape(registry), `runrate_freshness_checks_total{result="later",topic="runrate.usage"} 3`)
}

// TestTrapNoCanary: an event that is sent to see whether it arrives is revenue, and an
// active account. The clock is what arrives: the monitor publishes nothing.
func TestTrapNoCanary(t *testing.T) {
	k, c := world(t)
	k.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		t.Error("the monitor publishes")
		return nil, nil, false
	})
	clock := time.Now().Add(-7 * time.Second)
	said := func(context.Context) ([]freshness.Partition, error) {
		return []freshness.Partition{{Source: stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, Status: "ok", Clock: clock}}, nil
	}
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Said: said, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	text := scrape(registry)
	_, value, ok := strings.Cut(text, `runrate_freshness_seconds{partition="1",topic="runrate.usage"} `)
	var late float64
	if _, err := fmt.Sscan(value, &late); !ok || err != nil || late < 7 || late > time.Since(clock).Seconds() {
		t.Errorf("%v s late, %v:\n%s", late, err, text)
	}
}
