package monitor

import (
	"math"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/internal/lag/judge"
)

var (
	ofGroup = []string{"cluster_name", "group", "topic", "partition"}
	ofLog   = []string{"cluster_name", "topic", "partition"}
	ours    = []string{"group", "topic", "partition"}

	groupOffset  = desc("kafka_consumergroup_group_offset", "What the group has committed: the next offset.", ofGroup...)
	groupLag     = desc("kafka_consumergroup_group_lag", "Records from the commit to the last stable offset; below 0 is trouble.", ofGroup...)
	groupLate    = desc("kafka_consumergroup_group_lag_seconds", "At least how long the record that is due has been in the log.", ofGroup...)
	latest       = desc("kafka_partition_latest_offset", "The last stable offset.", ofLog...)
	earliest     = desc("kafka_partition_earliest_offset", "Where the log begins.", ofLog...)
	status       = desc("runrate_partition_status", "1 for the status that the partition has, 0 for the others.", append(ours, "status")...)
	since        = desc("runrate_partition_status_since_timestamp_seconds", "Since when the partition has its status.", append(ours, "status")...)
	lagUnknown   = desc("runrate_lag_unknown", "1 where the lag is unknown, with the reason.", append(ours, "reason")...)
	catchUp      = desc("runrate_catch_up_seconds", "Until a partition that is behind has caught up; +Inf while it does not gain.", ours...)
	runway       = desc("runrate_retention_runway_seconds", "Until retention may delete the record that is due, at least; absent where it is kept for ever, or nothing waits.", ours...)
	fresh        = desc("runrate_freshness_seconds", "Wall clock minus the clock of the partition, as the view freshness shows it.", "topic", "partition")
	skew         = desc("runrate_clock_skew_seconds", "Clock of the partition minus the wall clock.", "topic", "partition")
	open         = desc("runrate_open_transaction_seconds", "How long an open transaction has held the last stable offset back; 0 where none does.", "topic", "partition")
	expected     = desc("runrate_topic_partitions_expected", "How many partitions the topic is to have: as its epoch was folded from or, where that is not known, the most that were seen.", "topic")
	cycleAt      = desc("runrate_monitor_cycle_timestamp_seconds", "When the monitor last ended a cycle.")
	descriptions = []*prometheus.Desc{groupOffset, groupLag, groupLate, latest, earliest, status, since, lagUnknown, catchUp, runway, fresh, skew, open, expected, cycleAt}
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (m *Monitor) Describe(out chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		out <- d
	}
}

// Collect implements prometheus.Collector: what is unknown now gives no series.
func (m *Monitor) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	for _, r := range m.Rows(now) {
		m.collect(r, now, func(d *prometheus.Desc, value float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
		})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for t, of := range m.topics {
		if n := of.expects(); n > 0 {
			out <- prometheus.MustNewConstMetric(expected, prometheus.GaugeValue, float64(n), t.String())
		}
	}
	if !m.cycle.IsZero() {
		out <- prometheus.MustNewConstMetric(cycleAt, prometheus.GaugeValue, stamp(m.cycle))
	}
}

func (m *Monitor) collect(r Row, now time.Time, gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	p := strconv.Itoa(int(r.Partition))
	for _, s := range judge.Severities() {
		is := 0.0
		if s == r.Status {
			is = 1
		}
		gauge(status, is, r.Group, r.Topic, p, string(s))
	}
	gauge(since, stamp(r.Since), r.Group, r.Topic, p, string(r.Status))
	if r.unknown != "" {
		gauge(lagUnknown, 1, r.Group, r.Topic, p, r.unknown)
	}
	if r.End != nil {
		gauge(latest, float64(*r.End), m.o.Cluster, r.Topic, p)
		gauge(earliest, float64(*r.Start), m.o.Cluster, r.Topic, p)
		held := 0.0
		if !r.open.IsZero() {
			held = now.Sub(r.open).Seconds()
		}
		gauge(open, held, r.Topic, p)
	}
	if r.Committed != nil {
		gauge(groupOffset, float64(*r.Committed), m.o.Cluster, r.Group, r.Topic, p)
		gauge(groupLag, float64(*r.Lag), m.o.Cluster, r.Group, r.Topic, p)
		gauge(groupLate, *r.LagSeconds, m.o.Cluster, r.Group, r.Topic, p)
	}
	switch {
	case r.losing:
		gauge(catchUp, math.Inf(1), r.Group, r.Topic, p)
	case r.CatchUp != nil:
		gauge(catchUp, *r.CatchUp, r.Group, r.Topic, p)
	}
	if r.runway != nil {
		gauge(runway, *r.runway, r.Group, r.Topic, p)
	}
	if r.Clock != nil && !m.o.History {
		gauge(fresh, now.Sub(*r.Clock).Seconds(), r.Topic, p)
		gauge(skew, r.Clock.Sub(now).Seconds(), r.Topic, p)
	}
}

func stamp(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
