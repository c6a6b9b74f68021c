package monitor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// brokerOf is the environment variable by which this test's program is a broker with so
// many partitions of each topic, and nothing else: what it costs is not the monitor's.
const brokerOf = "RUNRATE_BENCH_PARTITIONS"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(brokerOf)); err == nil {
		serve(n)
		return
	}
	os.Exit(m.Run())
}

// serve is three brokers until standard input ends.
func serve(partitions int) {
	k, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(int32(partitions), stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer k.Close()
	fmt.Println(strings.Join(k.ListenAddrs(), ","))
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it has ended
}

// simulated is a client of a broker in a process of its own. Its groups own and have
// committed every partition; one in so many has a record that has been waiting for an hour.
func simulated(b *testing.B, partitions, waits int) *broker.Client {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), brokerOf+"="+strconv.Itoa(partitions))
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = cmd.Wait() }) // it has nothing to say any more
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	c, err := broker.Open(broker.Config{Brokers: strings.Split(strings.TrimSpace(line), ",")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	for _, topic := range stream.Inputs() {
		joined(b, c, topic, partitions, waits)
	}
	return c
}

func joined(b *testing.B, c *broker.Client, topic stream.Topic, partitions, waits int) {
	b.Helper()
	name := topic.Kind().Group()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: name, Brokers: c.Config().Brokers, Topics: []string{topic.String()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { group.Close() })
	g, err := group.Next(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	all := make([]kafka.OffsetCommit, partitions)
	for p := range all {
		all[p].Partition = p
	}
	k := kafka.Client{Addr: kafka.TCP(c.Config().Brokers...), Timeout: time.Minute}
	res, err := k.OffsetCommit(b.Context(), &kafka.OffsetCommitRequest{GroupID: name, GenerationID: int(g.ID), MemberID: g.MemberID, Topics: map[string][]kafka.OffsetCommit{topic.String(): all}})
	if err != nil || len(res.Topics[topic.String()]) != partitions {
		b.Fatal(err)
	}
	for p := 0; p < partitions; p += waits {
		if _, err := c.Append(b.Context(), topic, int32(p), []broker.Message{{Time: time.Now().Add(-time.Hour).UnixMicro()}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMonitor is what a cycle costs: of both topics, with so many partitions each, in
// a monitor that has looked for two minutes, one partition in a hundred being late. %core is
// of the five seconds that a cycle has.
func BenchmarkMonitor(b *testing.B) {
	for _, partitions := range []int{64, 10_000} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			c := simulated(b, partitions, 100)
			registry := prometheus.NewRegistry()
			words := words(partitions)
			kept := 0
			m := New(Options{Client: c, Logger: zap.NewNop(),
				Said: func(context.Context) ([]freshness.Partition, error) { return words, nil },
				Keep: func(_ context.Context, all []Reading) error { kept = len(all); return nil },
			}, registry)
			for range 24 {
				m.Cycle(b.Context())
			}
			for _, r := range m.Rows(time.Now()) {
				if r.Lag == nil || *r.Lag != 0 && r.Partition%100 != 0 {
					b.Fatalf("it was not read: %+v", r)
				}
			}
			requests, used := requested(b, registry), cpu(b)
			b.ReportAllocs()
			for b.Loop() {
				m.Cycle(b.Context())
			}
			used = cpu(b) - used
			cycles := float64(b.N)
			b.ReportMetric(float64(used.Milliseconds())/cycles, "cpu-ms/cycle")
			b.ReportMetric(100*used.Seconds()/cycles/Every.Seconds(), "%core")
			b.ReportMetric((requested(b, registry)-requests)/cycles, "requests/cycle")
			if kept != 2*partitions {
				b.Errorf("%d readings", kept)
			}
		})
	}
}

// BenchmarkLate is what a cycle costs while every partition is late and the topics keep the
// times of appends: first=true are the first twelve cycles, which ask since when.
func BenchmarkLate(b *testing.B) {
	for _, partitions := range []int{64, 10_000} {
		c := simulated(b, partitions, 1)
		keepAppendTimes(b, c)
		for _, first := range []bool{true, false} {
			b.Run(fmt.Sprintf("partitions=%d/first=%v", partitions, first), func(b *testing.B) {
				var m *Monitor
				registry := prometheus.NewRegistry()
				again := func() {
					registry = prometheus.NewRegistry()
					m = New(Options{Client: c, Logger: zap.NewNop()}, registry)
				}
				again()
				for range 24 {
					m.Cycle(b.Context())
				}
				for _, r := range m.Rows(time.Now()) {
					if *r.LagSeconds < 3400 {
						b.Fatalf("it was not asked since when: %+v", r)
					}
				}
				cycles, requests, used := 0.0, -requested(b, registry), cpu(b)
				for b.Loop() {
					if first {
						requests += requested(b, registry)
						again()
					}
					for range 12 {
						m.Cycle(b.Context())
						cycles++
					}
				}
				used = cpu(b) - used
				requests += requested(b, registry)
				b.ReportMetric(float64(used.Milliseconds())/cycles, "cpu-ms/cycle")
				b.ReportMetric(100*used.Seconds()/cycles/Every.Seconds(), "%core")
				b.ReportMetric(requests/cycles, "requests/cycle")
			})
		}
	}
}

func keepAppendTimes(b *testing.B, c *broker.Client) {
	b.Helper()
	k := kafka.Client{Addr: kafka.TCP(c.Config().Brokers...), Timeout: time.Minute}
	req := &kafka.IncrementalAlterConfigsRequest{}
	for _, topic := range stream.Inputs() {
		req.Resources = append(req.Resources, kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic.String(),
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "message.timestamp.type", Value: "LogAppendTime", ConfigOperation: kafka.ConfigOperationSet}, {Name: "retention.ms", Value: "-1", ConfigOperation: kafka.ConfigOperationSet}}})
	}
	res, err := k.IncrementalAlterConfigs(b.Context(), req)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			b.Fatal(r.Error)
		}
	}
}

// BenchmarkScrape is what a scrape of the metrics costs, as Prometheus makes one every 15 s.
func BenchmarkScrape(b *testing.B) {
	for _, partitions := range []int{64, 10_000} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			c := simulated(b, partitions, 100)
			registry := prometheus.NewRegistry()
			m := New(Options{Client: c, Logger: zap.NewNop()}, registry)
			m.Cycle(b.Context())
			var bytes int
			used := cpu(b)
			for b.Loop() {
				bytes = len(scrape(registry))
			}
			b.ReportMetric(float64((cpu(b)-used).Milliseconds())/float64(b.N), "cpu-ms/scrape")
			b.ReportMetric(float64(bytes)/1e6, "MB")
		})
	}
}

// words are of consumers that are well.
func words(partitions int) (all []freshness.Partition) {
	for _, topic := range stream.Inputs() {
		for p := range partitions {
			all = append(all, freshness.Partition{Source: stream.Source{Topic: topic, Partition: int32(p)}, Status: "ok", Clock: time.Now()})
		}
	}
	return all
}

// requested is how many requests a monitor has made.
func requested(b *testing.B, r *prometheus.Registry) (n float64) {
	b.Helper()
	families, err := r.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "runrate_monitor_requests_total" {
			for _, one := range f.GetMetric() {
				n += one.GetCounter().GetValue()
			}
		}
	}
	return n
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
