package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"runrate/consumers/store"
	"runrate/deploy/local"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/lag"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// world is a broker of its own with a topic of events, and a database of its own.
type world struct {
	o        Options
	name     string
	load     Load
	server   *local.ClickHouse
	kafka    *local.BrokerProcess
	client   *broker.Client
	tables   *store.Store
	ends     map[int32]stream.Offset // of the topic
	consumer *consumer
}

// newWorld starts a broker and makes topics and tables; the topic is empty.
func newWorld(ctx context.Context, o Options, server *local.ClickHouse, name string, load Load) (w *world, err error) {
	w = &world{o: o, name: name, load: load, server: server, ends: map[int32]stream.Offset{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.kafka, err = local.StartBrokerProcess(ctx, local.BrokerConfig{Dir: filepath.Join(o.Dir, "broker-"+name)}); err != nil {
		return w, err
	}
	if w.client, err = broker.Open(broker.Config{Brokers: []string{w.kafka.Addr()}, ClientID: "bench"}); err != nil {
		return w, err
	}
	if err = w.client.EnsureTopics(ctx, o.Partitions, 1); err != nil {
		return w, err
	}
	if w.tables, err = store.Open(ctx, store.Options{Address: server.TCPAddr(), Database: w.database()}); err != nil {
		return w, err
	}
	_, err = chschema.Migrate(ctx, w.tables.Conn(), chschema.Options{Database: w.tables.Database()})
	return w, err
}

func (w *world) database() string { return "bench_" + w.name }

// close ends the processes and drops the database.
func (w *world) close() error {
	var errs []error
	if w.consumer != nil {
		errs = append(errs, w.consumer.stop())
	}
	if w.client != nil {
		w.client.Close()
	}
	if w.kafka != nil {
		errs = append(errs, w.kafka.Kill(), os.RemoveAll(filepath.Join(w.o.Dir, "broker-"+w.name)))
	}
	if w.tables != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		errs = append(errs, w.tables.Conn().Exec(ctx, "DROP DATABASE IF EXISTS "+w.tables.Database().SQL()+" SYNC"), w.tables.Close())
	}
	return errors.Join(errs...)
}

// fill publishes events: those that s yields.
func (w *world) fill(ctx context.Context, events func(yieldEvent) error) error {
	a := newAppender(w.client, w.load.Form, w.o.Partitions)
	if err := events(func(e event.Event) error { return a.put(ctx, e) }); err != nil {
		return err
	}
	if err := a.all(ctx); err != nil {
		return err
	}
	for p, end := range a.ends {
		w.ends[p] = end
	}
	return nil
}

// cost is what has been taken so far; the own part is this process's or, where one
// runs, the consumer's.
func (w *world) cost() (c Cost, err error) {
	own := os.Getpid()
	if w.consumer != nil {
		own = w.consumer.cmd.Process.Pid
	}
	c.Wall = time.Since(w.o.began)
	for _, of := range []struct {
		to  *time.Duration
		pid int
	}{{&c.Own, own}, {&c.ClickHouse, w.server.PID()}, {&c.Broker, w.kafka.PID()}} {
		if *of.to, err = CPUOf(of.pid); err != nil {
			return c, err
		}
	}
	return c, nil
}

// measure is what do takes.
func (w *world) measure(do func() error) (Cost, error) {
	before, err := w.cost()
	if err != nil {
		return Cost{}, err
	}
	if err := do(); err != nil {
		return Cost{}, err
	}
	after, err := w.cost()
	return after.minus(before), err
}

// poll is how often it is looked whether all is done.
const poll = 20 * time.Millisecond

// until polls.
func until(ctx context.Context, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled waits until the whole topic is folded, written and committed, and nothing is owed.
func (w *world) settled(ctx context.Context) error {
	return until(ctx, func() (bool, error) {
		if err := w.consumer.ended(); err != nil {
			return false, err
		}
		commits, err := w.client.Committed(ctx, stream.Usage.Topic().Kind().Group(), stream.Usage.Topic())
		if err != nil {
			return false, err
		}
		for p, end := range w.ends {
			if commits[p].Next < end || (lag.Partition{Commit: commits[p]}).Owes() {
				return false, nil
			}
		}
		return true, nil
	})
}

// consumer is a `runrate consume` process.
type consumer struct {
	cmd  *exec.Cmd
	log  string
	gone chan struct{}
	err  error
}

// consume starts the program on the world's topic.
func (w *world) consume() error {
	log, err := os.Create(filepath.Join(w.o.Dir, "consumer-"+w.name+".log"))
	if err != nil {
		return err
	}
	args := append([]string{"consume", "usage", "--brokers", w.kafka.Addr(), "--clickhouse", w.server.TCPAddr(),
		"--clickhouse-database", w.database()}, w.o.Consume...)
	c := &consumer{cmd: exec.Command(w.o.Binary, args...), log: log.Name(), gone: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.SysProcAttr = log, log, DieWithParent()
	started := make(chan error)
	go func() {
		defer log.Close()
		runtime.LockOSThread() // the child dies with the thread that started it
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.err = c.cmd.Wait()
			close(c.gone)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", w.o.Binary, err)
	}
	w.consumer = c
	return nil
}

// ended is an error if the consumer has.
func (c *consumer) ended() error {
	select {
	case <-c.gone:
		b, _ := os.ReadFile(c.log)
		return fmt.Errorf("the consumer has ended: %v\n%s", c.err, b)
	default:
		return nil
	}
}

// stop ends the consumer in order.
func (c *consumer) stop() error {
	select {
	case <-c.gone:
		return nil
	default:
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-c.gone:
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("the consumer does not end within 30 seconds"), c.cmd.Process.Kill())
	}
}
