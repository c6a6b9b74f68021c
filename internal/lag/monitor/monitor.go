// Package monitor watches the consumer groups from outside: it reads commits and logs
// every few seconds, lets package judge say how each partition does, and shows that as
// metrics and as JSON. A consumer that is dead still shows.
//
// Start at New, then Monitor.Run. What could not be read is absent, never 0.
package monitor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/lag/judge"
	"runrate/internal/stream"
	"runrate/internal/views/freshness"
)

// Every is the time between two readings.
const Every = 5 * time.Second

// Options say what to watch.
type Options struct {
	Client *broker.Client
	Topics []stream.Topic // input topics; nil for all of them
	// Said reads what consumers say of their partitions; nil, or an error, is unknown.
	Said func(context.Context) ([]freshness.Partition, error)
	// Epochs reads what the topics are folded from; nil, or an error, is unknown.
	Epochs  func(context.Context) ([]freshness.Epoch, error)
	History bool   // the clock is that of a history: there is no freshness
	Cluster string // the label cluster_name
	Logger  *zap.Logger
	// Round, if there is one, is called once a cycle: the loop is alive.
	Round func()
	// Tell, if there is one, is told once a cycle how all partitions do. It must not wait.
	Tell func(time.Time, []Row)
	// Keep, if there is one, keeps what a cycle read; Recall gives back what was kept of the
	// past minutes, the oldest first, for a monitor that begins.
	Keep   func(context.Context, []Reading) error
	Recall func(context.Context) ([]Reading, error)
}

// Monitor watches input topics. Any goroutine may use it.
type Monitor struct {
	o        Options
	requests *prometheus.CounterVec
	errors   *prometheus.CounterVec
	checks   *prometheus.CounterVec

	client   *broker.Client // by what the topics are called now; only Cycle changes it
	recalled bool           // or there is nothing to recall

	mu     sync.Mutex
	topics map[stream.Topic]*topic
	cycle  time.Time // of the last one that ended
}

// topic is what is known of one.
type topic struct {
	partitions []*partition
	generation int64         // of the owners, as last known
	expected   int           // partitions, by the epoch's record; 0 is unknown
	times      *broker.Times // by the topic's settings, read every so often; its partitions have it, too
	timesRead  time.Time
	err        error // of the last reading, where nothing of the topic could be read
}

// New registers the metrics of a monitor.
func New(o Options, to prometheus.Registerer) *Monitor {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Monitor{o: o, client: o.Client, topics: map[stream.Topic]*topic{},
		requests: counter("runrate_monitor_requests_total", "Requests to Kafka.", "api"),
		errors:   counter("runrate_monitor_errors_total", "Readings that failed.", "api", "reason"),
		checks:   counter("runrate_freshness_checks_total", "Checks of how fresh a topic is, one a cycle, by its worst partition.", "topic", "result"),
	}
	if m.o.Topics == nil {
		m.o.Topics = stream.Inputs()
	}
	for _, t := range m.o.Topics {
		m.topics[t] = newTopic()
	}
	m.fromZero()
	to.MustRegister(m, m.requests, m.errors, m.checks)
	return m
}

// fromZero makes what alerts ask the increase of: of a series that begins with its first
// event, Prometheus sees no increase by it.
func (m *Monitor) fromZero() {
	for _, reason := range []string{"passing", "refused"} {
		m.errors.WithLabelValues("clickhouse", reason)
	}
	for t := range m.topics {
		for _, result := range []string{"within_60s", "later", "unknown"} {
			if !m.o.History {
				m.checks.WithLabelValues(t.String(), result)
			}
		}
	}
}

// Run reads every few seconds until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		if m.o.Round != nil {
			m.o.Round()
		}
		m.Cycle(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// cycleBound is how long a reading of all may take.
const cycleBound = 10 * time.Second

// Cycle reads everything once.
func (m *Monitor) Cycle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cycleBound)
	defer cancel()
	m.expect(ctx)
	m.recall(ctx)
	said := m.said(ctx)
	var running sync.WaitGroup
	for _, t := range m.o.Topics {
		running.Go(func() { m.look(ctx, t, said) })
	}
	running.Wait()
	if m.o.Tell != nil {
		now := time.Now()
		m.o.Tell(now, append(m.Rows(now), m.silent(now)...))
	}
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	m.cycle = time.Now()
	m.mu.Unlock()
	if said != nil { // else ClickHouse is away, and the next cycle is not to wait for it
		m.keep(ctx)
	}
}

// wordBound is how long ClickHouse may take, so that Kafka is looked at in time.
const wordBound = 3 * time.Second

// said is what consumers say, by source; nil if that cannot be read.
func (m *Monitor) said(ctx context.Context) map[stream.Source]freshness.Partition {
	if m.o.Said == nil {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, wordBound)
	defer cancel()
	all, err := m.o.Said(bounded)
	if err != nil {
		m.failed(ctx, "clickhouse", err)
		return nil
	}
	by := make(map[stream.Source]freshness.Partition, len(all))
	for _, p := range all {
		by[p.Source] = p
	}
	return by
}

func (m *Monitor) failed(ctx context.Context, api string, err error) {
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		m.errors.WithLabelValues(api, reason(err)).Inc()
		m.o.Logger.Debug("the monitor could not read", zap.String("api", api), zap.Error(err))
	}
}

// look reads a topic and lets it be judged.
func (m *Monitor) look(ctx context.Context, t stream.Topic, said map[stream.Source]freshness.Partition) {
	r := m.read(ctx, t)
	of := m.judged(t, r, said)
	m.times(ctx, t, of)
	if r.err == nil {
		m.holders(ctx, t, of)
		m.dues(ctx, t, of, r.leaders)
	}
}

// judged lets a reading of a topic be judged.
func (m *Monitor) judged(t stream.Topic, r reading, said map[stream.Source]freshness.Partition) *topic {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.topics[t]
	of.err = r.err
	of.grow(t, r.count)
	if r.owned {
		of.generation = generation(r.owners.Print)
	}
	now := time.Now()
	for i, p := range of.partitions {
		p.take(r.sample(int32(i), now, of.generation), r.high[int32(i)], said)
	}
	if !m.o.History {
		m.checks.WithLabelValues(t.String(), of.check(now, said != nil)).Inc()
	}
	return of
}

// silent are the topics of which no partition is known, each as a partition -1 that is
// unknown.
func (m *Monitor) silent(now time.Time) (rows []Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.sorted() {
		if of := m.topics[t]; len(of.partitions) == 0 {
			sentence := "none of its partitions was ever read"
			if of.err != nil {
				sentence += ": " + of.err.Error()
			}
			rows = append(rows, Row{Topic: t.String(), Partition: -1, Group: t.Kind().Group(), Status: judge.Unknown, Since: now.UTC(), Reason: "no_read", Sentence: sentence})
		}
	}
	return rows
}

// Unread is why a topic could not be read at all, last time; nil if each could.
func (m *Monitor) Unread() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.sorted() {
		if err := m.topics[t].err; err != nil {
			return err
		}
	}
	return nil
}

// Told says whether the samples are enough to tell how each partition does.
func (m *Monitor) Told(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.topics {
		for _, p := range t.partitions {
			if !p.judge.Told(now) {
				return false
			}
		}
	}
	return true
}

// sorted are the topics in the order of their names.
func (m *Monitor) sorted() []stream.Topic {
	return slices.SortedFunc(maps.Keys(m.topics), func(a, b stream.Topic) int {
		return stream.Source{Topic: a}.Compare(stream.Source{Topic: b})
	})
}
