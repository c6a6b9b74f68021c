package broker

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/stream"
)

// BenchmarkFetch reads a log of 250-byte values, the embedded broker included.
func BenchmarkFetch(b *testing.B) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, stream.Usage.Topic().String()))
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	c, err := Open(Config{Brokers: k.ListenAddrs()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	batch := make([]Message, 2000)
	for i := range batch {
		batch[i] = Message{Key: []byte("acct_42"), Value: bytes.Repeat([]byte("x"), 250)}
	}
	for range 100 {
		if _, err := c.Append(context.Background(), stream.Usage.Topic(), 0, batch); err != nil {
			b.Fatal(err)
		}
	}
	source := stream.Source{Topic: stream.Usage.Topic()}
	var records int
	b.ReportAllocs()
	for b.Loop() {
		for next := stream.Offset(0); next < 200_000; {
			rs, _, err := c.Fetch(context.Background(), source, next, 4<<20, time.Second)
			if err != nil {
				b.Fatal(err)
			}
			next += stream.Offset(len(rs))
			records += len(rs)
		}
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
