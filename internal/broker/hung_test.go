package broker

import (
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// TestSnapshotLogIsBounded: a broker that takes a request and never answers costs what
// one request may take, whatever it is asked of the snapshot log; and is asked again.
func TestSnapshotLogIsBounded(t *testing.T) {
	s := stream.Source{Topic: stream.Snapshots()}
	for _, c := range []struct {
		name string
		key  kmsg.Key
		ask  func(t *testing.T, c *Client) error
	}{
		{"range", kmsg.ListOffsets, func(t *testing.T, c *Client) error {
			_, err := c.Range(t.Context(), s)
			return err
		}},
		{"append", kmsg.Produce, func(t *testing.T, c *Client) error {
			_, err := c.Append(t.Context(), s.Topic, s.Partition, messages(0, 1))
			return err
		}},
		{"retention", kmsg.DescribeConfigs, func(t *testing.T, c *Client) error {
			_, err := c.RetentionBytes(t.Context(), s.Topic)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, client := cluster(t, kfake.SeedTopics(1, s.Topic.String()))
			if err := c.ask(t, client); err != nil { // connected, and knows the topic
				t.Fatal(err)
			}
			client.config.Timeout, client.kafka.Timeout = 300*time.Millisecond, 300*time.Millisecond
			answer := make(chan struct{})
			goOn := sync.OnceFunc(func() { close(answer) })
			defer goOn()
			k.ControlKey(int16(c.key), func(kmsg.Request) (kmsg.Response, error, bool) {
				k.SleepControl(func() { <-answer })
				return nil, nil, false
			})
			ended := make(chan error, 1)
			go func() { ended <- c.ask(t, client) }()
			select {
			case err := <-ended:
				if !fault.Passes(err) {
					t.Errorf("while it hangs: %v", err)
				}
			case <-time.After(DefaultTimeout / 2): // the test's own bound
				t.Fatal("it waits for a broker that hangs")
			}
			goOn()
			client.config.Timeout, client.kafka.Timeout = DefaultTimeout, DefaultTimeout
			if err := c.ask(t, client); err != nil {
				t.Errorf("once it answers: %v", err)
			}
		})
	}
}
