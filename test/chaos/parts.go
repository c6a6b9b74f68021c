package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/consumers/store"
	"runrate/deploy/local"
	"runrate/internal/broker"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/chaos/readback"
	"runrate/test/oracle"
)

// parts are the processes of the pipeline. Only the killer uses them, one call
// at a time.
type parts struct {
	o           Options
	broker      *local.BrokerProcess
	consumers   []*process
	door        *process // nil: none
	doorAddress string

	mu         sync.Mutex // held while ClickHouse is started and killed
	clickhouse *local.ClickHouse
	aborts     int // of ClickHouse, by itself
	stopped    bool

	brokerConfig     local.BrokerConfig
	clickhouseConfig local.Config
	tcp              string // of ClickHouse
	fail             func(error)
}

// startParts starts everything, with the schema and the topics in place. fail
// is told of a part that ends by itself.
func startParts(ctx context.Context, o Options, fail context.CancelCauseFunc) (*parts, error) {
	p := &parts{o: o, fail: fail}
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	p.brokerConfig = local.BrokerConfig{Dir: filepath.Join(o.Dir, "broker"), Port: ports[0], MinSessionTimeout: session}
	p.clickhouseConfig = local.Config{Dir: filepath.Join(o.Dir, "clickhouse"), TCPPort: ports[1], HTTPPort: ports[2], Library: o.Library}
	if err := p.begin(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *parts) begin(ctx context.Context) error {
	if err := p.startBroker(ctx); err != nil {
		return err
	}
	if err := p.startClickHouse(ctx); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.EnsureTopics(ctx, partitions, 1); err != nil {
		return err
	}
	p.tcp = p.clickhouse.TCPAddr()
	go p.supervise(ctx)
	tables, err := store.Open(ctx, store.Options{Address: p.tcp})
	if err != nil {
		return err
	}
	defer tables.Close()
	if _, err := chschema.Migrate(ctx, tables.Conn(), chschema.Options{}); err != nil {
		return err
	}
	for i := range p.o.Consumers {
		p.consumers = append(p.consumers, &process{name: fmt.Sprint("consumer-", i), fail: p.fail})
		if err := p.consumers[i].start(p.command()); err != nil {
			return err
		}
	}
	return nil
}

// client is for the harness's own requests.
func (p *parts) client() (*broker.Client, error) {
	return broker.Open(broker.Config{Brokers: []string{p.broker.Addr()}, ClientID: "chaos", Timeout: 5 * time.Second})
}

func (p *parts) startBroker(ctx context.Context) (err error) {
	p.broker, err = local.StartBrokerProcess(ctx, p.brokerConfig)
	return err
}

func (p *parts) restartBroker(ctx context.Context, away time.Duration) error {
	if err := p.broker.Kill(); err != nil {
		return err
	}
	if err := pause(ctx, away); err != nil {
		return err
	}
	return p.startBroker(ctx)
}

func (p *parts) restartConsumers(ctx context.Context, away time.Duration, which ...int) error {
	for _, i := range which {
		p.consumers[i].kill()
	}
	if err := pause(ctx, away); err != nil {
		return err
	}
	for _, i := range which {
		if err := p.consumers[i].start(p.command()); err != nil {
			return err
		}
	}
	return nil
}

// suspend stops a consumer for so long that its partitions go to others.
func (p *parts) suspend(ctx context.Context, which int, d time.Duration) error {
	if err := p.consumers[which].stop(); err != nil {
		return err
	}
	err := pause(ctx, d)
	return errors.Join(err, p.consumers[which].resume())
}

// command is a consumer's command line, and where its log goes.
func (p *parts) command() (binary string, args []string, dir string) {
	return p.o.Binary, []string{
		"consume", "all", "--log-level", "debug", "--brokers", p.broker.Addr(), "--clickhouse", p.tcp,
		"--session-timeout", session.String(), "--kafka-timeout", "5s", "--flush-every", "200ms",
		"--flush-records", "500", "--recent", "1h", "--recent-identities", "200",
	}, p.o.Dir
}

// sample is which as_of are compared.
const sample readback.Sample = 5

func (p *parts) views(ctx context.Context) (oracle.Views, error) {
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{p.tcp}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return readback.Views(ctx, conn, chschema.Database{}, sample)
}

// complaints are the log lines of partitions that stood still.
func (p *parts) complaints() ([]string, error) {
	var out []string
	for _, c := range p.all() {
		lines, err := c.complaints(p.o.Dir)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

// all are the program's own processes.
func (p *parts) all() []*process {
	if p.door == nil {
		return p.consumers
	}
	return append(p.consumers[:len(p.consumers):len(p.consumers)], p.door)
}

// lastWords are the ends of their logs.
func (p *parts) lastWords() string {
	var out strings.Builder
	for _, c := range p.all() {
		const most = 4000 // bytes
		b, err := os.ReadFile(c.log(p.o.Dir))
		if err != nil {
			b = []byte(err.Error())
		}
		fmt.Fprintf(&out, "--- %s:\n%s\n", c.name, b[max(0, len(b)-most):])
	}
	return out.String()
}

// stop kills what runs: nobody reads its data any more.
func (p *parts) stop() {
	for _, c := range p.all() {
		c.kill()
	}
	if p.broker != nil {
		_ = p.broker.Kill() // it can only fail to close a lock file
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.clickhouse != nil {
		_ = p.clickhouse.Kill()
	}
}

// freePort is a port below those that outgoing connections take: one of them
// could sit on the port of a part that is down, or be connected to itself.
func freePort() (int, error) {
	for range 100 {
		port := 18_000 + rand.IntN(14_000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port from 18000 to 32000")
}
