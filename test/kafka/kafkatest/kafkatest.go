// Package kafkatest gives tests a real Apache Kafka cluster of three brokers,
// one for each test binary, started when a test first asks.
//
// A package whose tests use it says
//
//	func TestMain(m *testing.M) { kafkatest.Main(m) }
//
// in files with the build tag kafka (`make test-kafka`), and its tests ask for
// [Cluster] and [Client]. A test may break the cluster: it is whole again when
// the test ends. Nothing outlives the test binary, even one that is killed.
// Kafka or Java that is missing fails the test, with the way to get it.
//
// RUNRATE_KAFKA_VERSION chooses another release than kafkacluster.Version.
package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/internal/broker"
	"runrate/internal/stream"
	kafkacluster "runrate/test/kafka"
)

// Properties are added to the settings of the shared cluster, if they are set
// before a test first asks for it.
var Properties map[string]string

var shared struct {
	sync.Mutex
	dir     string
	cluster *kafkacluster.Cluster
	err     error // why it could not start
}

// Main runs the tests of a package, ends the cluster, and exits. It is all that
// TestMain does, or the last thing.
func Main(m *testing.M) {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster != nil {
		shared.cluster.Destroy() // nobody will read its data
	}
	if shared.dir != "" {
		if code == 0 {
			if err := os.RemoveAll(shared.dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		} else {
			fmt.Fprintf(os.Stderr, "Kafka's files are kept in %s (node-*/server.log)\n", shared.dir)
		}
	}
	os.Exit(code)
}

// Cluster is the cluster of this test binary. Nodes that the test stops or
// pauses run again when it ends.
func Cluster(t testing.TB) *kafkacluster.Cluster {
	t.Helper()
	c := get(t)
	t.Cleanup(func() { heal(t, c) })
	return c
}

// get is Cluster for what does not break it.
func get(t testing.TB) *kafkacluster.Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.err = start()
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

func heal(t testing.TB, c *kafkacluster.Cluster) {
	t.Helper()
	if err := c.Heal(context.Background()); err != nil {
		t.Errorf("make the cluster whole again: %v", err)
	}
}

func start() error {
	dir, err := os.MkdirTemp("", "runrate-kafka-")
	if err != nil {
		return err
	}
	shared.dir = dir
	shared.cluster, err = kafkacluster.Start(context.Background(), kafkacluster.Config{
		Dir: filepath.Join(dir, "kafka"), Version: os.Getenv("RUNRATE_KAFKA_VERSION"), Properties: Properties,
	})
	return err
}

// Client is a client of the whole cluster. Requests time out after 10 s.
func Client(t testing.TB) *broker.Client {
	t.Helper()
	c, err := broker.Open(broker.Config{Brokers: get(t).Brokers(), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var serial atomic.Int64

// Name is a name that no other test of this binary has, for a topic or a group.
func Name(t testing.TB) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, t.Name())
	return fmt.Sprintf("%.80s_%d", clean, serial.Add(1))
}

// Topic creates a topic of three replicas, two of them needed, which is deleted
// when the test ends. settings are pairs of a name and a value.
func Topic(t testing.TB, partitions int, settings ...string) stream.Topic {
	t.Helper()
	topic := stream.Other(Name(t))
	Create(t, topic, partitions, settings...)
	return topic
}

// Lasting is Topic, but the topic stays until the cluster ends.
func Lasting(t testing.TB, partitions int) stream.Topic {
	t.Helper()
	topic := stream.Other(Name(t))
	create(t, topic.String(), partitions)
	return topic
}

// Create is Topic for a given one.
func Create(t testing.TB, topic stream.Topic, partitions int, settings ...string) {
	t.Helper()
	create(t, topic.String(), partitions, settings...)
	t.Cleanup(func() { Delete(t, topic) })
}

func create(t testing.TB, name string, partitions int, settings ...string) {
	t.Helper()
	c := get(t)
	topic := kafka.TopicConfig{Topic: name, NumPartitions: partitions, ReplicationFactor: 3}
	for i := 0; i < len(settings); i += 2 {
		topic.ConfigEntries = append(topic.ConfigEntries, kafka.ConfigEntry{ConfigName: settings[i], ConfigValue: settings[i+1]})
	}
	client := admin(t)
	res, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{topic}})
	if err == nil {
		err = res.Errors[name]
	}
	if err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
	if err := c.WaitInSync(context.Background(), name); err != nil {
		t.Fatal(err)
	}
}

// Delete deletes topics, and returns when no node knows them any more. It is no
// error if one does not exist. Nodes that are down are started first, or they
// would come back with the topic.
func Delete(t testing.TB, topics ...stream.Topic) {
	t.Helper()
	c := get(t)
	heal(t, c)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names := make([]string, len(topics))
	for i, topic := range topics {
		names[i] = topic.String()
	}
	if err := c.DeleteTopics(ctx, names...); err != nil {
		t.Error(err)
	}
}

// admin is a client without a memory of earlier tests' topics.
func admin(t testing.TB) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(get(t).Brokers()...), Timeout: 20 * time.Second, Transport: transport}
}
