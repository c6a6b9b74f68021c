package stack

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/deploy/local"
	"runrate/schemas/topics"
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
	b, err := local.StartBroker(bounded, local.BrokerConfig{Dir: o.dir("broker"), Port: o.KafkaPort, ClockTopic: topics.Clock})
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

// startClickHouse starts it once, and again whenever it ends by itself, on the same
// ports. No client should bring that about (package local keeps that away); it is
// the last resort, for a crash or the kernel's want of memory.
func startClickHouse(ctx context.Context, o Options, cancel context.CancelCauseFunc) (part, error) {
	if o.UseClickHouse {
		return part{address: o.ClickHouse.Address, stop: func() {}}, nil
	}
	library := o.Library
	if library == "" {
		library = os.Getenv("RUNRATE_CLICKHOUSE_LIB")
	}
	config := local.Config{Dir: o.dir("clickhouse"), HTTPPort: o.HTTPPort, TCPPort: o.TCPPort, Library: library}
	begin := func(ctx context.Context) (server, error) {
		bounded, end := context.WithTimeout(ctx, startBound)
		defer end()
		ch, err := local.StartClickHouse(bounded, config)
		if err != nil {
			return nil, err
		}
		config.HTTPPort, config.TCPPort = port(ch.HTTPAddr()), port(ch.TCPAddr())
		return ch, nil
	}
	s, err := supervise(ctx, "ClickHouse", begin, o.Logger, cancel)
	if err != nil {
		return part{}, err
	}
	ch := s.server.(*local.ClickHouse)
	return part{address: ch.TCPAddr(), http: ch.HTTPAddr(), stop: s.stop}, nil
}

// port is the port of an address that this process listens on.
func port(address string) int {
	_, p, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(p)
	return n
}

// openReader connects for the page: to a ClickHouse of this process as its user who only
// reads, elsewhere as the user that is given.
func openReader(ctx context.Context, o Options, server part) (*store.Store, error) {
	bounded, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	options := o.ClickHouse
	options.Address = server.address
	if !o.UseClickHouse {
		options.User = local.Analyst
	}
	return store.Open(bounded, options)
}
