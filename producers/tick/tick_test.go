package tick

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

type bench struct {
	t      *testing.T
	k      *kfake.Cluster
	client *broker.Client
	beats  chan time.Time
	now    atomic.Int64 // microseconds
	done   chan error
	cancel context.CancelFunc
	next   map[stream.Source]stream.Offset
	said   chan string // what is logged
}

var start = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func begin(t *testing.T, opts ...kfake.Opt) *bench {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ctx, cancel := context.WithCancel(t.Context())
	b := &bench{t: t, k: k, client: c, beats: make(chan time.Time), done: make(chan error, 1), cancel: cancel, next: map[stream.Source]stream.Offset{}, said: make(chan string, 100)}
	b.now.Store(start.UnixMicro())
	clock := func() time.Time { return time.UnixMicro(b.now.Load()) }
	core, _ := observer.New(zapcore.InfoLevel)
	log := zap.New(core, zap.Hooks(func(e zapcore.Entry) error { b.said <- e.Message; return nil }))
	go func() {
		b.done <- Ticker{Client: c, Beats: b.beats, Now: clock, BrokerTime: b.broker, Log: log}.Run(ctx)
	}()
	t.Cleanup(cancel)
	return b
}

// broker is a clock as the broker's, 59 s off.
func (b *bench) broker(context.Context) (time.Time, error) {
	return time.UnixMicro(b.now.Load()).Add(59 * time.Second), nil
}

// beat ticks once, s seconds after start.
func (b *bench) beat(s int) event.Time {
	at := start.Add(time.Duration(s) * time.Second)
	b.now.Store(at.UnixMicro())
	b.beats <- time.Time{}
	return event.TimeOf(at)
}

// read is the next tick of a partition.
func (b *bench) read(s stream.Source) event.Time {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	for {
		rs, _, err := b.client.Fetch(ctx, s, b.next[s], 1<<20, time.Second)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(rs) == 0 {
			continue
		}
		first := b.next[s] == 0
		b.next[s]++
		var d event.Decoder
		e, refusal := d.Decode(rs[0].Value)
		if refusal != nil || e.Invalid != nil || e.Type != event.ClockTicked || rs[0].Key != nil || e.Jump != first {
			b.t.Fatalf("%s: %s: %v %v", s, rs[0].Value, refusal, e.Invalid)
		}
		return e.Time
	}
}

var all = []stream.Source{
	{Topic: stream.Usage.Topic(), Partition: 0}, {Topic: stream.Usage.Topic(), Partition: 1},
	{Topic: stream.Subscriptions.Topic(), Partition: 0}, {Topic: stream.Subscriptions.Topic(), Partition: 1},
}

func TestEveryPartitionGetsEveryTick(t *testing.T) {
	b := begin(t, kfake.SeedTopics(2, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	for i := range 4 {
		want := event.TimeOf(start)
		if i > 0 {
			want = b.beat(i)
		}
		for _, s := range all {
			if got := b.read(s); got != want {
				t.Errorf("tick %d on %s: %s, want %s", i, s, got, want)
			}
		}
	}
	b.cancel()
	if err := <-b.done; err != nil {
		t.Error(err)
	}
}

func TestWaitsForItsTopics(t *testing.T) {
	b := begin(t)
	if said := <-b.said; said != "start the clock failed; trying again until it works" {
		t.Errorf("said %q", said)
	}
	if err := b.client.EnsureTopics(t.Context(), 2, 1); err != nil {
		t.Fatal(err)
	}
	// Its own view of the cluster is that of the same client: up to date.
	want := b.beat(5)
	for _, s := range all {
		if got := b.read(s); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestTicksAgainAfterAnOutage(t *testing.T) {
	b := begin(t, kfake.SeedTopics(2, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	for _, s := range all {
		b.read(s)
	}
	var away atomic.Bool
	refused := make(chan struct{}, 100)
	away.Store(true)
	b.k.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.k.KeepControl()
		if !away.Load() {
			return nil, nil, false
		}
		produce := req.(*kmsg.ProduceRequest)
		res := produce.ResponseKind().(*kmsg.ProduceResponse)
		part := kmsg.NewProduceResponseTopicPartition()
		part.Partition, part.ErrorCode = produce.Topics[0].Partitions[0].Partition, kerr.NotEnoughReplicas.Code
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.Partitions = produce.Topics[0].Topic, []kmsg.ProduceResponseTopicPartition{part}
		res.Topics = append(res.Topics, topic)
		refused <- struct{}{}
		return res, nil, true
	})
	for i := range 5 {
		b.beat(i)
		for range all {
			<-refused
		}
	}
	away.Store(false)
	want := b.beat(5)
	for _, s := range all {
		if got := b.read(s); got != want {
			t.Errorf("%s: %s, want %s: a tick of the outage was kept", s, got, want)
		}
	}
}

func TestLatestTickWins(t *testing.T) {
	h := &hand{tick: make(chan time.Time, 1)}
	for i := range 3 {
		h.set(start.Add(time.Duration(i)))
	}
	if got := <-h.tick; !got.Equal(start.Add(2)) || len(h.tick) != 0 {
		t.Errorf("tick %s waits, %d behind it", got, len(h.tick))
	}
}

// TestWrongClock: a ticker whose clock is not the broker's ends before its first
// tick. It ticked, and every event after that was too old.
func TestWrongClock(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, off := range []time.Duration{-61 * time.Second, 61 * time.Second, 400 * 24 * time.Hour} {
		err := Ticker{Client: c, Now: func() time.Time { return start }, BrokerTime: func(context.Context) (time.Time, error) { return start.Add(off), nil }}.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the clock of this machine says 2026-11-23T07:00:00Z and the broker's "+start.Add(off).Format(time.RFC3339)+", more than 60 s apart") {
			t.Errorf("%s off: %v", off, err)
		}
	}
	for _, s := range []stream.Source{{Topic: stream.Usage.Topic()}, {Topic: stream.Subscriptions.Topic()}} {
		if r, err := c.Range(t.Context(), s); err != nil || r.End != 0 {
			t.Errorf("%s: %d records: %v", s, r.End, err)
		}
	}
	// A broker that does not tell its time is no agreement.
	if err := (Ticker{Client: c}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "set message.timestamp.type=LogAppendTime on the topic") {
		t.Errorf("a broker that keeps no times: %v", err)
	}
}

// TestLoopsAreWatched: whoever watches sees each loop go round, also while there is nothing
// to write to.
func TestLoopsAreWatched(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	rounds, done := make(chan string, 1000), make(chan error, 1)
	go func() {
		done <- Ticker{Client: c, Interval: 10 * time.Millisecond, BrokerTime: func(context.Context) (time.Time, error) { return time.Now(), nil },
			Loop: func(name string, longest time.Duration) func() {
				if longest < time.Minute {
					t.Errorf("%s may take %s", name, longest)
				}
				return func() {
					select {
					case rounds <- name:
					default:
					}
				}
			}}.Run(ctx)
	}()
	see := func(name string) {
		t.Helper()
		for {
			select {
			case got := <-rounds:
				if got == name {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s does not go round", name)
			}
		}
	}
	for range 2 { // there is no topic yet
		see("the ticker")
	}
	if err := c.EnsureTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	see("the ticker of runrate.subscriptions/0")
	see("the ticker of runrate.usage/0")
	see("the ticker of runrate.subscriptions/0")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
