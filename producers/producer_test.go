package producers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers"
)

// kafka is where the examples' Kafka is.
var kafka func() []string

func TestMain(m *testing.M) {
	k, err := cluster()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	kafka = k.ListenAddrs
	code := m.Run()
	k.Close()
	os.Exit(code)
}

func cluster() (*kfake.Cluster, error) {
	return kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
}

// open is a producer to a Kafka of its own.
func open(t *testing.T, o producers.Options) (*kfake.Cluster, *producers.Producer) {
	t.Helper()
	k, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	o.Brokers = k.ListenAddrs()
	p, err := producers.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return k, p
}

func usage(t *testing.T, n int) producers.Event {
	t.Helper()
	e, err := producers.Usage("test", fmt.Sprintf("acct_%d", n%7), "chat", map[string]uint64{"in": uint64(n)}, producers.Region("eu"), producers.Segment("smb"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEmit: from many goroutines, each event is in the log once, where it belongs, and
// the result says where.
func TestEmit(t *testing.T) {
	var mu sync.Mutex
	results := map[string]producers.Result{}
	k, p := open(t, producers.Options{Memory: 20_000, Linger: time.Millisecond, Result: func(r producers.Result) {
		mu.Lock()
		defer mu.Unlock()
		if _, twice := results[r.Event.ID()]; twice || r.Err != nil {
			t.Errorf("%+v", r)
		}
		results[r.Event.ID()] = r
	}})
	const each = 100
	var emitting sync.WaitGroup
	for g := range 8 {
		emitting.Go(func() {
			for i := range each {
				if err := p.Emit(t.Context(), usage(t, g*each+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	emitting.Wait()
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if unsent, err := p.Close(t.Context()); len(unsent) > 0 || err != nil {
		t.Fatalf("unsent: %d, %v", len(unsent), err)
	}
	if s := p.Stats(); s.Taken != 8*each || s.Acknowledged != 8*each || s.Waiting != 0 || s.Bytes != 0 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var d event.Decoder
	for id, r := range results {
		source := stream.Source{Topic: stream.Usage.Topic(), Partition: r.Partition}
		records, _, err := c.Fetch(t.Context(), source, stream.Offset(r.Offset), 1, time.Second)
		if err != nil || len(records) == 0 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		e, refusal := d.DecodeRecord(records[0].Headers, records[0].Value)
		if refusal != nil || e.Invalid != nil || e.ID != id || string(records[0].Key) != r.Event.Account() || stream.Partition(records[0].Key, 3) != r.Partition ||
			r.Topic != stream.Usage.Topic().String() || records[0].Value[0] == '{' {
			t.Errorf("%v: %+v", refusal, e)
		}
	}
	if err := p.TryEmit(usage(t, 1)); !errors.Is(err, producers.ErrClosed) {
		t.Errorf("emitted to one that is closed: %v", err)
	}
	if _, err := p.Close(t.Context()); !errors.Is(err, producers.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

// TestFull: while Kafka takes nothing memory is bounded, Emit waits, TryEmit returns
// ErrFull, and Close returns all that was taken, in order; sent again it all arrives.
func TestFull(t *testing.T) {
	highest := int64(0)
	k, p := open(t, producers.Options{Memory: 5_000, Observe: func(s producers.Stats) { highest = max(highest, s.Bytes) }})
	k.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		return refuse(r.(*kmsg.ProduceRequest), kerr.NotLeaderForPartition), nil, true
	})
	var taken []string
	for i := 0; ; i++ {
		e := usage(t, i)
		err := p.TryEmit(e)
		if errors.Is(err, producers.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, e.ID())
	}
	soon, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Emit(soon, usage(t, 1)); !errors.Is(err, producers.ErrFull) || !errors.Is(err, context.Canceled) {
		t.Errorf("Emit without room: %v", err)
	}
	if highest > 5_000 || len(taken) == 0 || p.Stats().Full == 0 {
		t.Errorf("%d events of %d bytes, %+v", len(taken), highest, p.Stats())
	}
	blocked := make(chan error)
	go func() { blocked <- p.Emit(t.Context(), usage(t, 1)) }()
	unsent, err := p.Close(soon)
	if err == nil || !strings.Contains(err.Error(), "are not acknowledged") {
		t.Errorf("close: %v", err)
	}
	if err := <-blocked; !errors.Is(err, producers.ErrClosed) {
		t.Errorf("who waited for room: %v", err)
	}
	var left []string
	for _, e := range unsent {
		left = append(left, e.ID())
		if again, err := producers.Parse(e.JSON()); err != nil || again.ID() != e.ID() || !again.Time().Equal(e.Time()) {
			t.Errorf("%s: %v", e.JSON(), err)
		}
	}
	if !slices.Equal(left, taken) {
		t.Errorf("unsent %v, taken %v", left, taken)
	}
	_, p = open(t, producers.Options{})
	for _, e := range unsent {
		if err := p.Emit(t.Context(), e); err != nil {
			t.Error(err)
		}
	}
	if left, err := p.Close(t.Context()); err != nil || len(left) > 0 || p.Stats().Acknowledged != int64(len(taken)) {
		t.Errorf("sent again: %v, %+v", err, p.Stats())
	}
}

// refuse answers a produce request with an error for every partition.
func refuse(r *kmsg.ProduceRequest, why *kerr.Error) kmsg.Response {
	out := r.ResponseKind().(*kmsg.ProduceResponse)
	for _, topic := range r.Topics {
		to := kmsg.NewProduceResponseTopic()
		to.Topic, to.TopicID = topic.Topic, topic.TopicID
		for _, in := range topic.Partitions {
			p := kmsg.NewProduceResponseTopicPartition()
			p.Partition, p.ErrorCode, p.BaseOffset = in.Partition, why.Code, -1
			to.Partitions = append(to.Partitions, p)
		}
		out.Topics = append(out.Topics, to)
	}
	return out
}

// TestTooLarge: what the broker takes never is a result, and nothing else is held up.
func TestTooLarge(t *testing.T) {
	results := make(chan producers.Result, 3)
	k, p := open(t, producers.Options{Result: func(r producers.Result) { results <- r }})
	k.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		if in := r.(*kmsg.ProduceRequest); len(in.Topics[0].Partitions[0].Records) > 200 {
			return refuse(in, kerr.MessageTooLarge), nil, true
		}
		return nil, nil, false
	})
	large, err := producers.Adjustment("test", "a", "chat", "-1", "USD", strings.Repeat("r", 200))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []producers.Event{usage(t, 1), large, usage(t, 1)} {
		if err := p.Emit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if unsent, err := p.Close(t.Context()); err != nil || len(unsent) > 0 {
		t.Errorf("%v, %d unsent", err, len(unsent))
	}
	for range 3 {
		r := <-results
		var refusal *producers.Refusal
		if is := r.Event.ID() == large.ID(); is != errors.As(r.Err, &refusal) || is != (r.Err != nil) {
			t.Errorf("%s: %v", r.Event.Type(), r.Err)
		}
	}
	if s := p.Stats(); s.Failed != 1 || s.Acknowledged != 2 {
		t.Errorf("%+v", s)
	}
}

// TestRefusals: an event that would be refused is not made.
func TestRefusals(t *testing.T) {
	for says, make := range map[string]func() (producers.Event, error){
		"subject is \"\"":        func() (producers.Event, error) { return producers.Usage("s", "", "p", map[string]uint64{"m": 1}) },
		"at least one meter":     func() (producers.Event, error) { return producers.Usage("s", "a", "p", nil) },
		"data.amount is \"1e3\"": func() (producers.Event, error) { return producers.Adjustment("s", "a", "p", "1e3", "USD", "r") },
		"data.status is \"on\"": func() (producers.Event, error) {
			return producers.Subscription("s", "a", producers.State{ID: "i", Line: "l", Plan: "p", Status: "on"})
		},
		"a control record": func() (producers.Event, error) {
			return producers.Parse([]byte(`{"specversion":"1.0","type":"clock.ticked","source":"s","id":"i","time":"2026-01-01T00:00:00Z"}`))
		},
	} {
		_, err := make()
		var refusal *producers.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Detail, says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	_, p := open(t, producers.Options{})
	if err := p.TryEmit(producers.Event{}); err == nil {
		t.Error("the zero event was taken")
	}
	if _, err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
