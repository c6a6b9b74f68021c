package lag

import (
	"context"
	"errors"
	"strings"
	"testing"
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
	if err := Settle(t.Context(), c, stream.Inputs()); err != nil {
		t.Fatal("an empty log, no group:", err)
	}
	appendTo(t, c, 1, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var u *Unsettled
	err := Settle(ctx, c, stream.Inputs())
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
	go func() { done <- Settle(t.Context(), c, stream.Inputs()) }()
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
	if err := Settle(ctx, c, stream.Inputs()); !errors.As(err, &u) || len(u.Unknown) != 2 {
		t.Errorf("%v", err)
	}
}

func TestNoTopicIsNotWaitedFor(t *testing.T) {
	_, c := start(t)
	var missing *broker.NoTopic
	if err := Settle(t.Context(), c, []stream.Topic{stream.Usage.Named("runrate.other")}); !errors.As(err, &missing) {
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
	if err := Settle(ctx, c, stream.Inputs()); !errors.As(err, &u) || len(u.Unknown) != 1 || !strings.Contains(u.Unknown[0], want) {
		t.Errorf("settle: %v", err)
	}
}
