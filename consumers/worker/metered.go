package worker

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/consumers/fold"
	"runrate/consumers/meter"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// meterFetched measures what came: the first record's way from the log, and how late
// each event is.
func (w *Worker) meterFetched(records []stream.Record, judged *fold.Judged) {
	if w.config.Meter == nil || len(records) == 0 {
		return
	}
	now := time.Now()
	w.config.Meter.Leg(meter.LogToFetched, now.Sub(time.UnixMicro(records[0].Time)))
	for at := range judged.Times() {
		w.config.Meter.Delay(now.Sub(at.UTC()))
	}
}

// meterFlushed measures what is committed now, and was written at an instant.
func (w *Worker) meterFlushed(changes rows.Changes, written time.Time) {
	m := w.config.Meter
	if m == nil {
		return
	}
	now := time.Now()
	m.Committed(now)
	if w.batch.records > 0 {
		m.Leg(meter.FetchedToWritten, written.Sub(w.batch.since))
		m.Leg(meter.WrittenToCommitted, now.Sub(written))
	}
	p := changes.Progress
	if last := w.counted; last != nil {
		m.Records("accepted", p.Accepted-last.Accepted)
		m.Records("duplicate", p.Duplicate-last.Duplicate)
		m.Records("refused", p.Refused-last.Refused)
		m.Records("control", p.Control-last.Control)
		m.Records("skipped", p.Skipped-last.Skipped)
		m.Records("lost", p.Lost-last.Lost)
		for letter := range changes.DeadLetters {
			m.Refused(string(letter.Reason))
		}
	}
	w.counted = &p
}

// dependency is whose fault it is that a step fails.
func dependency(step string) string {
	if slices.Contains(meter.Operations, step) {
		return meter.ClickHouse
	}
	return "kafka"
}

var haltedDesc = prometheus.NewDesc("runrate_partition_halted", "1 for each partition of this process that is halted, with the reason.", []string{"topic", "partition", "reason"}, nil)

// Halts shows the halted partitions of boards as metrics.
type Halts []*Board

// Describe implements prometheus.Collector.
func (Halts) Describe(out chan<- *prometheus.Desc) { out <- haltedDesc }

// Collect implements prometheus.Collector.
func (boards Halts) Collect(out chan<- prometheus.Metric) {
	for _, b := range boards {
		for _, s := range b.Halts() {
			out <- prometheus.MustNewConstMetric(haltedDesc, prometheus.GaugeValue, 1,
				s.Source.Topic.Kind().Topic().String(), strconv.Itoa(int(s.Source.Partition)), string(s.Reason))
		}
	}
}

// All is an error if every partition of all boards is halted: nothing is folded at all.
func (boards Halts) All() error {
	all, halted := 0, 0
	for _, b := range boards {
		all += len(b.All())
		halted += len(b.Halts())
	}
	if halted > 0 && halted == all {
		return fmt.Errorf("all %d partitions are halted", all)
	}
	return nil
}
