package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"runrate/deploy/local"
)

// stopBound is how long a part has to stop.
const stopBound = 30 * time.Second

// part is a broker or a ClickHouse, embedded or not.
type part struct {
	brokers string // of a broker
	address string // of ClickHouse, native protocol
	http    string // of an embedded ClickHouse
	stop    func()
}

func startBroker(ctx context.Context, o Options, cancel context.CancelCauseFunc) (part, error) {
	if o.Brokers != "" {
		return part{brokers: o.Brokers, stop: func() {}}, nil
	}
	bounded, end := context.WithTimeout(ctx, startBound)
	defer end()
	b, err := local.StartBroker(bounded, local.BrokerConfig{Dir: o.dir("broker"), Port: o.KafkaPort})
	if err != nil {
		return part{}, err
	}
	go func() {
		<-b.Done()
		if err := b.Err(); err != nil {
			cancel(fmt.Errorf("the embedded broker failed: %w", err))
		}
	}()
	return part{brokers: b.Addr(), stop: func() {
		if err := b.Stop(); err != nil {
			o.Logger.Warn("stop the broker", zap.Error(err))
		}
	}}, nil
}

// A ClickHouse that ends by itself is started again after a pause, unless that
// happens too often within a while. No client should bring that about (package
// local keeps that away); it is the last resort, for a crash or the kernel's
// want of memory.
const (
	maxRestarts  = 10
	restartSpan  = 10 * time.Minute
	restartPause = time.Second
)

// clickhouse is the embedded ClickHouse, started again when it ends by itself.
type clickhouse struct {
	config local.Config
	logger *zap.Logger

	mu       sync.Mutex
	server   *local.ClickHouse
	stopping bool
}

func startClickHouse(ctx context.Context, o Options, cancel context.CancelCauseFunc) (part, error) {
	if o.UseClickHouse {
		return part{address: o.ClickHouse.Address, stop: func() {}}, nil
	}
	library := o.Library
	if library == "" {
		library = os.Getenv("RUNRATE_CLICKHOUSE_LIB")
	}
	c := &clickhouse{logger: o.Logger, config: local.Config{
		Dir: o.dir("clickhouse"), HTTPPort: o.HTTPPort, TCPPort: o.TCPPort, Library: library,
	}}
	if err := c.start(ctx); err != nil {
		return part{}, err
	}
	// The same ports again, should it have to be restarted.
	c.config.HTTPPort, c.config.TCPPort = port(c.server.HTTPAddr()), port(c.server.TCPAddr())
	go c.supervise(ctx, cancel)
	return part{address: c.server.TCPAddr(), http: c.server.HTTPAddr(), stop: c.stop}, nil
}

func (c *clickhouse) start(ctx context.Context) error {
	bounded, end := context.WithTimeout(ctx, startBound)
	defer end()
	server, err := local.StartClickHouse(bounded, c.config)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping { // meanwhile, and stop knew only the one before
		return server.Kill()
	}
	c.server = server
	return nil
}

func (c *clickhouse) supervise(ctx context.Context, cancel context.CancelCauseFunc) {
	var ends []time.Time // within restartSpan
	for {
		<-c.server.Done()
		c.mu.Lock()
		stopping, err := c.stopping, c.server.Err()
		c.mu.Unlock()
		if stopping || ctx.Err() != nil {
			return
		}
		now := time.Now()
		ends = append(slices.DeleteFunc(ends, func(t time.Time) bool { return now.Sub(t) > restartSpan }), now)
		if len(ends) > maxRestarts {
			cancel(fmt.Errorf("ClickHouse ended by itself %d times within %s, last: %w", len(ends), restartSpan, err))
			return
		}
		c.logger.Error("ClickHouse ended by itself; starting it again", zap.Error(err))
		_ = c.server.Kill() // gone already; this gives the directory free
		select {
		case <-time.After(restartPause):
		case <-ctx.Done():
			return
		}
		if err := c.start(ctx); err != nil {
			cancel(fmt.Errorf("start ClickHouse again: %w", err))
			return
		}
	}
}

func (c *clickhouse) stop() {
	c.mu.Lock()
	c.stopping = true
	server := c.server
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopBound)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		c.logger.Warn("stop ClickHouse", zap.Error(err))
	}
}

// port is the port of an address that this process listens on.
func port(address string) int {
	_, p, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(p)
	return n
}
