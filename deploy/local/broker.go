package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// BrokerConfig says how the broker runs. Dir is required.
type BrokerConfig struct {
	// Dir holds everything of this broker. Created where it is missing.
	Dir string

	// Port is on loopback. 0 takes any that is free.
	Port int

	// AutoCreateTopics lets a client create a topic by asking for it, with 4
	// partitions. Off, a topic exists when an admin request creates it.
	AutoCreateTopics bool

	// ClockTopic is the topic whose appends are answered with the broker's time.
	ClockTopic string

	// MinSessionTimeout is the shortest session timeout that a consumer group's
	// member may ask for. 0 is Kafka's 6 seconds.
	MinSessionTimeout time.Duration
}

// maxOffsetMetadata is the most metadata, in bytes, that a committed offset may
// carry: Kafka's default for offset.metadata.max.bytes.
const maxOffsetMetadata = 4096

// Broker is a stand-in for one Kafka broker, inside this process. Records,
// topics, and committed offsets with their metadata are on disk when they are
// acknowledged, and there again when a broker starts on the same directory. Its
// methods may be called from any goroutine.
type Broker struct {
	cluster *kfake.Cluster
	reaper  *reaper
	addr    string
	lock    *os.File // nil when the parent process holds it

	stop func() error // once

	failed chan struct{} // closed when the broker can keep its promises no longer
	mu     sync.Mutex
	err    error
}

// StartBroker starts the broker and returns when it takes connections. It never
// deletes records by itself: topics without a retention.ms of their own keep all.
//
// It stands in for Kafka on one machine, and differs from it: replication factor
// 1 only (or -1), topic configs are kept unchecked, min.insync.replicas has no effect,
// and records keep the times of their producers whatever their topic asks for.
func StartBroker(_ context.Context, c BrokerConfig) (*Broker, error) {
	if c.Dir == "" {
		return nil, errors.New("start the broker: no data directory is given")
	}
	lock, err := openDir(c.Dir, "the broker")
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	b, err := startBroker(c)
	if err != nil {
		lock.Close()
		return nil, err
	}
	b.lock = lock
	return b, nil
}

// startBroker starts the broker on a directory that is locked.
func startBroker(c BrokerConfig) (*Broker, error) {
	dir := filepath.Join(c.Dir, "data")
	for _, name := range []string{"groups.log", "pids.log"} {
		if err := trimTorn(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("start the broker: %w", err)
		}
	}
	b := &Broker{failed: make(chan struct{})}
	b.stop = sync.OnceValue(b.stopOnce)
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(c.Port),
		kfake.ListenFn(func(network, addr string) (net.Listener, error) {
			l, err := net.Listen(network, addr)
			if err != nil {
				return nil, portError(c.Port, "--kafka-port", "the broker", err)
			}
			return l, nil
		}),
		kfake.DataDir(dir),
		kfake.SyncWrites(),
		kfake.DefaultNumPartitions(4),
		kfake.WithLogger(brokerLog{b}),
		kfake.BrokerConfigs(map[string]string{
			// Kafka's week would delete replayed history, whose records are old.
			"log.retention.ms": "-1",
			// A group that is stopped for a month finds its offsets again.
			"offsets.retention.minutes": "5256000", // ten years
		}),
	}
	if c.AutoCreateTopics {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if c.MinSessionTimeout > 0 {
		opts = append(opts, kfake.GroupMinSessionTimeout(c.MinSessionTimeout))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, fmt.Errorf("start the broker on %s: %w", c.Dir, err)
	}
	b.cluster = cluster
	b.addr = cluster.ListenAddrs()[0]
	cluster.ControlKey(kmsg.OffsetCommit.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return refuseLongMetadata(req.(*kmsg.OffsetCommitRequest))
	})
	cluster.ControlKey(kmsg.CreateTopics.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		keepProducersTimes(req.(*kmsg.CreateTopicsRequest), c.ClockTopic)
		return nil, nil, false
	})
	if c.ClockTopic != "" {
		cluster.ControlKey(kmsg.Produce.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			return tellTime(req.(*kmsg.ProduceRequest), c.ClockTopic)
		})
	}
	b.reaper = startReaper(cluster, b.addr)
	return b, nil
}

// Addr is the broker's host:port.
func (b *Broker) Addr() string { return b.addr }

// Done closes when the broker can no longer write to its disk. What it
// acknowledges from then on may be lost, so its user stops it, and reports Err.
func (b *Broker) Done() <-chan struct{} { return b.failed }

// Err is why Done closed; nil before.
func (b *Broker) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Stop closes the broker: clients lose their connections, and everything is on
// disk when it returns. The error is Err. A second Stop does nothing.
func (b *Broker) Stop() error { return b.stop() }

func (b *Broker) stopOnce() error {
	b.reaper.close()
	b.cluster.Close()
	var err error
	if b.lock != nil {
		err = closeLock(b.lock)
	}
	return errors.Join(b.Err(), err)
}

// fail records the first reason that the broker is not to be trusted any more.
func (b *Broker) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
		close(b.failed)
	}
}

// brokerLog hears what the broker logs. It answers a commit well even when it
// could not write it, and only its log tells.
type brokerLog struct{ b *Broker }

// Logf makes the broker fail when it says that it could not persist something.
func (l brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	if level <= kfake.LogLevelWarn && strings.HasPrefix(format, "persist") {
		l.b.fail(fmt.Errorf("the broker cannot write to its disk: "+format, args...))
	}
}

// refuseLongMetadata refuses a commit whose metadata is too long, as Kafka does,
// except that it refuses the whole request; kfake would take any length.
func refuseLongMetadata(req *kmsg.OffsetCommitRequest) (kmsg.Response, error, bool) {
	long := false
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			long = long || p.Metadata != nil && len(*p.Metadata) > maxOffsetMetadata
		}
	}
	if !long {
		return nil, nil, false
	}
	resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, kerr.OffsetMetadataTooLarge.Code
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp, nil, true
}
