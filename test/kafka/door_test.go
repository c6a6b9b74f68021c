//go:build kafka

package kafkacluster_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/producers/gateway"
	"runrate/test/kafka/kafkatest"
	"runrate/test/posting"
)

// TestDoorWhileBrokersDie: brokers are killed one after another, one hangs, and all but one are
// stopped, so that nothing is acknowledged, while services post to a door and consumers fold.
// Every event that was answered 202, or listed as accepted in a 422, is counted exactly once.
func TestDoorWhileBrokersDie(t *testing.T) {
	const partitions = 3
	ctx := t.Context()
	k, client := kafkatest.Cluster(t), kafkatest.Client(t)
	inputs(t, client, partitions)
	tables := openTables(t)
	consuming(t, options(client, tables, zap.NewNop()))
	door := httptest.NewServer(gateway.New(gateway.Options{Log: client}))
	defer door.Close()
	controls(t, client, partitions)

	s := posting.Start(door.URL+"/v1/events", 4)
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	more := func(after string) {
		t.Helper()
		had := s.Count()
		within(t, time.Minute, "events are acknowledged after "+after, func() bool { return s.Count() >= had+200 })
	}
	more("the start")
	for i := range 3 {
		do("kill", k.Kill(i))
		more("a broker was killed")
		do("start", k.StartNode(ctx, i))
		do("in sync", k.WaitInSync(ctx))
	}
	do("pause", k.Pause(1))
	more("a broker hangs")
	do("resume", k.Resume(1))
	do("in sync", k.WaitInSync(ctx))
	do("kill", k.Kill(0))
	more("one of three is gone")
	do("kill", k.Kill(2)) // one is left, and min.insync.replicas is 2
	do("heal", k.Heal(ctx))
	more("all are back")
	acknowledged, unanswered := s.End()
	settle(t, client)

	rows, err := tables.Conn().Query(ctx, "SELECT id FROM "+tables.Database().SQL()+".usage_events WHERE source = '"+posting.Source+"'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var counted []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		counted = append(counted, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range posting.Compare(acknowledged, counted) {
		t.Error(wrong)
	}
	t.Logf("%d acknowledged, %d counted, %d tries without an answer or answered 503", len(acknowledged), len(counted), unanswered)
}

// controls are the prices and a tick, in every partition.
func controls(t *testing.T, client *broker.Client, partitions int32) {
	t.Helper()
	all := map[stream.Source][]broker.Message{}
	for _, topic := range stream.Inputs() {
		for p := range partitions {
			all[stream.Source{Topic: topic, Partition: p}] = posting.Controls()
		}
	}
	publish(t, client, all)
}
