// Package localtest gives tests a real ClickHouse and a real broker with files, one
// of each per test binary, started when a test first asks. A test that starts its own
// keeps them in a [Dir].
//
// A package whose tests use it says
//
//	func TestMain(m *testing.M) { localtest.Main(m) }
//
// and its tests ask for [ClickHouse] and [Database], or [Broker] and [Topic].
// Nothing outlives the test binary, even one that is killed. A ClickHouse that
// is missing fails the test, with the way to get it.
package localtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/segmentio/kafka-go"

	"runrate/deploy/local"
)

// startBound is how long a part has to start. Several test binaries may start
// theirs at once on a small machine.
const startBound = 90 * time.Second

// shared is what the tests of this binary share.
var shared struct {
	sync.Mutex
	dir        *directory
	clickhouse *local.ClickHouse
	broker     *local.Broker
	err        map[string]error // of a part that could not start, by name
}

// Main runs the tests of a package, ends what they started, and exits. It is all
// that TestMain does, or the last thing.
func Main(m *testing.M) {
	local.RunChild()
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// ClickHouse is the ClickHouse of this test binary. A test that kills or stops
// one starts its own with local.StartClickHouse.
func ClickHouse(t testing.TB) *local.ClickHouse {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.clickhouse == nil {
		begin(t, "clickhouse", func(ctx context.Context, dir string) (err error) {
			shared.clickhouse, err = local.StartClickHouse(ctx, local.Config{Dir: dir, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")})
			return err
		})
	}
	if err := shared.clickhouse.Err(); err != nil {
		t.Fatal(err)
	}
	return shared.clickhouse
}

// Broker is the broker of this test binary. It creates no topic by itself.
func Broker(t testing.TB) *local.Broker {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.broker == nil {
		begin(t, "broker", func(ctx context.Context, dir string) (err error) {
			shared.broker, err = local.StartBroker(ctx, local.BrokerConfig{Dir: dir, MinSessionTimeout: 500 * time.Millisecond})
			return err
		})
	}
	if err := shared.broker.Err(); err != nil {
		t.Fatal(err)
	}
	return shared.broker
}

// begin starts a part, once: when it failed for one test, it fails for the next
// without another try. shared is locked.
func begin(t testing.TB, name string, start func(context.Context, string) error) {
	t.Helper()
	err := shared.err[name]
	if err == nil {
		err = beginIn(name, start)
	}
	if err != nil {
		if shared.err == nil {
			shared.err = make(map[string]error)
		}
		shared.err[name] = err
		t.Fatal(err)
	}
}

func beginIn(name string, start func(context.Context, string) error) error {
	if shared.dir == nil {
		dir, err := newDirectory()
		if err != nil {
			return err
		}
		shared.dir = dir
	}
	ctx, cancel := context.WithTimeout(context.Background(), startBound)
	defer cancel()
	return start(ctx, filepath.Join(shared.dir.path, name))
}

var serial atomic.Int64

// Name is a name that no other test of this binary has, for a database, a topic
// or a group: from the test's own, in lower-case letters, digits and underscores.
func Name(t testing.TB) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, t.Name())
	return fmt.Sprintf("%.80s_%d", clean, serial.Add(1))
}

// Database creates an empty database in ClickHouse, and returns its name. It is
// dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	ch := ClickHouse(t)
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{ch.TCPAddr()}})
	if err != nil {
		t.Fatal(err)
	}
	name := Name(t)
	if err := conn.Exec(context.Background(), "CREATE DATABASE "+name+" ENGINE = Atomic"); err != nil {
		t.Fatalf("create the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Exec(context.Background(), "DROP DATABASE "+name+" SYNC"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		if err := conn.Close(); err != nil {
			t.Errorf("close the test's connection: %v", err)
		}
	})
	return name
}

// Topic creates an empty topic on the broker, and returns its name. Its records
// are kept for as long as the broker runs.
func Topic(t testing.TB, partitions int) string {
	t.Helper()
	name := Name(t)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(Broker(t).Addr()), Timeout: 10 * time.Second, Transport: transport}
	resp, err := c.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}},
	})
	if err == nil {
		err = resp.Errors[name]
	}
	if err != nil {
		t.Fatalf("create the test's topic: %v", err)
	}
	return name
}

// stop ends the parts and removes their files.
func stop() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.clickhouse != nil {
		// Nobody will read its data: no need to end it in order.
		if err := shared.clickhouse.Kill(); err != nil {
			return err
		}
	}
	if shared.broker != nil {
		if err := shared.broker.Stop(); err != nil {
			return err
		}
	}
	if shared.dir != nil {
		return shared.dir.remove()
	}
	return nil
}
