package lag

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

func start(t *testing.T) (*kfake.Cluster, *broker.Client) {
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
	return k, c
}

func member(t *testing.T, c *broker.Client) broker.Member {
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: stream.Usage.Group(), Brokers: c.Config().Brokers, Topics: []string{stream.Usage.Topic().String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	gen, err := g.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return broker.Member{Group: stream.Usage.Group(), Generation: gen.ID, ID: gen.MemberID}
}

func appendTo(t *testing.T, c *broker.Client, p int32, n int) {
	t.Helper()
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), p, make([]broker.Message, n)); err != nil {
		t.Fatal(err)
	}
}

func TestSettle(t *testing.T) {
	k, c := start(t)
	if err := Settle(t.Context(), c, stream.Inputs(), nil); err != nil {
		t.Fatal("an empty log, no group:", err)
	}
	appendTo(t, c, 1, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var u *Unsettled
	err := Settle(ctx, c, stream.Inputs(), nil)
	if !errors.As(err, &u) || len(u.Behind) != 1 || u.Behind[0].Source.Partition != 1 || u.Behind[0].Partition.Behind(5) != 5 || len(u.Unknown) != 0 {
		t.Fatalf("nothing committed: %+v", err)
	}
	m := member(t, c)
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	if err := c.Commit(t.Context(), m, source, 3, ""); err != nil {
		t.Fatal(err)
	}
	// The rest is committed while it waits, and more comes that it need not
	// wait for.
	looked := make(chan struct{}, 1000)
	k.ControlKey(int16(kmsg.OffsetFetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		select {
		case looked <- struct{}{}:
		default:
		}
		return nil, nil, false
	})
	done := make(chan error)
	go func() { done <- Settle(t.Context(), c, stream.Inputs(), nil) }()
	for range 3 { // both topics looked at once, and again
		<-looked
	}
	appendTo(t, c, 1, 5)
	if err := c.Commit(t.Context(), m, source, 5, ""); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	got, err := Read(t.Context(), c, stream.Usage.Topic())
	if err != nil || len(got) != 2 || got[1].Behind(got[1].Log.End) != 5 || got[0].Behind(0) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// late is a context whose time is up, and whose timer has not fired yet, as on a
// busy machine: a request ends by its connection's deadline before.
type late struct{ context.Context }

// Deadline is long ago.
func (late) Deadline() (time.Time, bool) { return time.Unix(1, 0), true }

// TestTimeIsUpWithinARequest: what was known stays known, though the request that
// ran into the end of the time failed.
func TestTimeIsUpWithinARequest(t *testing.T) {
	_, c := start(t)
	appendTo(t, c, 1, 5)
	s := &settling{client: c, topics: []stream.Topic{stream.Usage.Topic()}, ends: make(map[stream.Source]stream.Offset), last: make(map[stream.Topic]reading)}
	if settled, err := s.look(t.Context()); settled || err != nil {
		t.Fatal(settled, err)
	}
	_, err := s.look(late{t.Context()})
	var u *Unsettled
	if !errors.As(err, &u) || len(u.Behind) != 1 || u.Behind[0].Stale || len(u.Unknown) != 0 {
		t.Errorf("%v", err)
	}
}

func TestUnreadableIsUnknown(t *testing.T) {
	k, c := start(t)
	k.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		res := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		res.ErrorCode = kerr.CoordinatorLoadInProgress.Code
		return res, nil, true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var u *Unsettled
	if err := Settle(ctx, c, stream.Inputs(), nil); !errors.As(err, &u) || len(u.Unknown) != 2 {
		t.Errorf("%v", err)
	}
}

func TestNoTopicIsNotWaitedFor(t *testing.T) {
	_, c := start(t)
	var missing *broker.NoTopic
	if err := Settle(t.Context(), c, []stream.Topic{stream.Usage.Named("runrate.other")}, nil); !errors.As(err, &missing) {
		t.Error(err)
	}
}

// TestCutLogIsNotSettled: a commit beyond the end of the log is no lag of 0.
func TestCutLogIsNotSettled(t *testing.T) {
	_, c := start(t)
	appendTo(t, c, 1, 5)
	source := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	if err := c.Commit(t.Context(), member(t, c), source, 8, ""); err != nil {
		t.Fatal(err)
	}
	const want = "runrate.usage/1: group runrate-usage has committed 8 and the log holds 0 up to 5: the log lost its tail, or the topic was made anew"
	var outside *Outside
	if _, err := Read(t.Context(), c, stream.Usage.Topic()); !errors.As(err, &outside) || err.Error() != want {
		t.Errorf("read: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var u *Unsettled
	if err := Settle(ctx, c, stream.Inputs(), nil); !errors.As(err, &u) || len(u.Unknown) != 1 || !strings.Contains(u.Unknown[0], want) {
		t.Errorf("settle: %v", err)
	}
}

// TestHaltedIsNotWaitedFor: a partition that is behind and halted for a while ends the
// wait; one that is halted and not behind, or that is folded again, does not.
func TestHaltedIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		usage := stream.Usage.Topic()
		behind, done := stream.Source{Topic: usage, Partition: 1}, stream.Source{Topic: usage}
		halted := map[stream.Source]string{behind: "it is halted", done: "so is it"}
		var unread error
		s := &settling{
			topics: []stream.Topic{usage}, ends: map[stream.Source]stream.Offset{behind: 5, done: 5},
			last:   map[stream.Topic]reading{usage: {partitions: []Partition{{Source: done, Log: broker.Range{First: 5, End: 5}}, {Source: behind, Log: broker.Range{End: 5}}}}},
			halted: func(context.Context) (map[stream.Source]string, error) { return halted, unread },
		}
		seconds := func(n int) (stuck bool) {
			for range n {
				time.Sleep(time.Second)
				stuck = s.stuck(t.Context())
			}
			return stuck
		}
		if seconds(15) {
			t.Error("too early")
		}
		delete(halted, behind)
		if seconds(5) {
			t.Error("it is folded again")
		}
		halted[behind] = "it is halted"
		if seconds(10) {
			t.Error("it was folded meanwhile")
		}
		unread = errors.New("away")
		if seconds(3) {
			t.Error("nobody tells")
		}
		unread = nil
		if !seconds(3) {
			t.Error("it has been halted for long enough")
		}
		if err := s.unsettled(ErrHalted); !strings.Contains(err.Error(), "5 records in 1 partitions are not folded yet; it is halted") || strings.Contains(err.Error(), "so is it") || !errors.Is(err, ErrHalted) {
			t.Error(err)
		}
	})
}
