package broker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// join makes a consumer group member and returns its first generation.
func join(t *testing.T, c *Client, group string, topic stream.Topic) Member {
	t.Helper()
	dialer, err := c.Config().Dialer()
	if err != nil {
		t.Fatal(err)
	}
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: c.Config().Brokers, Topics: []string{topic.String()}, Dialer: dialer,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	gen, err := g.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return Member{Group: group, Generation: gen.ID, ID: gen.MemberID}
}

// TestMembers: a group that is not there has none, and those of another do not count.
func TestMembers(t *testing.T) {
	_, c := cluster(t, kfake.SeedTopics(1, stream.Usage.Topic().String()))
	count := func(want int) {
		t.Helper()
		if n, err := c.Members(t.Context(), stream.Usage.Group()); err != nil || n != want {
			t.Errorf("%d members, %v; want %d", n, err, want)
		}
	}
	count(0)
	join(t, c, stream.Usage.Group(), stream.Usage.Topic())
	count(1)
	join(t, c, "another group", stream.Usage.Topic())
	count(1)
}

func TestCommit(t *testing.T) {
	ctx := t.Context()
	_, c := cluster(t, kfake.SeedTopics(2, stream.Usage.Topic().String()))
	commits, err := c.Committed(ctx, stream.Usage.Group(), stream.Usage.Topic())
	if err != nil || len(commits) != 2 || commits[0].Set || commits[1].Set {
		t.Fatalf("before any commit: %v, %v", commits, err)
	}
	m := join(t, c, stream.Usage.Group(), stream.Usage.Topic())
	s := stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	if err := c.Commit(ctx, m, s, 0, "snapshot 0"); err != nil {
		t.Fatal(err)
	}
	commits, err = c.Committed(ctx, stream.Usage.Group(), stream.Usage.Topic())
	if err != nil || commits[0].Set || commits[1] != (Commit{Set: true, Next: 0, Metadata: "snapshot 0"}) {
		t.Fatalf("after a commit of 0: %v, %v", commits, err)
	}
	var out *Fenced
	for _, other := range []Member{
		{m.Group, m.Generation - 1, m.ID}, {m.Group, m.Generation + 1, m.ID}, {m.Group, m.Generation, "someone else"},
	} {
		if other.Generation < 0 {
			continue
		}
		if err := c.Commit(ctx, other, s, 7, ""); !errors.As(err, &out) || fault.Passes(err) {
			t.Errorf("commit as %+v: %v", other, err)
		}
	}
	for _, bad := range []struct {
		member   Member
		next     stream.Offset
		metadata string
	}{
		{Member{m.Group, -1, ""}, 7, ""}, {Member{m.Group, m.Generation, ""}, 7, ""}, {Member{m.Group, -1, m.ID}, 7, ""},
		{m, -1, ""}, {m, 7, strings.Repeat("x", MaxMetadata+1)},
	} {
		if err := c.Commit(ctx, bad.member, s, bad.next, bad.metadata); err == nil || fault.Passes(err) {
			t.Errorf("commit %+v: %v", bad, err)
		}
	}
	if commits, err = c.Committed(ctx, stream.Usage.Group(), stream.Usage.Topic()); err != nil || commits[1].Next != 0 {
		t.Errorf("a refused commit moved the offset: %v, %v", commits, err)
	}
	if err := c.Commit(ctx, m, s, 8, strings.Repeat("x", MaxMetadata)); err != nil {
		t.Errorf("metadata at the limit: %v", err)
	}
}

func TestEveryPartitionsErrorIsLookedAt(t *testing.T) {
	ctx := t.Context()
	k, c := cluster(t, kfake.SeedTopics(2, stream.Usage.Topic().String()))
	m := join(t, c, stream.Usage.Group(), stream.Usage.Topic())
	for code, fencedBy := range map[kafka.Error]bool{
		kafka.RebalanceInProgress: true, kafka.FencedInstanceID: true, kafka.GroupLoadInProgress: false, kafka.OffsetMetadataTooLarge: false,
	} {
		k.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
			res := req.ResponseKind().(*kmsg.OffsetCommitResponse)
			p := kmsg.NewOffsetCommitResponseTopicPartition()
			p.Partition, p.ErrorCode = 1, int16(code)
			topic := kmsg.NewOffsetCommitResponseTopic()
			topic.Topic, topic.Partitions = stream.Usage.Topic().String(), append(topic.Partitions, p)
			res.Topics = append(res.Topics, topic)
			return res, nil, true
		})
		err := c.Commit(ctx, m, stream.Source{Topic: stream.Usage.Topic(), Partition: 1}, 7, "")
		var out *Fenced
		if !errors.Is(err, code) || errors.As(err, &out) != fencedBy {
			t.Errorf("code %d: %v", code, err)
		}
	}
	for _, leaveOut := range []bool{false, true} {
		k.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
			res := req.ResponseKind().(*kmsg.OffsetFetchResponse)
			topic := kmsg.NewOffsetFetchResponseTopic()
			topic.Topic = stream.Usage.Topic().String()
			for id := range int32(2) {
				p := kmsg.NewOffsetFetchResponseTopicPartition()
				p.Partition, p.Offset = id, 5
				if id == 1 {
					if leaveOut {
						continue
					}
					p.Offset, p.ErrorCode = -1, int16(kafka.UnstableOffsetCommit)
				}
				topic.Partitions = append(topic.Partitions, p)
			}
			res.Topics = append(res.Topics, topic)
			return res, nil, true
		})
		if got, err := c.Committed(ctx, stream.Usage.Group(), stream.Usage.Topic()); !fault.Passes(err) {
			t.Errorf("left out %v: %v, %v", leaveOut, got, err)
		}
		k.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
			res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
			if leaveOut {
				return res, nil, true
			}
			p := kmsg.NewListOffsetsResponseTopicPartition()
			p.Partition, p.ErrorCode = req.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Partition, int16(kafka.NotLeaderForPartition)
			topic := kmsg.NewListOffsetsResponseTopic()
			topic.Topic, topic.Partitions = stream.Usage.Topic().String(), append(topic.Partitions, p)
			res.Topics = append(res.Topics, topic)
			return res, nil, true
		})
		if got, err := c.Offsets(ctx, stream.Usage.Topic()); !fault.Passes(err) {
			t.Errorf("left out %v: offsets %v, %v", leaveOut, got, err)
		}
	}
}
