package broker

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/describegroups"
)

// Members is how many members a consumer group has now, those without a partition
// among them; 0 if there is no such group.
func (c *Client) Members(ctx context.Context, group string) (int, error) {
	what := fmt.Sprintf("count the members of group %s", group)
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	m, err := c.transport.RoundTrip(ctx, c.addr, &describegroups.Request{Groups: []string{group}})
	if err != nil {
		return 0, failed("%s: %w", what, err)
	}
	for _, g := range m.(*describegroups.Response).Groups {
		switch code := kafka.Error(g.ErrorCode); {
		case g.GroupID != group:
		case code == kafka.GroupIdNotFound: // some brokers say so, others name a dead group
			return 0, nil
		case code != 0:
			return 0, failed("%s: %w", what, code)
		default:
			return len(g.Members), nil
		}
	}
	return 0, failed("%s: the broker left it out: %w", what, kafka.Unknown)
}
