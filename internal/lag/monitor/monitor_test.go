package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// world is a broker with a group that has committed 3 of 5 records of usage/1, and the
// beginning of usage/2.
func world(t *testing.T) (*kfake.Cluster, *broker.Client) {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(4, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
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
	t.Cleanup(func() { group.Close() })
	g, err := group.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	if _, err := c.Append(t.Context(), one.Topic, 1, make([]broker.Message, 5)); err != nil {
		t.Fatal(err)
	}
	two := stream.Source{Topic: stream.Usage.Topic(), Partition: 2}
	for source, next := range map[stream.Source]stream.Offset{one: 3, two: 0} {
		if err := c.Commit(t.Context(), broker.Member{Group: stream.Usage.Group(), Generation: g.ID, ID: g.MemberID}, source, next, ""); err != nil {
			t.Fatal(err)
		}
	}
	return k, c
}

func scrape(r *prometheus.Registry) string {
	out := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
	return out.Body.String()
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}

// TestMonitor: lags as they are; a group that never committed has none; what consumers
// say is heard.
func TestMonitor(t *testing.T) {
	_, c := world(t)
	registry := prometheus.NewRegistry()
	clock := time.Now().Add(-7 * time.Second).UTC()
	said := func(context.Context) ([]freshness.Partition, error) {
		var all []freshness.Partition
		for _, topic := range stream.Inputs() {
			for p := range int32(4) {
				all = append(all, freshness.Partition{Source: stream.Source{Topic: topic, Partition: p}, Status: "ok", Clock: clock})
			}
		}
		all[2].Status, all[2].Reason = "halted", "log_gap"
		return all, nil
	}
	m := New(Options{Client: c, Said: said, Cluster: "kafka", Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	text := scrape(registry)
	contains(t, text,
		`kafka_consumergroup_group_lag{cluster_name="kafka",group="runrate-usage",partition="1",topic="runrate.usage"} 2`,
		`kafka_consumergroup_group_offset{cluster_name="kafka",group="runrate-usage",partition="1",topic="runrate.usage"} 3`,
		`kafka_partition_latest_offset{cluster_name="kafka",partition="1",topic="runrate.usage"} 5`,
		`runrate_partition_status{group="runrate-usage",partition="1",status="unknown",topic="runrate.usage"} 1`, // one look does not tell
		`runrate_partition_status{group="runrate-usage",partition="2",status="halted",topic="runrate.usage"} 1`,
		`runrate_partition_status{group="runrate-usage",partition="0",status="lost",topic="runrate.usage"} 1`, // rows, and no commit
		`runrate_lag_unknown{group="runrate-usage",partition="0",reason="no_commit",topic="runrate.usage"} 1`,
		`runrate_freshness_checks_total{result="within_60s",topic="runrate.usage"} 1`,
		`runrate_topic_partitions_expected{topic="runrate.usage"} 4`,
		`runrate_monitor_requests_total{api="offset_fetch"} 2`,
	)
	if strings.Contains(text, `group_lag{cluster_name="kafka",group="runrate-usage",partition="0"`) {
		t.Error("a group that never committed has a lag")
	}
	out := httptest.NewRecorder()
	m.ServeHTTP(out, httptest.NewRequest("GET", "/v1/lag", nil))
	var rows []Row
	if err := json.Unmarshal(out.Body.Bytes(), &rows); err != nil || len(rows) != 8 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if r.Topic == "runrate.usage" && r.Partition == 1 && (*r.Lag != 2 || *r.Committed != 3 || *r.End != 5 || !r.Clock.Equal(clock)) {
			t.Errorf("%s", out.Body)
		}
	}
}

// TestUnreadIsAbsent: without Kafka nothing has a lag, and the status is unknown.
func TestUnreadIsAbsent(t *testing.T) {
	k, c := world(t)
	registry := prometheus.NewRegistry()
	m := New(Options{Client: c, Said: func(context.Context) ([]freshness.Partition, error) { return nil, errors.New("away") }, Logger: zap.NewNop()}, registry)
	m.Cycle(t.Context())
	k.Close()
	m.Cycle(t.Context())
	for _, r := range m.Rows(time.Now().Add(judge.Unread + time.Second)) {
		if r.Status != judge.Unknown || r.Lag != nil || r.LagSeconds != nil || r.End != nil {
			t.Errorf("%+v", r)
		}
	}
	contains(t, scrape(registry), `runrate_freshness_checks_total{result="unknown",topic="runrate.usage"} 2`, `runrate_monitor_errors_total{api="clickhouse"`)
}

// TestOneRequestABroker: a topic's ends are one request to each broker that leads.
func TestOneRequestABroker(t *testing.T) {
	_, c := world(t)
	l, err := c.Leaders(t.Context(), stream.Usage.Topic())
	if err != nil {
		t.Fatal(err)
	}
	offsets, unread, requests := c.At(t.Context(), l, broker.AtStable)
	if len(offsets) != 4 || len(unread) != 0 || offsets[1] != 5 || requests > 3 {
		t.Errorf("%v, %v, %d requests", offsets, unread, requests)
	}
}

// TestLateSince: how late a partition is, is told by when the monitor saw the record
// that is due; a commit that advances moves it on.
func TestLateSince(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := partition{times: &broker.Times{}, source: stream.Source{Topic: stream.Usage.Topic()}}
	for i := range int64(20) {
		s := judge.Sample{At: now.Add(time.Duration(i) * Every), End: 10 * (i + 1), Committed: true, Commit: 10 * (i / 2)}
		p.take(s, stream.Offset(s.End), nil)
	}
	if r := p.row(now.Add(19 * Every)); *r.Lag != 110 || *r.LagSeconds != 50 {
		t.Errorf("lag %d, %v s", *r.Lag, *r.LagSeconds)
	}
}
