package gateway_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/producers/gateway"
)

// BenchmarkDoor is 32 clients on loopback and an embedded broker: events a second, and how
// long a request takes.
func BenchmarkDoor(b *testing.B) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	l, err := gateway.Listen("127.0.0.1:0", "--listen")
	if err != nil {
		b.Fatal(err)
	}
	server := gateway.NewServer(gateway.New(gateway.Options{Log: c}), gateway.DefaultLimits, zap.NewNop())
	go server.Serve(l) //nolint:errcheck // ends with the benchmark
	defer server.Close()
	for _, size := range []int{1, 100, 500} {
		b.Run(fmt.Sprintf("events=%d", size), func(b *testing.B) {
			var mu sync.Mutex
			var took []time.Duration
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				var lines strings.Builder
				for i := range size {
					lines.WriteString(usage(fmt.Sprint(i), fmt.Sprint("acct_", i%50)) + "\n")
				}
				for pb.Next() {
					began := time.Now()
					resp, err := http.Post("http://"+l.Addr().String()+"/v1/events", "application/x-ndjson", strings.NewReader(lines.String()))
					if err != nil {
						b.Error(err)
						return
					}
					resp.Body.Close()
					if resp.StatusCode != http.StatusAccepted {
						b.Errorf("answered %d", resp.StatusCode)
					}
					mu.Lock()
					took = append(took, time.Since(began))
					mu.Unlock()
				}
			})
			slices.Sort(took)
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
