package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/fold"
	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
	"runrate/test/localtest"
	"runrate/test/sim"
)

const (
	day0 = event.Time(1_767_225_600) * event.Second // 2026-01-01
	book = `{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"calls":[{"effective_from":"2020-01-01T00:00:00Z","unit":1,"price":"2"}]}}]}`
)

// client is one of the embedded broker that the tests share.
func client(t *testing.T) *broker.Client { return clientOf(t, localtest.Broker(t).Addr()) }

func clientOf(t *testing.T, address string) *broker.Client {
	t.Helper()
	c, err := broker.Open(broker.Config{Brokers: []string{address}, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// logged is a logger and what was said to it.
func logged() (*zap.Logger, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	return zap.New(core), logs
}

// TestFoldOfATopic: each topic is folded by its own fold, by the definitions that it is
// told, which go with its state.
func TestFoldOfATopic(t *testing.T) {
	by := definitions.Set{ARR: definitions.ARR{WindowDays: 7, Multiplier: 52}, Statuses: "trialing,active"}
	events := map[stream.Kind][]event.Event{
		stream.Usage: {
			{Type: event.PricebookPublished, PriceBook: []byte(book)},
			{Type: event.UsageRecorded, Account: "acme", Time: day0, Usage: &event.Usage{Product: "chat", Quantities: []event.Quantity{{Meter: "calls", Count: 1}}}},
		},
		stream.Subscriptions: {
			{Type: event.SubscriptionChanged, Account: "acme", Time: day0, Subscription: &event.Subscription{
				ID: "s", Line: "api", Plan: "team", Status: event.Active, Quantity: 1, UnitAmount: money.FromInt(10), Currency: "USD", Interval: event.EveryMonth, IntervalCount: 1}},
		},
	}
	tables := &sim.Tables{}
	for kind, list := range events {
		var records []stream.Record
		for _, e := range append(list, event.Event{Type: event.ClockTicked, Time: day0 + 9*event.Day}) {
			e.Source, e.ID = "test", fmt.Sprint(len(records))
			records = append(records, stream.Record{Offset: stream.Offset(len(records)), Key: []byte(e.Account), Value: e.AppendJSON(nil)})
		}
		config := fold.Config{Source: stream.Source{Topic: kind.Topic()}, Partitions: 1, Memory: intake.DefaultMemory,
			New: func() fold.Blank { return foldings.Of(kind).blank(by) }}
		if err := sim.Drive(tables, config, records, func() sim.Cut { return sim.FoldOn }); err != nil {
			t.Fatal(err)
		}
	}
	// Usage is worth 52 x 2 for seven midnights, the subscription 12 x 10 for all.
	var closings []string
	for _, row := range tables.Views(1, 13, nil)["net_new_arr"] {
		closings = append(closings, strings.TrimSuffix(strings.Split(row, "\t")[9], ".000000000000"))
	}
	if want := []string{"224", "224", "224", "224", "224", "224", "224", "120", "120"}; !slices.Equal(closings, want) {
		t.Errorf("closings are %v, want %v", closings, want)
	}
	for kind, want := range map[stream.Kind]string{stream.Usage: "usage ARR = 52 x 7 days", stream.Subscriptions: "MRR of trialing, active"} {
		if got := foldings.Of(kind).settings(by); got != want {
			t.Errorf("%s are folded with settings %q, want %q", kind, got, want)
		}
	}
	if got := foldings.Of(stream.Subscriptions).settings(definitions.Default); got != "" {
		t.Errorf("by the default, as epochs are that say nothing, the settings are %q", got)
	}
}

// TestPartitionsChanged: a topic that has other partitions than its state was folded
// from gets no worker, but a sentence.
func TestPartitionsChanged(t *testing.T) {
	c, err := broker.Open(broker.Config{Brokers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	e := epoch{Record: store.Record{Topic: stream.Usage.Topic(), Partitions: 4, Rules: fold.Rules}, definitions: definitions.Default, partitions: 4}
	e.Settings = e.settings()
	group := Options{Client: c, Logger: zap.NewNop()}.group("g", e)
	if group.ID != "g" || group.Topic != stream.Usage.Topic() {
		t.Errorf("group %s of %s", group.ID, group.Topic)
	}
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	if w, err := group.Worker(source, 4, broker.Member{}); err != nil || w == nil {
		t.Errorf("the partitions that it had: %v, %v", w, err)
	}
	for _, now := range []int32{3, 5} {
		w, err := group.Worker(source, now, broker.Member{})
		if w != nil || err == nil {
			t.Fatalf("%d partitions: it would fold on", now)
		}
		for _, want := range []string{"runrate.usage", fmt.Sprintf("has %d partitions and epoch 0 was folded with 4", now), fmt.Sprintf("runrate repartition usage --partitions %d", now)} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in: %v", want, err)
			}
		}
		if fault.Passes(err) {
			t.Errorf("%v is one that waiting mends", err)
		}
	}
}

// TestRunCannotBegin: a topic that is not there is an error, not something to wait
// for; to be told to end while waiting is none.
func TestRunCannotBegin(t *testing.T) {
	w := newWorld(t)
	o := Options{Client: client(t), Store: w.Store, Logger: zap.NewNop()}
	err := Run(t.Context(), stream.Usage.Named("no.such.topic"), o)
	var missing *broker.NoTopic
	if !errors.As(err, &missing) || !strings.HasPrefix(err.Error(), "consume no.such.topic: ") {
		t.Errorf("without its topic: %v", err)
	}
	away, err := broker.Open(broker.Config{Brokers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	core, _ := observer.New(zap.WarnLevel)
	logger := zap.New(core, zap.Hooks(func(zapcore.Entry) error { cancel(); return nil })) // as soon as it says that it waits
	if err := Run(ctx, stream.Usage.Topic(), Options{Client: away, Store: w.Store, Logger: logger}); err != nil || ctx.Err() == nil {
		t.Errorf("told to end while it waits for Kafka: %v", err)
	}
}
