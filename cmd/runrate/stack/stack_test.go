package stack

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/consume"
	"runrate/consumers/intake"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/stream"
	"runrate/test/localtest"
)

// order is what was started (+) and stopped (-), in order.
type order struct {
	mu   sync.Mutex
	list []string
}

func (o *order) add(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, what)
}

func (o *order) expect(t *testing.T, want ...string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.list, want) {
		t.Errorf("what happened is %v, want %v", o.list, want)
	}
}

// start makes a part that only says when it is started and stopped; failing, if not
// nil, is why it does not start.
func (o *order) start(name string, p part, failing error) func(context.Context, Options, context.CancelCauseFunc) (part, error) {
	return func(context.Context, Options, context.CancelCauseFunc) (part, error) {
		if failing != nil {
			return part{}, failing
		}
		o.add("+" + name)
		p.stop = func() { o.add("-" + name) }
		return p, nil
	}
}

func options(t *testing.T) Options {
	return Options{
		DataDir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 2, Replication: 1, NoTicker: true,
		Memory: intake.DefaultMemory, Limits: worker.DefaultLimits, Logger: zap.NewNop(), Out: &bytes.Buffer{},
		Kafka: broker.Config{Timeout: 10 * time.Second},
	}
}

// TestPartThatDoesNotStart: its error is told, and what was started before it is
// stopped in the reverse order.
func TestPartThatDoesNotStart(t *testing.T) {
	broken := errors.New("no such library")
	nowhere := part{address: "127.0.0.1:1", brokers: "127.0.0.1:1"}
	for _, c := range []struct {
		name               string
		clickhouse, broker error
		want               string
		order              []string
	}{
		{"ClickHouse", broken, nil, "no such library", nil},
		{"the broker", nil, broken, "no such library", []string{"+clickhouse", "-clickhouse"}},
		{"the tables", nil, nil, "dial tcp 127.0.0.1:1", []string{"+clickhouse", "+broker", "-broker", "-clickhouse"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o order
			err := run(t.Context(), options(t), starts{
				clickhouse: o.start("clickhouse", nowhere, c.clickhouse), broker: o.start("broker", nowhere, c.broker),
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ended with %v, want %s", err, c.want)
			}
			o.expect(t, c.order...)
		})
	}
}

// TestToldToEndWhileStarting: that is no error, whatever it makes fail.
func TestToldToEndWhileStarting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := options(t)
	o.UseClickHouse, o.ClickHouse.Address, o.Brokers = true, "127.0.0.1:1", "127.0.0.1:1"
	if err := Run(ctx, o); err != nil {
		t.Errorf("ended with %v", err)
	}
	if err := Run(t.Context(), o); err == nil {
		t.Error("without being told to end it is no error either")
	}
}

// whenUp is an output that says the address of /readyz as soon as everything is up.
type whenUp chan string

var readyz = regexp.MustCompile(`http://(\S+)/readyz`)

func (w whenUp) Write(b []byte) (int, error) {
	if m := readyz.FindSubmatch(b); m != nil {
		w <- string(m[1])
	}
	return len(b), nil
}

// observed are real parts, but for ClickHouse, which the tests share, and what happens
// to them.
type observed struct {
	*testing.T
	happened order
	fail     context.CancelCauseFunc
	broken   chan error    // what a consumer fails with
	stopping chan struct{} // closed when the broker is stopped
}

func (o *observed) starts() starts { return starts{o.clickhouse, o.broker, o.consumer} }

func (o *observed) clickhouse(ctx context.Context, options Options, cancel context.CancelCauseFunc) (part, error) {
	if code, body := get(o.T, options.Listen, "/readyz"); code != 503 || body != "not ready: starting\n" {
		o.Errorf("while it starts it answers %d %q", code, body)
	}
	return o.happened.start("clickhouse", part{address: localtest.ClickHouse(o.T).TCPAddr()}, nil)(ctx, options, cancel)
}

func (o *observed) broker(ctx context.Context, options Options, cancel context.CancelCauseFunc) (part, error) {
	o.fail = cancel
	kafka, err := startBroker(ctx, options, cancel)
	if err != nil {
		return kafka, err
	}
	p, err := o.happened.start("broker", kafka, nil)(ctx, options, cancel)
	said := p.stop
	p.stop = func() { close(o.stopping); said(); kafka.stop() }
	return p, err
}

func (o *observed) consumer(ctx context.Context, topic stream.Topic, options consume.Options) error {
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() {
		select {
		case err := <-o.broken:
			fail(err)
		case <-running.Done():
		}
	}()
	err := consume.Run(running, topic, options)
	if ctx.Err() == nil && running.Err() != nil {
		err = context.Cause(running)
	}
	select { // it takes its time to end, unless it is not waited for
	case <-time.After(50 * time.Millisecond):
	case <-o.stopping:
	}
	o.happened.add("-consumer")
	return err
}

// TestRun: it answers 503 while it starts and 200 when it is up; told to end, it
// stops the consumers, then the broker, then ClickHouse; a part or a consumer that
// fails ends it with that reason.
func TestRun(t *testing.T) {
	disk := errors.New("the embedded broker failed: disk full")
	t.Run("told to end", func(t *testing.T) {
		testRun(t, func(end context.CancelFunc, _ *observed) { end() }, nil)
	})
	t.Run("a part fails", func(t *testing.T) {
		testRun(t, func(_ context.CancelFunc, parts *observed) { parts.fail(disk) }, disk)
	})
	t.Run("a consumer fails", func(t *testing.T) {
		denied := errors.New("the topic is not ours to read")
		testRun(t, func(_ context.CancelFunc, parts *observed) { parts.broken <- denied }, denied)
	})
}

func testRun(t *testing.T, finish func(context.CancelFunc, *observed), want error) {
	up := make(whenUp, 1)
	o := options(t)
	o.Out, o.ClickHouse.Database = up, localtest.Database(t)
	ctx, end := context.WithTimeout(t.Context(), 2*time.Minute)
	defer end()
	parts := &observed{T: t, broken: make(chan error), stopping: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, o, parts.starts()) }()
	var address string
	select {
	case address = <-up:
	case err := <-ended:
		t.Fatal(err)
	}
	if code, body := get(t, address, "/readyz"); code != 200 || body != "ready\n" {
		t.Errorf("when it is up it answers %d %q", code, body)
	}
	if code, body := get(t, address, "/"); code != 200 || !strings.Contains(body, "<title>runrate</title>") {
		t.Errorf("the page answers %d %q", code, body)
	}
	if code, body := get(t, address, "/page/data"); code != 200 || strings.Contains(body, `"error"`) {
		t.Errorf("its data answers %d %q", code, body)
	}
	finish(end, parts)
	if err := <-ended; !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("ended with %v, want %v", err, want)
	}
	parts.happened.expect(t, "+clickhouse", "+broker", "-consumer", "-consumer", "-broker", "-clickhouse")
	if answer, err := http.Get("http://" + address + "/readyz"); err == nil {
		answer.Body.Close()
		t.Error("it answers after its end")
	}
}
