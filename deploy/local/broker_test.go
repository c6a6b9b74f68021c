package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/deploy/local"
)

// client returns a kafka-go client of the broker.
func client(t *testing.T, addr string) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second, Transport: transport}
}

func startBroker(t *testing.T, c local.BrokerConfig) *local.Broker {
	t.Helper()
	b, err := local.StartBroker(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Errorf("stop the broker: %v", err)
		}
	})
	return b
}

var topicConfig = []kafka.ConfigEntry{
	{ConfigName: "retention.ms", ConfigValue: "-1"},
	{ConfigName: "cleanup.policy", ConfigValue: "delete"},
	{ConfigName: "max.message.bytes", ConfigValue: "2000000"},
	{ConfigName: "min.insync.replicas", ConfigValue: "1"},
}

func createTopic(t *testing.T, c *kafka.Client, name string, partitions int) {
	t.Helper()
	resp, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: name, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: topicConfig,
	}}})
	if err == nil {
		err = resp.Errors[name]
	}
	if err != nil {
		t.Fatalf("create topic %s: %v", name, err)
	}
}

// produce writes one record and returns its offset.
func produce(t *testing.T, c *kafka.Client, topic string, partition int, value string) int64 {
	t.Helper()
	resp, err := c.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes([]byte(value)), Time: time.UnixMilli(1)}),
	})
	if err == nil {
		err = resp.Error
	}
	if err != nil {
		t.Fatalf("produce to %s/%d: %v", topic, partition, err)
	}
	return resp.BaseOffset
}

// fetch returns all values of a partition from offset 0, in order, without a gap.
func fetch(t *testing.T, c *kafka.Client, topic string, partition int) []string {
	t.Helper()
	var values []string
	for {
		resp, err := c.Fetch(t.Context(), &kafka.FetchRequest{
			Topic: topic, Partition: partition, Offset: int64(len(values)), MinBytes: 1, MaxBytes: 1 << 20, MaxWait: 50 * time.Millisecond,
		})
		if err == nil {
			err = resp.Error
		}
		if err != nil {
			t.Fatalf("fetch %s/%d: %v", topic, partition, err)
		}
		for {
			r, err := resp.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("read %s/%d: %v", topic, partition, err)
			}
			if r.Offset < int64(len(values)) {
				continue
			}
			if r.Offset != int64(len(values)) {
				t.Fatalf("%s/%d: offset %d after %d", topic, partition, r.Offset, len(values)-1)
			}
			v, err := kafka.ReadAll(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, string(v))
		}
		if int64(len(values)) >= resp.HighWatermark {
			return values
		}
	}
}

// join makes a member of the group, and returns its generation when it has one.
func join(t *testing.T, addr, group, topic string) *kafka.Generation {
	t.Helper()
	g, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{addr}, Topics: []string{topic},
		HeartbeatInterval: 100 * time.Millisecond, SessionTimeout: 2 * time.Second,
		RebalanceTimeout: 2 * time.Second, JoinGroupBackoff: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		gen, err := g.Next(ctx)
		if err == nil {
			return gen
		}
		if ctx.Err() != nil {
			t.Fatalf("join %s: %v", group, err)
		}
	}
}

// commit commits an offset with metadata as a member of a generation.
func commit(t *testing.T, c *kafka.Client, topic, group, member string, generation int, offset int64, metadata string) error {
	t.Helper()
	resp, err := c.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: generation, MemberID: member,
		Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: offset, Metadata: metadata}}},
	})
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return resp.Topics[topic][0].Error
}

// committed returns the committed offset of partition 0, and its metadata.
func committed(t *testing.T, c *kafka.Client, topic, group string) (int64, string) {
	t.Helper()
	resp, err := c.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0}}})
	if err == nil {
		err = errors.Join(resp.Error, resp.Topics[topic][0].Error)
	}
	if err != nil {
		t.Fatalf("fetch offsets: %v", err)
	}
	return resp.Topics[topic][0].CommittedOffset, resp.Topics[topic][0].Metadata
}

// TestBrokerTopics: topics come with the partitions and configs asked for, and no
// other way.
func TestBrokerTopics(t *testing.T) {
	b := startBroker(t, local.BrokerConfig{Dir: t.TempDir(), MinSessionTimeout: time.Second})
	c := client(t, b.Addr())
	createTopic(t, c, "runrate.usage", 3)
	meta, err := c.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{"runrate.usage"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(meta.Topics[0].Partitions); n != 3 {
		t.Errorf("%d partitions, want 3", n)
	}
	resp, err := c.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: "runrate.usage"}}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range resp.Resources[0].ConfigEntries {
		got[e.ConfigName] = e.ConfigValue
	}
	for _, want := range topicConfig {
		if got[want.ConfigName] != want.ConfigValue {
			t.Errorf("%s = %q, want %q", want.ConfigName, got[want.ConfigName], want.ConfigValue)
		}
	}

	create, err := c.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "runrate.usage", NumPartitions: 3, ReplicationFactor: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := create.Errors["runrate.usage"]; !errors.Is(err, kafka.TopicAlreadyExists) {
		t.Errorf("create it again: %v, want %v", err, kafka.TopicAlreadyExists)
	}

	// 1.5 MB is within max.message.bytes, 2.5 MB is not.
	produce(t, c, "runrate.usage", 0, strings.Repeat("x", 1_500_000))
	big, err := c.Produce(t.Context(), &kafka.ProduceRequest{Topic: "runrate.usage", RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes(make([]byte, 2_500_000))})})
	if err == nil {
		err = big.Error
	}
	if !errors.Is(err, kafka.MessageSizeTooLarge) {
		t.Errorf("a record above max.message.bytes: %v, want %v", err, kafka.MessageSizeTooLarge)
	}
}

func TestBrokerAutoCreate(t *testing.T) {
	for _, on := range []bool{false, true} {
		t.Run(fmt.Sprint(on), func(t *testing.T) {
			b := startBroker(t, local.BrokerConfig{Dir: t.TempDir(), AutoCreateTopics: on})
			w := &kafka.Writer{Addr: kafka.TCP(b.Addr()), Topic: "typo", RequiredAcks: kafka.RequireAll, MaxAttempts: 3,
				BatchTimeout: time.Millisecond, AllowAutoTopicCreation: true, Transport: &kafka.Transport{}}
			defer w.Close()
			err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("x")})
			if on && err != nil {
				t.Error(err)
			}
			if !on && !errors.Is(err, kafka.UnknownTopicOrPartition) {
				t.Errorf("%v, want %v", err, kafka.UnknownTopicOrPartition)
			}
		})
	}
}

// TestBrokerFencesCommits: a commit counts only from the present generation.
func TestBrokerFencesCommits(t *testing.T) {
	b := startBroker(t, local.BrokerConfig{Dir: t.TempDir(), MinSessionTimeout: time.Second})
	c := client(t, b.Addr())
	createTopic(t, c, "t", 1)
	gen := join(t, b.Addr(), "g", "t")
	at := func(generation int, member string) error {
		return commit(t, c, "t", "g", member, generation, 5, "m")
	}
	if err := at(int(gen.ID), gen.MemberID); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		generation int
		member     string
		want       error
	}{
		"past generation":   {int(gen.ID) - 1, gen.MemberID, kafka.IllegalGeneration},
		"future generation": {int(gen.ID) + 1, gen.MemberID, kafka.IllegalGeneration},
		"another member":    {int(gen.ID), "zombie", kafka.UnknownMemberId},
		"no member":         {-1, "", kafka.UnknownMemberId},
	} {
		if err := at(c.generation, c.member); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := commit(t, c, "t", "g", gen.MemberID, int(gen.ID), 6, strings.Repeat("m", 4096)); err != nil {
		t.Errorf("4,096 bytes of metadata: %v", err)
	}
	if err := commit(t, c, "t", "g", gen.MemberID, int(gen.ID), 7, strings.Repeat("m", 4097)); !errors.Is(err, kafka.OffsetMetadataTooLarge) {
		t.Errorf("4,097 bytes of metadata: %v, want %v", err, kafka.OffsetMetadataTooLarge)
	}
	if offset, _ := committed(t, c, "t", "g"); offset != 6 {
		t.Errorf("committed %d, want 6", offset)
	}

	// The next member's generation shuts the first one's out.
	next := join(t, b.Addr(), "g", "t")
	if next.ID <= gen.ID {
		t.Fatalf("generation %d after %d", next.ID, gen.ID)
	}
	if err := at(int(gen.ID), gen.MemberID); err == nil {
		t.Error("a member of the past generation committed")
	}
}

// aBroker is a broker that a test ends in some way.
type aBroker struct {
	addr string
	end  func() error
}

// TestBrokerRestart: records, topics, committed offsets and their metadata are
// there again, however the broker ended, and a zombie of an earlier life is fenced.
func TestBrokerRestart(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, dir string) aBroker{
		"stop": func(t *testing.T, dir string) aBroker {
			b := startBroker(t, local.BrokerConfig{Dir: dir, MinSessionTimeout: time.Second})
			return aBroker{b.Addr(), b.Stop}
		},
		"process, SIGTERM": func(t *testing.T, dir string) aBroker {
			b := startBrokerProcess(t, dir)
			return aBroker{b.Addr(), func() error { return b.Stop(context.Background()) }}
		},
		"process, kill -9": func(t *testing.T, dir string) aBroker {
			b := startBrokerProcess(t, dir)
			return aBroker{b.Addr(), b.Kill}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			metadata := `{"snapshot":"` + strings.Repeat("s", 300) + `"}`
			var want []string
			var past *kafka.Generation
			for life := range 4 {
				b := open(t, dir)
				c := client(t, b.addr)
				if life == 0 {
					createTopic(t, c, "t", 2)
				} else {
					if offset, m := committed(t, c, "t", "g"); offset != int64(len(want)) || m != metadata {
						t.Fatalf("life %d: committed %d %q, want %d %q", life, offset, m, len(want), metadata)
					}
					if got := fetch(t, c, "t", 0); fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("life %d: %d records %q, want %d", life, len(got), got, len(want))
					}
				}
				for range 20 {
					v := fmt.Sprintf("life %d record %d", life, len(want))
					if offset := produce(t, c, "t", 0, v); offset != int64(len(want)) {
						t.Fatalf("life %d: offset %d, want %d", life, offset, len(want))
					}
					want = append(want, v)
				}
				gen := join(t, b.addr, "g", "t")
				if past != nil {
					if gen.ID <= past.ID {
						t.Errorf("life %d: generation %d after %d", life, gen.ID, past.ID)
					}
					if err := commit(t, c, "t", "g", past.MemberID, int(past.ID), 1, "zombie"); err == nil {
						t.Errorf("life %d: a member of an earlier life committed", life)
					}
				}
				past = gen
				if err := commit(t, c, "t", "g", gen.MemberID, int(gen.ID), int64(len(want)), metadata); err != nil {
					t.Fatal(err)
				}
				if err := b.end(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func startBrokerProcess(t *testing.T, dir string) *local.BrokerProcess {
	t.Helper()
	b, err := local.StartBrokerProcess(t.Context(), local.BrokerConfig{Dir: dir, MinSessionTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(context.Background()); err != nil {
			t.Errorf("stop the broker: %v", err)
		}
	})
	return b
}

func TestBrokerRefuses(t *testing.T) {
	dir := t.TempDir()
	b := startBroker(t, local.BrokerConfig{Dir: dir, MinSessionTimeout: time.Second})
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	var taken int
	fmt.Sscan(port, &taken)
	for name, c := range map[string]struct {
		config local.BrokerConfig
		want   []string
	}{
		"no directory":    {local.BrokerConfig{}, []string{"no data directory"}},
		"port taken":      {local.BrokerConfig{Dir: t.TempDir(), Port: taken}, []string{"--kafka-port", "port " + port, "address already in use"}},
		"directory taken": {local.BrokerConfig{Dir: dir}, []string{dir, "in use by another runrate", "--data-dir"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := local.StartBroker(t.Context(), c.config)
			if err == nil {
				b.Stop()
				t.Fatal("started")
			}
			p, perr := local.StartBrokerProcess(t.Context(), c.config)
			if perr == nil {
				p.Kill()
				t.Fatal("started as a process")
			}
			for _, want := range c.want {
				for _, err := range []error{err, perr} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%v\ndoes not say %q", err, want)
					}
				}
			}
		})
	}
}
