package bench

import (
	"context"
	"fmt"
	"strings"

	"runrate/internal/stream"
)

// The peer is what one would write in ClickHouse alone: a table of the Kafka engine with
// two consumers, a materialized view that rates each event into a table of raw rows
// with the columns of usage_event_versions (but for the identity, since it knows no
// duplicates), and another one that adds the rows up by hour. It flushes
// as often as runrate does, once a second.
const peerTables = `
CREATE DATABASE peer ENGINE = Atomic;
CREATE TABLE peer.raw (account String CODEC(ZSTD(1)), time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
	line LowCardinality(String), product LowCardinality(String), segment LowCardinality(String), region LowCardinality(String), currency LowCardinality(String),
	quantities Map(LowCardinality(String), UInt64) CODEC(ZSTD(1)), revenue Decimal(38, 12) CODEC(ZSTD(1)), cost Decimal(38, 12) CODEC(ZSTD(1)),
	source String CODEC(ZSTD(1)), id String CODEC(ZSTD(1)), type LowCardinality(String), partition Int32, offset UInt64 CODEC(Delta(8), ZSTD(1)))
	ENGINE = MergeTree PARTITION BY toYYYYMM(time) ORDER BY (toStartOfHour(time), partition, account);
CREATE TABLE peer.hourly (hour DateTime('UTC'), line LowCardinality(String), product LowCardinality(String), segment LowCardinality(String), region LowCardinality(String),
	currency LowCardinality(String), revenue Decimal(38, 12), cost Decimal(38, 12), events UInt64)
	ENGINE = SummingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (hour, line, product, segment, region, currency);
CREATE MATERIALIZED VIEW peer.to_hourly TO peer.hourly AS SELECT toStartOfHour(time)::DateTime('UTC') AS hour, line, product, segment, region, currency,
	sum(revenue) AS revenue, sum(cost) AS cost, count() AS events FROM peer.raw GROUP BY hour, line, product, segment, region, currency;
CREATE TABLE peer.queue (type String, source String, id String, time DateTime64(6, 'UTC'), subject String,
	data Tuple(product String, segment String, region String, quantities Map(String, UInt64)))
	ENGINE = Kafka SETTINGS kafka_broker_list = '%s', kafka_topic_list = '%s', kafka_group_name = 'peer', kafka_format = 'JSONEachRow',
	kafka_num_consumers = 2, kafka_thread_per_consumer = 1, kafka_flush_interval_ms = 1000, date_time_input_format = 'best_effort'`

// peerView rates the events; it begins to read when it is there.
const peerView = `
CREATE MATERIALIZED VIEW peer.to_raw TO peer.raw AS
WITH indexOf([%[1]s], data.product) AS at, data.quantities['input_tokens'] AS tokens_in, data.quantities['output_tokens'] AS tokens_out
SELECT subject AS account, time, [%[2]s][at] AS line, data.product AS product, data.segment AS segment, data.region AS region, 'USD' AS currency,
	data.quantities AS quantities,
	[%[3]s][at] * tokens_in + [%[4]s][at] * tokens_out AS revenue,
	[%[5]s][at] * tokens_in + [%[6]s][at] * tokens_out AS cost,
	source, id, type, _partition::Int32 AS partition, _offset AS offset
FROM peer.queue WHERE type = 'usage.recorded'`

// view is peerView with the price book's numbers in it.
func view() string {
	var lists [6][]any
	add := func(i int, format string, v any) { lists[i] = append(lists[i], fmt.Sprintf(format, v)) }
	for _, p := range products {
		add(0, "'%s'", p.name)
		add(1, "'%s'", p.line)
		for i, cents := range []uint64{p.in, p.out, p.inCost, p.outCost} {
			add(2+i, "0.%08d::Decimal(38,12)", cents) // cents for a million
		}
	}
	args := make([]any, len(lists))
	for i, list := range lists {
		args[i] = strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
	}
	return fmt.Sprintf(peerView, args...) //nolint:staticcheck // args are six
}

// peer has ClickHouse read the same topic, and compares the totals.
func peer(ctx context.Context, w *world, r *Report) error {
	exec := func(statements string) error {
		for s := range strings.SplitSeq(statements, ";\n") {
			if err := w.tables.Conn().Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	}
	if err := exec(fmt.Sprintf(peerTables, w.kafka.Addr(), stream.Usage.Topic())); err != nil {
		return err
	}
	defer func() { _ = exec("DROP VIEW IF EXISTS peer.to_raw SYNC;\nDROP DATABASE peer SYNC") }()
	if err := w.settleMerges(ctx); err != nil {
		return err
	}
	cost, err := w.measure(func() error {
		if err := exec(view()); err != nil {
			return err
		}
		return until(ctx, func() (bool, error) {
			var n uint64
			err := w.tables.Conn().QueryRow(ctx, "SELECT count() FROM peer.raw").Scan(&n)
			return n >= uint64(w.load.Events), err
		})
	})
	if err != nil {
		return err
	}
	cost.Own = 0
	line := Line{Part: "d", Name: "ClickHouse's Kafka engine, 2 consumers, raw rows and hourly sums, json", Events: w.load.Events, Cost: cost}
	r.add(line)
	r.peer = line
	if err := exec("DROP VIEW peer.to_raw SYNC"); err != nil {
		return err
	}
	if err := w.merges(ctx, r, "Kafka engine", "peer", w.load.Events); err != nil {
		return err
	}
	return w.compare(ctx, r)
}

// compare holds the peer's hourly sums and its raw rows against ours, exactly.
func (w *world) compare(ctx context.Context, r *Report) error {
	var hours, differing uint64
	ours := w.tables.Database().Of("usage_hourly")
	if err := w.tables.Conn().QueryRow(ctx, `SELECT count(), countIf(n != 2 OR least != most) FROM (
		SELECT count() AS n, min(t) AS least, max(t) AS most FROM (
			SELECT hour, line, product, segment, region, currency, (revenue, cost, events) AS t FROM `+ours+`
			UNION ALL
			SELECT hour, line, product, segment, region, currency, (sum(revenue), sum(cost), sum(events)) AS t FROM peer.hourly GROUP BY ALL)
		GROUP BY hour, line, product, segment, region, currency)`).Scan(&hours, &differing); err != nil {
		return err
	}
	var events, revenue, theirs, theirRevenue string
	if err := w.tables.Conn().QueryRow(ctx, `SELECT toString(count()), toString(sum(revenue)) FROM `+w.tables.Database().Of("usage_events")).Scan(&events, &revenue); err != nil {
		return err
	}
	if err := w.tables.Conn().QueryRow(ctx, `SELECT toString(count()), toString(sum(revenue)) FROM peer.raw`).Scan(&theirs, &theirRevenue); err != nil {
		return err
	}
	r.Totals = fmt.Sprintf("%s events, revenue %s; %d hourly sums of the Kafka engine equal runrate's", events, revenue, hours)
	if differing > 0 || events != theirs || revenue != theirRevenue || hours == 0 {
		return fmt.Errorf("totals differ: %d of %d hourly sums; runrate has %s events and %s, the Kafka engine %s and %s", differing, hours, events, revenue, theirs, theirRevenue)
	}
	return nil
}
