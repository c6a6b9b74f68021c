// Command door is the benchmark of `make bench-door`: the gateway, a process of its own, before
// an embedded broker on disk, another process, and clients on loopback in this one. For
// requests of 1, 100 and 500 events it tells how many a second are acknowledged, how long a
// request takes, and the CPU time an event costs; with -steady it goes on at 500 and tells how
// the gateway's memory goes.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/deploy/local"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/bench"
)

// options are what is measured.
type options struct {
	each, steady time.Duration
	clients      int
	dir          string
}

func main() {
	local.RunChild()
	runtime.LockOSThread() // the gateway dies with the thread that started it
	var o options
	flag.DurationVar(&o.each, "each", 20*time.Second, "how long each size is measured")
	flag.DurationVar(&o.steady, "steady", 0, "how long to go on with 500 events a request, and watch the gateway's memory")
	flag.IntVar(&o.clients, "clients", 32, "clients, each with one request at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-door:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.dir, err = os.MkdirTemp("", "runrate-bench-door-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	kafka, err := local.StartBrokerProcess(ctx, local.BrokerConfig{Dir: filepath.Join(o.dir, "broker")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kafka.Kill()) }()
	if err := topics(ctx, kafka.Addr()); err != nil {
		return err
	}
	g, err := open(ctx, o.dir, kafka.Addr())
	if err != nil {
		return err
	}
	defer g.end()
	fmt.Println("events a request   events/s   requests/s   p50 ms   p99 ms   max ms   CPU µs an event: gateway, broker")
	for _, size := range []int{1, 100, 500} {
		if err := measure(ctx, o, g, kafka.PID(), size); err != nil {
			return err
		}
	}
	if o.steady > 0 {
		return steady(ctx, o, g)
	}
	return nil
}

// topics are made, and keep little: a long run would fill the disk.
func topics(ctx context.Context, address string) error {
	c, err := broker.Open(broker.Config{Brokers: []string{address}})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.EnsureTopics(ctx, 4, 1); err != nil {
		return err
	}
	k := kafka.Client{Addr: kafka.TCP(address)}
	set := func(name, value string) kafka.IncrementalAlterConfigsRequestConfig {
		return kafka.IncrementalAlterConfigsRequestConfig{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}
	}
	_, err = k.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{Resources: []kafka.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: stream.Usage.Topic().String(),
		Configs: []kafka.IncrementalAlterConfigsRequestConfig{set("segment.bytes", "67108864"), set("retention.bytes", "268435456")},
	}}})
	return err
}

// gateway is the process that is measured.
type gateway struct {
	cmd *exec.Cmd
	url string
}

// open builds the program and starts its gateway.
func open(ctx context.Context, dir, kafka string) (*gateway, error) {
	binary := filepath.Join(dir, "runrate")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "runrate/cmd/runrate")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build the program: %w", err)
	}
	g := &gateway{cmd: exec.CommandContext(ctx, binary, "gateway", "--without-keys", "--brokers", kafka, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")}
	g.cmd.Stderr = os.Stderr
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.cmd.SysProcAttr = bench.DieWithParent()
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, url, found := strings.Cut(lines.Text(), "POST "); found {
			g.url = strings.TrimSpace(url)
			return g, nil
		}
	}
	return nil, errors.Join(errors.New("the gateway did not say where it listens"), g.cmd.Wait())
}

func (g *gateway) end() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM) // it has ended already, if that fails
	_ = g.cmd.Wait()
}

// load is what clients have had answered.
type load struct {
	events atomic.Int64
	mu     sync.Mutex
	took   []time.Duration
}

// post has clients post requests of so many events until ctx ends.
func (l *load) post(ctx context.Context, o options, url string, size int) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.clients}}
	defer client.CloseIdleConnections()
	errs := make(chan error, o.clients)
	var id atomic.Int64
	for range o.clients {
		go func() {
			errs <- func() error {
				for ctx.Err() == nil {
					began := time.Now()
					if err := one(client, url, lines(&id, size)); err != nil {
						return err
					}
					l.events.Add(int64(size))
					l.mu.Lock()
					l.took = append(l.took, time.Since(began))
					l.mu.Unlock()
				}
				return nil
			}()
		}()
	}
	var all error
	for range o.clients {
		all = errors.Join(all, <-errs)
	}
	return all
}

// lines are so many events, each with an id of its own.
func lines(id *atomic.Int64, size int) string {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	var b strings.Builder
	for range size {
		n := id.Add(1)
		fmt.Fprintf(&b, `{"specversion":"1.0","type":"usage.recorded","source":"bench/door","id":"%d","time":"%s","subject":"acct_%d","data":{"product":"chat-large","quantities":{"input_tokens":1234,"output_tokens":567},"segment":"enterprise","region":"eu"}}`+"\n", n, now, n%5000)
	}
	return b.String()
}

func one(client *http.Client, url, body string) error {
	resp, err := client.Post(url, "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := bufio.NewReader(resp.Body).WriteTo(discard{}); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// measure prints a line of the table.
func measure(ctx context.Context, o options, g *gateway, kafka, size int) error {
	costs := func() (own, of time.Duration, err error) {
		own, err = bench.CPUOf(g.cmd.Process.Pid)
		if err == nil {
			of, err = bench.CPUOf(kafka)
		}
		return own, of, err
	}
	own, of, err := costs()
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, o.each)
	defer cancel()
	var l load
	began := time.Now()
	if err := l.post(bounded, o, g.url, size); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	ownAfter, ofAfter, err := costs()
	if err != nil {
		return err
	}
	slices.Sort(l.took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	n := float64(l.events.Load())
	fmt.Printf("%16d %10.0f %12.0f %8.1f %8.1f %8.1f   %.1f, %.1f\n", size, n/took, float64(len(l.took))/took,
		ms(l.took[len(l.took)/2]), ms(l.took[len(l.took)*99/100]), ms(l.took[len(l.took)-1]),
		float64((ownAfter-own).Microseconds())/n, float64((ofAfter-of).Microseconds())/n)
	return ctx.Err()
}

// steady goes on at 500 events a request, and prints the gateway's memory each half minute.
func steady(ctx context.Context, o options, g *gateway) error {
	bounded, cancel := context.WithTimeout(ctx, o.steady)
	defer cancel()
	var l load
	ended := make(chan error, 1)
	go func() { ended <- l.post(bounded, o, g.url, 500) }()
	fmt.Println("\nafter     events   gateway MB")
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	began, had := time.Now(), int64(0)
	for {
		select {
		case err := <-ended:
			return errors.Join(err, ctx.Err())
		case <-tick.C:
			bytes, err := bench.ResidentNow(g.cmd.Process.Pid)
			if err != nil {
				return err
			}
			l.mu.Lock()
			l.took = l.took[:0]
			l.mu.Unlock()
			now := l.events.Load()
			fmt.Printf("%5.0fs %10d %12.1f\n", time.Since(began).Seconds(), now-had, float64(bytes)/1e6)
			had = now
		}
	}
}
