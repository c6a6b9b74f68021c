package broker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/segmentio/kafka-go"

	"runrate/internal/stream"
)

// Owners are who in a consumer group has which partitions of a topic.
type Owners struct {
	Rebalancing bool
	Has         map[int32]bool
	// Print is another one whenever members or what they have change.
	Print string
}

// Owners asks the group's coordinator.
func (c *Client) Owners(ctx context.Context, topic stream.Topic) (Owners, error) {
	group := topic.Kind().Group()
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	o := Owners{Has: map[int32]bool{}}
	res, err := c.kafka.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return o, failed("describe group %s: %w", group, err)
	}
	for _, g := range res.Groups {
		if g.GroupID != group || g.Error != nil {
			continue
		}
		o.Rebalancing = strings.HasSuffix(g.GroupState, "Rebalance")
		var prints []string
		for _, m := range g.Members {
			print := m.MemberID
			for _, t := range m.MemberAssignments.Topics {
				if t.Topic != c.InKafka(topic).String() {
					continue
				}
				for _, p := range t.Partitions {
					o.Has[int32(p)] = true //nolint:gosec // an int32 in the protocol
				}
				print += fmt.Sprint(t.Partitions)
			}
			prints = append(prints, print)
		}
		slices.Sort(prints)
		o.Print = strings.Join(prints, ",")
	}
	return o, nil
}
