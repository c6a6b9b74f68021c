package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/term"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// app is what the commands of one run share: its streams, its log, and the
// settings of the flags that many commands have.
type app struct {
	in       io.Reader
	out, err io.Writer
	logLevel string
	log      *zap.Logger // set before a command runs
	started  bool        // the command line was sound and the command ran

	kafka      broker.Config
	brokers    string
	topics     map[stream.Kind]*string // what the input topics are called in Kafka
	recorded   *stream.Names           // what ClickHouse says that they are called, if it was asked
	clickhouse store.Options
	admin      string // where the admin listener is
	insecure   bool   // whether to listen beyond loopback without TLS and keys

	closers []func()
}

// Where `runrate up` listens unless told otherwise.
const (
	defaultBrokers    = "127.0.0.1:9092"
	defaultClickHouse = "127.0.0.1:9000"
)

// kafkaFlags gives a command the flags of a Kafka connection.
func (a *app) kafkaFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.brokers, "brokers", defaultBrokers, "Kafka brokers, `host:port`, comma separated")
	f.StringVar(&a.kafka.ClientID, "kafka-client-id", "runrate", "client id that brokers show and limit by")
	f.DurationVar(&a.kafka.Timeout, "kafka-timeout", broker.DefaultTimeout, "bound of one request to Kafka")
	f.BoolVar(&a.kafka.TLS, "kafka-tls", false, "connect to Kafka with TLS")
	f.StringVar(&a.kafka.TLSCAFile, "kafka-tls-ca", "", "PEM `file` of the authorities to trust (default: the system's)")
	f.StringVar(&a.kafka.TLSCertFile, "kafka-tls-cert", "", "PEM `file` of the client certificate")
	f.StringVar(&a.kafka.TLSKeyFile, "kafka-tls-key", "", "PEM `file` of the client certificate's key")
	f.StringVar(&a.kafka.TLSServerName, "kafka-tls-server-name", "", "`name` to verify the brokers' certificates against (default: their host)")
	f.StringVar(&a.kafka.SASLMechanism, "kafka-sasl-mechanism", "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (default: no authentication)")
	f.StringVar(&a.kafka.SASLUsername, "kafka-sasl-username", "", "user at Kafka")
	f.StringVar(&a.kafka.SASLPassword, "kafka-sasl-password", "", "password at Kafka; better in a file")
	secret(f, "kafka-sasl-password")
	if a.topics == nil { // which all commands share
		a.topics = map[stream.Kind]*string{}
	}
	for _, k := range stream.Kinds() {
		if a.topics[k] == nil {
			a.topics[k] = new(string)
		}
		f.StringVar(a.topics[k], "topic-"+k.String(), k.Topic().String(), "what the topic "+k.Topic().String()+" is called in Kafka (runrate repartition makes others): a `name`")
	}
}

// names are what the flags call the input topics in Kafka.
func (a *app) names() (names stream.Names, err error) {
	kinds := map[string]stream.Kind{stream.Snapshots().String(): 0}
	for _, k := range stream.Kinds() {
		name := *a.topics[k]
		if !legalTopic.MatchString(name) {
			return names, usagef("--topic-%s %q is no name of a topic: 1 to 249 letters, digits, '.', '_' and '-'", k, name)
		}
		if _, taken := kinds[name]; taken {
			return names, usagef("--topic-%s %q is another topic: each has a name of its own", k, name)
		}
		kinds[name] = k
		names = names.With(k, name)
	}
	return names, nil
}

// legalTopic are the names that Kafka takes.
var legalTopic = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// openKafka is a client by the flags of kafkaFlags, closed when the run ends.
func (a *app) openKafka() (*broker.Client, error) {
	var err error
	if a.kafka.Brokers, err = broker.ParseBrokers(a.brokers); err != nil {
		return nil, usageError{err}
	}
	if a.kafka.Topics, err = a.names(); err != nil {
		return nil, err
	}
	if a.recorded != nil {
		a.kafka.Topics = *a.recorded
	}
	client, err := broker.Open(a.kafka)
	if err != nil {
		return nil, usageError{err}
	}
	a.closers = append(a.closers, client.Close)
	return client, nil
}

// clickhouseFlags gives a command the flags of a ClickHouse connection.
func (a *app) clickhouseFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&a.clickhouse.Address, "clickhouse", defaultClickHouse, "ClickHouse, native protocol: `host:port` or a clickhouse:// DSN")
	f.StringVar(&a.clickhouse.Database, "clickhouse-database", chschema.DefaultDatabase, "database of the tables and views")
	f.BoolVar(&a.clickhouse.TLS.On, "clickhouse-tls", false, "connect to ClickHouse with TLS; its port is usually 9440")
	f.StringVar(&a.clickhouse.TLS.CAFile, "clickhouse-tls-ca", "", "PEM `file` of the authorities to trust (default: the system's)")
	f.StringVar(&a.clickhouse.TLS.CertFile, "clickhouse-tls-cert", "", "PEM `file` of the client certificate")
	f.StringVar(&a.clickhouse.TLS.KeyFile, "clickhouse-tls-key", "", "PEM `file` of the client certificate's key")
	f.StringVar(&a.clickhouse.TLS.ServerName, "clickhouse-tls-server-name", "", "`name` to verify the servers' certificates against (default: their host)")
	f.StringVar(&a.clickhouse.User, "clickhouse-user", "", "user at ClickHouse (default: the DSN's)")
	f.StringVar(&a.clickhouse.Password, "clickhouse-password", "", "password at ClickHouse; better in a file")
	f.IntVar(&a.clickhouse.Quorum, "clickhouse-quorum", 0, "replicas that must have a row before it counts as written, on a cluster (default: most of them)")
	secret(f, "clickhouse")
	secret(f, "clickhouse-password")
}

// openClickHouse connects by the flags of clickhouseFlags; it is closed when
// the run ends.
func (a *app) openClickHouse(cmd *cobra.Command) (*store.Store, error) {
	s, err := store.Open(cmd.Context(), a.clickhouse)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, func() { s.Close() })
	return s, nil
}

// followEpochs makes openKafka call the input topics what the epochs that views show
// are folded from, whatever the flags say.
func (a *app) followEpochs(ctx context.Context, tables *store.Store) error {
	names, err := a.names()
	if err != nil {
		return err
	}
	if names, err = tables.Names(ctx, names); err != nil {
		return err
	}
	a.recorded = &names
	return nil
}

// close ends what the command opened, the last first.
func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		a.closers[i]()
	}
	if a.log != nil {
		_ = a.log.Sync() // a terminal cannot be synced
	}
}

// open is the reader of a file, or of standard input for "-".
func (a *app) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return standardInput{a.in}, nil
	}
	return os.Open(path)
}

// standardInput is standard input, which closing leaves open.
type standardInput struct{ io.Reader }

// Close does nothing: standard input is not this program's to close.
func (standardInput) Close() error { return nil }

// terminal says whether a person watches the stream.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// isWatched says whether a person watches standard output.
func (a *app) isWatched() bool {
	o, ok := a.out.(*output)
	return ok && terminal(o.to)
}

// printf writes to standard output, which keeps the first error (output).
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

// toFile creates a file, or takes standard output for "-", and closes it.
func (a *app) toFile(path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(a.out)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
