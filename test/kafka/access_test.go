//go:build kafka

package kafkacluster_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/consumers/consume"
	"runrate/consumers/intake"
	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/fault"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/test/certs"
	kafkacluster "runrate/test/kafka"
	"runrate/test/oracle/gen"
)

// guarded is a Kafka of one node with TLS, SCRAM and the rights of docs/ACCESS.md.
type guarded struct {
	t  testing.TB
	k  *kafkacluster.Cluster
	ca string
}

const passwordOf = "-secret" // after the user's name

func guard(t testing.TB) *guarded {
	t.Helper()
	authority := certs.New(t, "authority")
	pair := authority.Issue(t, "kafka", certs.Tomorrow(), "127.0.0.1")
	var keystore []byte
	for _, file := range []string{pair.KeyFile, pair.CertFile, authority.CAFile} {
		pem, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		keystore = append(keystore, pem...)
	}
	if err := os.WriteFile(pair.CertFile, keystore, 0o600); err != nil {
		t.Fatal(err)
	}
	users := map[string]string{}
	for _, user := range []string{"gateway", "consumer", "monitor", "topics", "tick"} {
		users[user] = user + passwordOf
	}
	k, err := kafkacluster.Start(t.Context(), kafkacluster.Config{Dir: t.TempDir(), Brokers: 1, Version: os.Getenv("RUNRATE_KAFKA_VERSION"),
		Secure: &kafkacluster.Secure{Keystore: pair.CertFile, Users: users}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Destroy)
	return &guarded{t, k, authority.CAFile}
}

// as is a client of a role; change changes its settings.
func (g *guarded) as(user string, change ...func(*broker.Config)) *broker.Client {
	g.t.Helper()
	config := broker.Config{Brokers: g.k.SecureBrokers(), Timeout: 20 * time.Second, TLS: true, TLSCAFile: g.ca,
		SASLMechanism: "SCRAM-SHA-512", SASLUsername: user, SASLPassword: user + passwordOf}
	for _, c := range change {
		c(&config)
	}
	client, err := broker.Open(config)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(client.Close)
	return client
}

// grant gives the rights that a table of docs/ACCESS.md lists.
func (g *guarded) grant() {
	g.t.Helper()
	page, err := os.ReadFile("../../docs/ACCESS.md")
	if err != nil {
		g.t.Fatal(err)
	}
	var entries []kafka.ACLEntry
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		var resource kafka.ResourceType
		if len(cells) != 4 || resource.UnmarshalText([]byte(strings.TrimSpace(cells[1]))) != nil {
			continue
		}
		name, prefix := strings.CutSuffix(strings.TrimSpace(cells[2]), "*")
		pattern := kafka.PatternTypeLiteral
		if prefix {
			pattern = kafka.PatternTypePrefixed
		}
		for _, word := range strings.Split(cells[3], ",") {
			var operation kafka.ACLOperationType
			if err := operation.UnmarshalText([]byte(strings.TrimSpace(word))); err != nil {
				g.t.Fatal(err)
			}
			entries = append(entries, kafka.ACLEntry{ResourceType: resource, ResourceName: name, ResourcePatternType: pattern,
				Principal: "User:" + strings.TrimSpace(cells[0]), Host: "*", Operation: operation, PermissionType: kafka.ACLPermissionTypeAllow})
		}
	}
	if len(entries) < 20 {
		g.t.Fatalf("docs/ACCESS.md lists %d rights", len(entries))
	}
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	admin := kafka.Client{Addr: kafka.TCP(g.k.Brokers()...), Timeout: 20 * time.Second, Transport: transport}
	res, err := admin.CreateACLs(g.t.Context(), &kafka.CreateACLsRequest{ACLs: entries})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, err := range res.Errors {
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// TestAccess: with TLS, SCRAM and the rights that docs/ACCESS.md lists, each role does
// its work, and nothing else.
func TestAccess(t *testing.T) {
	g := guard(t)
	ctx := t.Context()
	g.wrongly()
	refused(t, "no right at all", g.as("topics").EnsureTopics(ctx, 3, 1))
	g.grant()
	if err := g.as("topics").EnsureTopics(ctx, 3, 1); err != nil {
		t.Fatal("create the topics: ", err)
	}
	if _, err := g.as("tick").Time(ctx); err != nil {
		t.Error("ask the broker for its time: ", err)
	}
	g.fold()

	usage, snapshots := stream.Usage.Topic(), stream.Snapshots()
	write := func(c *broker.Client, to stream.Topic) error {
		_, err := c.Append(ctx, to, 0, []broker.Message{{Key: []byte("k"), Value: []byte("v")}})
		return err
	}
	read := func(c *broker.Client, from stream.Topic) error {
		_, _, err := c.Fetch(ctx, stream.Source{Topic: from}, 0, 1<<20, 0)
		return err
	}
	commit := func(c *broker.Client) error {
		return c.Commit(ctx, broker.Member{Group: stream.Usage.Group(), Generation: 1, ID: "x"}, stream.Source{Topic: usage}, 0, "")
	}
	gateway, consumer, monitor, topics := g.as("gateway"), g.as("consumer"), g.as("monitor"), g.as("topics")
	for what, err := range map[string]error{
		"the gateway reads an input":          read(gateway, usage),
		"the gateway creates topics":          gateway.Create(ctx, stream.Other("runrate.usage.v2"), 3, usage),
		"the gateway commits":                 commit(gateway),
		"the consumer writes an input":        write(consumer, usage),
		"the consumer creates topics":         consumer.Create(ctx, stream.Other("runrate.usage.v2"), 3, usage),
		"the consumer alters an input":        consumer.SetRetentionBytes(ctx, usage, 1),
		"the monitor writes an input":         write(monitor, usage),
		"the monitor commits":                 commit(monitor),
		"the ticker reads an input":           read(g.as("tick"), usage),
		"the topics job reads an input":       read(topics, usage),
		"the topics job writes an input":      write(topics, usage),
		"the topics job creates other topics": topics.Create(ctx, stream.Other("another"), 3, usage),
	} {
		refused(t, what, err)
	}
	for what, err := range map[string]error{ // a topic that a role may not describe is none to it
		"the gateway writes snapshots": write(gateway, snapshots),
		"the monitor reads snapshots":  read(monitor, snapshots),
	} {
		if err == nil || !strings.Contains(err.Error(), "topic not found") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// refused holds that something was refused for want of a right, and says so.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || fault.KindOf(err) != fault.Setup || !strings.Contains(err.Error(), "docs/ACCESS.md") {
		t.Errorf("%s: %v (%v)", what, err, fault.KindOf(err))
	}
}

// wrongly is what real brokers say to settings that are not theirs.
func (g *guarded) wrongly() {
	for says, change := range map[string]func(*broker.Config){
		"RUNRATE_KAFKA_SASL_PASSWORD_FILE":          func(c *broker.Config) { c.SASLPassword = "wrong-secret" },
		"the broker refuses user nobody":            func(c *broker.Config) { c.SASLUsername = "nobody" },
		"takes no PLAIN, but SCRAM-SHA-":            func(c *broker.Config) { c.SASLMechanism = "PLAIN" },
		"name the PEM file of that authority":       func(c *broker.Config) { c.TLSCAFile = certs.New(g.t, "other").CAFile },
		"set --kafka-tls":                           func(c *broker.Config) { c.TLS, c.TLSCAFile = false, "" },
		"leave out --kafka-tls, or name":            func(c *broker.Config) { c.Brokers = g.k.Brokers() },
		"leave out --kafka-sasl-mechanism, or name": func(c *broker.Config) { c.Brokers, c.TLS, c.TLSCAFile = g.k.Brokers(), false, "" },
		"if it asks for a user, set --kafka-sasl":   func(c *broker.Config) { c.SASLMechanism, c.SASLUsername, c.SASLPassword = "", "", "" },
	} {
		_, err := g.as("gateway", change).Partitions(g.t.Context(), stream.Usage.Topic())
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			g.t.Errorf("%v; it should say %q", err, says)
		}
	}
}

// fold runs the roles at their work: the gateway writes both topics, the consumer folds
// them, the monitor sees that it has.
func (g *guarded) fold() {
	tables := openTables(g.t.(*testing.T))
	log := gen.Stream(9, gen.Options{Records: 300, Partitions: 3, Days: 3}).Log()
	gateway := g.as("gateway", func(c *broker.Config) { c.SASLMechanism = "SCRAM-SHA-256" })
	for source, records := range log {
		messages := make([]broker.Message, len(records))
		for i, r := range records {
			messages[i] = broker.Message{Key: r.Key, Value: r.Value, Headers: r.Headers}
		}
		if _, err := gateway.Append(g.t.Context(), source.Topic, source.Partition, messages); err != nil {
			g.t.Fatal(err)
		}
	}
	core, logs := observer.New(zapcore.WarnLevel)
	limits := worker.DefaultLimits
	limits.Every = 100 * time.Millisecond
	ctx, end := context.WithCancel(g.t.Context())
	var running sync.WaitGroup
	for _, topic := range stream.Inputs() {
		running.Go(func() {
			o := consume.Options{Client: g.as("consumer"), Store: tables, Limits: limits, Session: 6 * time.Second,
				Memory: intake.Memory{Recent: event.Hour, Most: 1000}, Logger: zap.New(core)}
			if err := consume.Run(ctx, topic, o); err != nil {
				g.t.Errorf("consume %s: %v", topic, err)
			}
		})
	}
	settling, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := lag.Settle(settling, g.as("monitor"), stream.Inputs(), nil); err != nil {
		g.t.Errorf("settle, by the monitor's rights: %v", err)
	}
	end()
	running.Wait()
	for _, l := range logs.All() {
		if l.Level >= zapcore.ErrorLevel || strings.Contains(l.Message, "uthoriz") {
			g.t.Errorf("logged: %s %v", l.Message, l.ContextMap())
		}
	}
}
