package tick

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"runrate/internal/stream"
)

// Gauge registers the metric of the last tick of each partition, for Ticker.Ticked.
func Gauge(to prometheus.Registerer) func(stream.Source, time.Time) {
	last := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "runrate_ticker_last_tick_timestamp_seconds", Help: "The last clock tick that this process wrote.",
	}, []string{"topic", "partition"})
	to.MustRegister(last)
	return func(source stream.Source, tick time.Time) {
		last.WithLabelValues(source.Topic.Kind().Topic().String(), strconv.Itoa(int(source.Partition))).Set(float64(tick.UnixMicro()) / 1e6)
	}
}
