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
	Said    func(context.Context) ([]freshness.Partition, error)
	History bool   // the clock is that of a history: there is no freshness
	Cluster string // the label cluster_name
	Logger  *zap.Logger
	// Round, if there is one, is called once a cycle: the loop is alive.
	Round func()
}

// Monitor watches input topics. Any goroutine may use it.
type Monitor struct {
	o        Options
	requests *prometheus.CounterVec
	errors   *prometheus.CounterVec
	checks   *prometheus.CounterVec

	mu     sync.Mutex
	topics map[stream.Topic]*topic
	cycle  time.Time // of the last one that ended
}

// topic is what is known of one.
type topic struct {
	partitions []*partition
	print      string // of the owners
	generation int64
	err        error // of the last reading, where nothing of the topic could be read
}

// partition is what is known of one.
type partition struct {
	source stream.Source
	judge  judge.Partition
	last   judge.Sample // the last good one
	read   bool         // there is one
	ends   []seen       // that are above the commit, the oldest first
	clock  time.Time
	word   string    // what its consumer complains of, or why it is halted and the way out
	open   time.Time // since when an open transaction holds the end back
}

// seen is when an end of the log was first seen.
type seen struct {
	at  time.Time
	end int64
}

// New registers the metrics of a monitor.
func New(o Options, to prometheus.Registerer) *Monitor {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Monitor{o: o, topics: map[stream.Topic]*topic{},
		requests: counter("runrate_monitor_requests_total", "Requests to Kafka.", "api"),
		errors:   counter("runrate_monitor_errors_total", "Readings that failed.", "api", "reason"),
		checks:   counter("runrate_freshness_checks_total", "Checks of how fresh a topic is, one a cycle, by its worst partition.", "topic", "result"),
	}
	if m.o.Topics == nil {
		m.o.Topics = stream.Inputs()
	}
	for _, t := range m.o.Topics {
		m.topics[t] = &topic{}
	}
	to.MustRegister(m, m.requests, m.errors, m.checks)
	return m
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
	said := m.said(ctx)
	var running sync.WaitGroup
	for _, t := range m.o.Topics {
		running.Go(func() { m.look(ctx, t, said) })
	}
	running.Wait()
	if ctx.Err() == nil {
		m.mu.Lock()
		m.cycle = time.Now()
		m.mu.Unlock()
	}
}

// said is what consumers say, by source; nil if that cannot be read.
func (m *Monitor) said(ctx context.Context) map[stream.Source]freshness.Partition {
	if m.o.Said == nil {
		return nil
	}
	all, err := m.o.Said(ctx)
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

// reading is what was read of a topic: commits first, then ends, then starts, so that a
// commit above its end is no matter of timing.
type reading struct {
	count               int
	commits             map[int32]broker.Commit
	stable, high, start map[int32]stream.Offset
	unread              map[int32]error
	err                 error // of all partitions
	owners              broker.Owners
	owned               bool // the owners are known
}

func (m *Monitor) read(ctx context.Context, t stream.Topic) (r reading) {
	l, err := m.o.Client.Leaders(ctx, t)
	m.requests.WithLabelValues("metadata").Inc()
	if err != nil {
		m.failed(ctx, "metadata", err)
		r.err = err
		return r
	}
	r.count = l.Partitions()
	r.commits, r.err = m.o.Client.Committed(ctx, t.Kind().Group(), t)
	m.requests.WithLabelValues("offset_fetch").Inc()
	if r.err != nil {
		m.failed(ctx, "offset_fetch", r.err)
		return r
	}
	r.unread = map[int32]error{}
	at := func(where int64) map[int32]stream.Offset {
		offsets, unread, n := m.o.Client.At(ctx, l, where)
		m.requests.WithLabelValues("list_offsets").Add(float64(n))
		for p, err := range unread {
			m.failed(ctx, "list_offsets", err)
			r.unread[p] = err
		}
		return offsets
	}
	r.stable, r.high, r.start = at(broker.AtStable), at(broker.AtEnd), at(broker.AtStart)
	r.owners, err = m.o.Client.Owners(ctx, t)
	m.requests.WithLabelValues("describe_groups").Inc()
	if r.owned = err == nil; !r.owned {
		m.failed(ctx, "describe_groups", err)
	}
	return r
}

// look reads a topic and lets it be judged.
func (m *Monitor) look(ctx context.Context, t stream.Topic, said map[stream.Source]freshness.Partition) {
	r := m.read(ctx, t)
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.topics[t]
	of.err = r.err
	for len(of.partitions) < r.count {
		of.partitions = append(of.partitions, &partition{source: stream.Source{Topic: t, Partition: int32(len(of.partitions))}}) //nolint:gosec // a topic has fewer than 2^31
	}
	if r.owned && r.owners.Print != of.print {
		of.print = r.owners.Print
		of.generation++
	}
	now := time.Now()
	for i, p := range of.partitions {
		p.take(r.sample(int32(i), now, of.generation), r.high[int32(i)], said)
	}
	if !m.o.History {
		m.checks.WithLabelValues(t.String(), of.check(now, said != nil)).Inc()
	}
}

// sample is what a reading has of a partition.
func (r reading) sample(p int32, now time.Time, generation int64) judge.Sample {
	s := judge.Sample{At: now, Generation: generation}
	switch {
	case r.err != nil:
		s.Unread = r.err.Error()
		return s
	case r.unread[p] != nil:
		s.Unread = r.unread[p].Error()
		return s
	case int(p) >= r.count:
		s.Unread = "the topic has no such partition any more"
		return s
	}
	c := r.commits[p]
	s.Start, s.End, s.Committed, s.Commit = int64(r.start[p]), int64(r.stable[p]), c.Set, int64(c.Next)
	switch {
	case !r.owned || r.owners.Rebalancing:
		s.Rebalancing = r.owned && r.owners.Rebalancing
	case r.owners.Has[p]:
		s.Owner = judge.Owned
	default:
		s.Owner = judge.Unowned
	}
	return s
}

// take judges the next sample of a partition.
func (p *partition) take(s judge.Sample, high stream.Offset, said map[stream.Source]freshness.Partition) {
	word, ok := said[p.source]
	if p.word = word.Detail; ok {
		p.clock = word.Clock
		s.Rows = !word.Clock.IsZero()
		s.Spoke = word.Status != "unknown"
		if s.Spoke && word.Halted() {
			s.Halted = word.Reason
		}
	} else if said == nil {
		p.clock = time.Time{}
	}
	p.judge.Observe(s)
	if s.Unread != "" {
		return
	}
	p.last, p.read = s, true
	switch {
	case int64(high) <= s.End:
		p.open = time.Time{}
	case p.open.IsZero() || len(p.ends) > 0 && p.ends[len(p.ends)-1].end != s.End:
		p.open = s.At
	}
	p.due(s)
}

// mostEnds bounds what is kept of a log that is not folded; beyond, every other goes.
const mostEnds = 2000

// due keeps when the ends above the commit were first seen.
func (p *partition) due(s judge.Sample) {
	if n := len(p.ends); n == 0 || p.ends[n-1].end != s.End {
		p.ends = append(p.ends, seen{s.At, s.End})
	}
	if s.Committed {
		above := slices.IndexFunc(p.ends, func(e seen) bool { return e.end > s.Commit })
		if above < 0 {
			above = len(p.ends) - 1
		}
		p.ends = p.ends[above:]
	}
	if len(p.ends) > mostEnds {
		kept := p.ends[:0]
		for i, e := range p.ends {
			if i%2 == 0 || i == len(p.ends)-1 {
				kept = append(kept, e)
			}
		}
		p.ends = kept
	}
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

// check is the result of a check of a topic: that of its worst partition.
func (t *topic) check(now time.Time, said bool) string {
	if !said || len(t.partitions) == 0 {
		return "unknown"
	}
	worst := "within_60s"
	for _, p := range t.partitions {
		switch {
		case p.clock.IsZero():
			return "unknown"
		case now.Sub(p.clock) > time.Minute:
			worst = "later"
		}
	}
	return worst
}

// sorted are the topics in the order of their names.
func (m *Monitor) sorted() []stream.Topic {
	return slices.SortedFunc(maps.Keys(m.topics), func(a, b stream.Topic) int {
		return stream.Source{Topic: a}.Compare(stream.Source{Topic: b})
	})
}
