package kafkacluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// pollInterval is between two looks at something that is waited for.
const pollInterval = 50 * time.Millisecond

// askBound is how long one question to one node may take.
const askBound = 5 * time.Second

// until calls done until it returns no error, or ctx is over, or a node that
// should run has ended.
func (c *Cluster) until(ctx context.Context, what string, done func(context.Context) error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := done(ctx)
		if err == nil {
			return nil
		}
		for _, n := range c.nodes {
			n.mu.Lock()
			p, down := n.process, n.down
			n.mu.Unlock()
			if !down && p.ended() {
				return fmt.Errorf("%s: %w", what, p.failed())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w%s", what, context.Cause(ctx), err, c.lastWords())
		}
	}
}

// lastWords are those of the nodes that run, to explain why they are not ready.
func (c *Cluster) lastWords() string {
	var s string
	for _, n := range c.nodes {
		if n.answers() {
			s += "\n" + n.name() + n.process.lastWords()
		}
	}
	return s
}

// ask connects to node i and asks it something.
func (c *Cluster) ask(ctx context.Context, i int, question func(*kafka.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	dialer := kafka.Dialer{ClientID: "runrate-test"}
	conn, err := dialer.DialContext(ctx, "tcp", address(c.nodes[i].ports.broker))
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	return question(conn)
}

// askAny asks the nodes that can answer, one after the other, until one does.
func (c *Cluster) askAny(ctx context.Context, question func(*kafka.Conn) error) error {
	err := errors.New("no node runs")
	for i, n := range c.nodes {
		if !n.answers() {
			continue
		}
		if err = c.ask(ctx, i, question); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// waitNodes waits until every node that can answer knows all of them as live.
func (c *Cluster) waitNodes(ctx context.Context) error {
	var live []int
	for i, n := range c.nodes {
		if n.answers() {
			live = append(live, i)
		}
	}
	return c.until(ctx, "wait for Kafka's nodes", func(ctx context.Context) error {
		for _, i := range live {
			if err := c.ask(ctx, i, func(conn *kafka.Conn) error {
				brokers, err := conn.Brokers()
				if err != nil {
					return err
				}
				known := make(map[int]bool)
				for _, b := range brokers {
					known[b.ID-1] = true
				}
				for _, other := range live {
					if !known[other] {
						return fmt.Errorf("node %d does not know node %d yet", i, other)
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// waitGroups waits until there are coordinators of consumer groups, whose topic
// is created when one is first asked for.
func (c *Cluster) waitGroups(ctx context.Context) error {
	return c.until(ctx, "wait for Kafka's group coordinators", func(ctx context.Context) error {
		_, err := c.Coordinator(ctx, "runrate-test")
		return err
	})
}
