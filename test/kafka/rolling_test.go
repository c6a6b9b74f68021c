//go:build kafka

package kafkacluster_test

import (
	"maps"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/stream"
	"runrate/test/chaos/readback"
	"runrate/test/kafka/kafkatest"
	"runrate/test/oracle"
	"runrate/test/oracle/gen"
)

// TestRollingRestart: one after the other of four consumers leaves a real group and comes
// back, a rebalance each time, while records are published. What moves is one consumer's
// share: its partitions are restored by those who take them over, and as many by the one
// who comes back. All others go on with the state that they have. Then every view equals
// the oracle's.
func TestRollingRestart(t *testing.T) {
	const partitions, consumers = 8, 4
	ctx, client := t.Context(), kafkatest.Client(t)
	inputs(t, client, partitions)
	tables := openTables(t)
	log := gen.Stream(11, gen.Options{Records: 6000, Partitions: partitions, Days: 10}).Log()
	for source, records := range log {
		for i := range records {
			records[i].Offset = stream.Offset(i)
		}
		log[source] = records
	}
	f := &feeder{t: t, client: client, log: log}

	core, logs := observer.New(zapcore.InfoLevel)
	o := options(client, tables, zap.New(core))
	said := func(message string) int { return logs.FilterMessage(message).Len() }
	// spread waits until so many members have all partitions among them, evenly, feeds, and
	// waits until they have folded that: some records of each, so that each has its state.
	spread := func(members int) {
		t.Helper()
		within(t, time.Minute, "the group is spread", func() bool {
			for _, topic := range stream.Inputs() {
				has := assigned(t, client.Config().Brokers, topic)
				if len(has) != members {
					return false
				}
				for n := range maps.Values(has) {
					if n < partitions/members || n > (partitions+members-1)/members {
						return false
					}
				}
			}
			return true
		})
		f.feed(8)
		settle(t, client)
	}
	var stops []func()
	for n := range consumers {
		stops = append(stops, consuming(t, o))
		spread(n + 1)
	}
	logs.TakeAll()
	for i := range stops {
		stops[i]()
		spread(consumers - 1)
		stops[i] = consuming(t, o)
		spread(consumers)
	}
	for source := range log {
		if f.next[source] >= len(log[source]) {
			t.Fatalf("%s had no records for the last restart", source)
		}
	}
	restored, kept := said("restored"), said("goes on with the state that it kept")
	for f.feed(300) {
	}
	settle(t, client)

	topics := len(stream.Inputs())
	t.Logf("%d consumers restarted, %d partitions: %d restored, %d kept", consumers, topics*partitions, restored, kept)
	// A share moves away, and comes back. Were all restored at each rebalance, it would be
	// 2 x consumers x partitions of each topic.
	if most := 2 * topics * partitions; restored > most || restored == 0 {
		t.Errorf("%d were restored, at most %d need be", restored, most)
	}
	if least := (2*consumers - 2) * topics * partitions / 2; kept < least {
		t.Errorf("%d went on with their state, at least %d should", kept, least)
	}
	for _, l := range logs.FilterLevelExact(zap.ErrorLevel).All() {
		t.Errorf("logged: %s %v", l.Message, l.ContextMap())
	}
	const sample = readback.Sample(5)
	got, err := readback.Views(ctx, tables.Conn(), tables.Database(), sample)
	if err != nil {
		t.Fatal(err)
	}
	if diff := oracle.Diff(got, oracle.Compute(log, partitions, oracle.Options{AsOf: sample.Keep})); diff != "" {
		t.Errorf("- is ours, + the oracle's:\n%s", diff)
	}
}

// assigned is how many partitions each member of a topic's group has, while the group is
// stable; empty while it is not.
func assigned(t *testing.T, brokers []string, topic stream.Topic) map[string]int {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: 10 * time.Second, Transport: transport}
	res, err := client.DescribeGroups(t.Context(), &kafka.DescribeGroupsRequest{GroupIDs: []string{topic.Kind().Group()}})
	if err != nil || len(res.Groups) != 1 || res.Groups[0].GroupState != "Stable" {
		return nil
	}
	has := map[string]int{}
	for _, m := range res.Groups[0].Members {
		for _, a := range m.MemberAssignments.Topics {
			has[m.MemberID] += len(a.Partitions)
		}
	}
	return has
}
