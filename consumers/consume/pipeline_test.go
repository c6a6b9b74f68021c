package consume

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
)

// bound is how long anything may take on a busy machine.
const bound = 90 * time.Second

// pipeline is a broker with the three topics, and a database.
type pipeline struct {
	t       *testing.T
	cluster *kfake.Cluster
	brokers []string // that clients are given
	store   *store.Store
	names   stream.Names // what the topics are called, by now
}

func newPipeline(t *testing.T, partitions int32) *pipeline {
	t.Helper()
	w := &pipeline{t: t}
	var err error
	w.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String(), stream.Snapshots().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cluster.Close)
	w.brokers = w.cluster.ListenAddrs()
	w.store, err = store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	if _, err := chschema.Migrate(t.Context(), w.store.Conn(), chschema.Options{Database: w.store.Database()}); err != nil {
		t.Fatal(err)
	}
	return w
}

// client is a new one, which remembers nothing of the topics.
func (w *pipeline) client() *broker.Client {
	w.t.Helper()
	c, err := broker.Open(broker.Config{Brokers: w.brokers, Topics: w.names})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// grow gives every topic more partitions.
func (w *pipeline) grow(partitions int32) {
	w.t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	c := kafka.Client{Addr: kafka.TCP(w.cluster.ListenAddrs()...), Timeout: 10 * time.Second, Transport: transport}
	req := &kafka.CreatePartitionsRequest{}
	for _, topic := range append(stream.Inputs(), stream.Snapshots()) {
		req.Topics = append(req.Topics, kafka.TopicPartitionsConfig{Name: topic.String(), Count: partitions})
	}
	res, err := c.CreatePartitions(w.t.Context(), req)
	if err == nil {
		for _, e := range res.Errors {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// consumer folds both topics until it is stopped.
type consumer struct {
	logs *observer.ObservedLogs
	stop func()
}

// options are those of one process.
func (w *pipeline) options(logger *zap.Logger) Options {
	limits := worker.DefaultLimits
	limits.Every = 50 * time.Millisecond
	return Options{Client: w.client(), Store: w.store, Memory: intake.DefaultMemory, Limits: limits, Session: 6 * time.Second, Logger: logger}
}

func (w *pipeline) consume() consumer {
	core, logs := observer.New(zapcore.InfoLevel)
	ctx, cancel := context.WithCancel(w.t.Context())
	o := w.options(zap.New(core))
	var running sync.WaitGroup
	for _, topic := range stream.Inputs() {
		running.Go(func() {
			if err := Run(ctx, topic, o); err != nil {
				w.t.Errorf("consume %s: %v", topic, err)
			}
		})
	}
	stop := sync.OnceFunc(func() { cancel(); running.Wait() })
	w.t.Cleanup(stop)
	return consumer{logs, stop}
}

// halts are the errors of the partitions that stand still.
func (c consumer) halts() (errs []string) {
	for _, l := range c.logs.FilterLevelExact(zapcore.ErrorLevel).All() {
		errs = append(errs, fmt.Sprint(l.ContextMap()["error"]))
	}
	return errs
}

const bookRecord = `{"specversion":"1.0","type":"pricebook.published","source":"t","id":"b1","time":"2026-11-01T00:00:00Z","data":` +
	`{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"100"}]}}]}}`

func tickAt(at string) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":%q,"time":%q}`, at, at)
}

// history is the usage of 8 accounts, 100 USD each, and their subscriptions, 10 USD
// each, placed as producers place it now.
func (w *pipeline) history() {
	w.t.Helper()
	for _, topic := range stream.Inputs() {
		w.historyOf(topic)
	}
}

// historyOf is what one topic has of it.
func (w *pipeline) historyOf(topic stream.Topic) {
	w.t.Helper()
	c := w.client()
	n, err := c.Partitions(w.t.Context(), topic)
	if err != nil {
		w.t.Fatal(err)
	}
	all := func(text string) {
		for p := range n {
			w.append(c, topic, p, "", text)
		}
	}
	all(bookRecord)
	all(tickAt("2026-11-02T12:00:00Z"))
	for i := range 8 {
		account := fmt.Sprint("acct_", i)
		text := fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"t","id":"1","time":"2026-11-02T10:00:00Z","subject":%q,"data":{"product":"chat","quantities":{"in":1}}}`, account)
		if topic.Kind() == stream.Subscriptions {
			text = fmt.Sprintf(`{"specversion":"1.0","type":"subscription.changed","source":"t","id":"1","time":"2026-11-02T10:00:00Z","subject":%q,"data":{"subscription":"s","line":"chat","plan":"team","status":"active","quantity":1,"unit_amount":"10","currency":"USD","interval":"month"}}`, account)
		}
		w.append(c, topic, stream.Partition([]byte(account), n), account, text)
	}
	all(tickAt("2026-11-03T00:00:00Z"))
}

func (w *pipeline) append(c *broker.Client, topic stream.Topic, partition int32, key, text string) {
	w.t.Helper()
	if _, err := c.Append(w.t.Context(), topic, partition, []broker.Message{{Key: []byte(key), Value: []byte(text)}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *pipeline) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), bound)
	defer cancel()
	if err := lag.Settle(ctx, w.client(), stream.Inputs(), nil); err != nil {
		w.t.Fatal(err)
	}
}

// ask is one cell.
func (w *pipeline) ask(query string) string {
	w.t.Helper()
	var cell string
	if err := w.store.Conn().QueryRow(w.t.Context(), strings.ReplaceAll(query, "DB", w.store.Database().SQL())).Scan(&cell); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return cell
}

// numbers are what the history comes to.
func (w *pipeline) numbers() string {
	w.t.Helper()
	return w.ask(`SELECT concat('events ', toString((SELECT sum(revenue) FROM DB.usage_events)),
		', windows ', toString((SELECT sum(revenue) FROM DB.rolling_revenue WHERE as_of = '2026-11-03 00:00:00' AND window = '28d')),
		', arr ', toString((SELECT sum(arr) FROM DB.arr WHERE as_of = '2026-11-03 00:00:00')),
		', mrr ', toString((SELECT sum(mrr) FROM DB.subscriptions)))`)
}

const numbers = "events 800, windows 800, arr 11360, mrr 80" // 13 x 800 + 12 x 80

func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(bound); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
