// Package meter counts what consumers do, for Prometheus.
//
// Start at New, then Meter.Of. A nil Meter, and what it gives, counts nothing.
package meter

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/internal/stream"
)

// Meter has the metrics of all partitions of a process. Any goroutine may use it.
type Meter struct {
	records, refused, retries  *prometheus.CounterVec
	legs, delay                *prometheus.HistogramVec
	committed, restored, bytes *prometheus.GaugeVec
	deep                       *prometheus.GaugeVec
}

// Buckets, in seconds: a leg takes from milliseconds to minutes, an event may come up
// to 35 days late.
var (
	legBuckets   = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	delayBuckets = []float64{.1, .25, .5, 1, 2, 5, 10, 30, 60, 300, 3600, 86400, 7 * 86400, 35 * 86400}
)

// New registers the metrics.
func New(to prometheus.Registerer) *Meter {
	of := []string{"topic", "partition"}
	with := func(more ...string) []string { return append(append([]string(nil), of...), more...) }
	m := &Meter{
		records:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "runrate_consumer_records_total", Help: "Records folded and committed, by what became of them: accepted, duplicate, refused, control, skipped, lost."}, with("result")),
		refused:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "runrate_consumer_refused_total", Help: "Records refused, by reason; they are in dead_letters."}, with("reason")),
		retries:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "runrate_consumer_retries_total", Help: "Tries that failed and were made again."}, with("dependency", "operation")),
		legs:      prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "runrate_consumer_leg_seconds", Help: "How long the oldest record of a batch took: from its time in the log until it was fetched, written, committed.", Buckets: legBuckets}, with("leg")),
		delay:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "runrate_event_delay_seconds", Help: "From an event's own time until it was fetched.", Buckets: delayBuckets}, of),
		committed: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "runrate_consumer_last_commit_timestamp_seconds", Help: "When this process last committed."}, of),
		restored:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "runrate_restore_seconds", Help: "How long the state took to restore, last time."}, of),
		bytes:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "runrate_state_bytes", Help: "Size of the state, as in its last whole snapshot."}, of),
		deep:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "runrate_snapshot_chain_depth_ratio", Help: "How deep in the snapshot log the chain begins that the commit points to, in parts of what retention keeps: renewed at 0.5, deleted from 1 on. Absent while it cannot be told, or the log keeps all."}, of),
	}
	to.MustRegister(m.records, m.refused, m.retries, m.legs, m.delay, m.committed, m.restored, m.bytes, m.deep)
	return m
}

// Partition counts what is done with one partition.
type Partition struct {
	meter *Meter
	of    [2]string
	delay prometheus.Observer
}

// results are what becomes of records.
var results = []string{"accepted", "duplicate", "refused", "control", "skipped", "lost"}

// ClickHouse is the dependency of Operations.
const ClickHouse = "clickhouse"

// Operations are what may be tried again at ClickHouse.
var Operations = []string{"write rows", "read progress", "look up stragglers", "recall recent identities"}

// Of is what counts for a partition. What rules ask the increase of is there from the
// beginning, as 0: of a series that begins with a burst, Prometheus sees no increase.
func (m *Meter) Of(source stream.Source) *Partition {
	if m == nil {
		return nil
	}
	p := &Partition{meter: m, of: [2]string{source.Topic.Kind().Topic().String(), strconv.Itoa(int(source.Partition))}}
	p.delay = m.delay.WithLabelValues(p.of[0], p.of[1])
	for _, result := range results {
		m.records.WithLabelValues(p.of[0], p.of[1], result)
	}
	for _, operation := range Operations {
		m.retries.WithLabelValues(p.of[0], p.of[1], ClickHouse, operation)
	}
	return p
}

// Forget takes away what would be stale once another process has the partition.
func (p *Partition) Forget() {
	if p == nil {
		return
	}
	for _, g := range []*prometheus.GaugeVec{p.meter.committed, p.meter.restored, p.meter.bytes, p.meter.deep} {
		g.DeleteLabelValues(p.of[0], p.of[1])
	}
}

// Records counts records by what became of them.
func (p *Partition) Records(result string, n int64) {
	if p != nil && n > 0 {
		p.meter.records.WithLabelValues(p.of[0], p.of[1], result).Add(float64(n))
	}
}

// Refused counts a record that was refused.
func (p *Partition) Refused(reason string) {
	if p != nil {
		p.meter.refused.WithLabelValues(p.of[0], p.of[1], reason).Inc()
	}
}

// Retried counts a try that failed.
func (p *Partition) Retried(dependency, operation string) {
	if p != nil {
		p.meter.retries.WithLabelValues(p.of[0], p.of[1], dependency, operation).Inc()
	}
}

// The legs of a record's way.
const (
	LogToFetched       = "log_to_fetched"
	FetchedToWritten   = "fetched_to_written"
	WrittenToCommitted = "written_to_committed"
)

// Leg takes how long a leg took; below 0, by a clock that is wrong, counts as 0.
func (p *Partition) Leg(leg string, took time.Duration) {
	if p != nil {
		p.meter.legs.WithLabelValues(p.of[0], p.of[1], leg).Observe(max(took, 0).Seconds())
	}
}

// Delay takes how long after its own time an event was fetched.
func (p *Partition) Delay(late time.Duration) {
	if p != nil {
		p.delay.Observe(max(late, 0).Seconds())
	}
}

// Committed takes when a commit succeeded.
func (p *Partition) Committed(at time.Time) {
	if p != nil {
		p.meter.committed.WithLabelValues(p.of[0], p.of[1]).Set(Seconds(at))
	}
}

// Restored takes how long the restore took, and how large the state was in its last
// base, in bytes.
func (p *Partition) Restored(took time.Duration, base int) {
	if p != nil {
		p.meter.restored.WithLabelValues(p.of[0], p.of[1]).Set(took.Seconds())
		p.State(base)
	}
}

// State takes how large the state is, in bytes.
func (p *Partition) State(bytes int) {
	if p != nil {
		p.meter.bytes.WithLabelValues(p.of[0], p.of[1]).Set(float64(bytes))
	}
}

// ChainDepth takes how deep the snapshot chain is, in bytes, of those that are kept; kept
// of 0 or less is unknown, or all.
func (p *Partition) ChainDepth(deep, kept int64) {
	if p == nil {
		return
	}
	if kept <= 0 {
		p.meter.deep.DeleteLabelValues(p.of[0], p.of[1])
		return
	}
	p.meter.deep.WithLabelValues(p.of[0], p.of[1]).Set(float64(deep) / float64(kept))
}

// Seconds is an instant as metrics have it.
func Seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
