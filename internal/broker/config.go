package broker

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"runrate/internal/stream"
	"runrate/internal/tlsfiles"
)

// Config says how to reach a Kafka cluster. The zero value of every field but
// Brokers is usable: no TLS, no authentication.
type Config struct {
	Brokers  []string // host:port, at least one; any of them leads to the rest
	ClientID string   // shown in the brokers' logs and quotas; default "runrate"

	TLS           bool
	TLSCAFile     string // PEM; empty trusts the system's authorities
	TLSCertFile   string // PEM client certificate; needs TLSKeyFile
	TLSKeyFile    string // PEM
	TLSServerName string // name to verify; empty: the host that was dialed

	SASLMechanism string // "", PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	SASLUsername  string
	SASLPassword  string

	// Topics are what the input topics are called in Kafka.
	Topics stream.Names

	// Timeout bounds one request and its answer; default 30 s. A broker is told
	// to give up on a write after half of it.
	Timeout time.Duration
}

// DefaultTimeout bounds a request where Config.Timeout is zero.
const DefaultTimeout = 30 * time.Second

const (
	dialTimeout = 5 * time.Second
	// metadataTTL is the longest that a moved leader goes unnoticed;
	// kafka-go refreshes at a random time before it.
	metadataTTL = 4 * time.Second
)

// ParseBrokers splits a comma separated list of host:port.
func ParseBrokers(list string) ([]string, error) {
	var brokers []string
	for b := range strings.SplitSeq(list, ",") {
		b = strings.TrimSpace(b)
		if b == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(b); err != nil || port == "" {
			return nil, fmt.Errorf("broker %q is not host:port (--brokers, RUNRATE_BROKERS)", b)
		}
		brokers = append(brokers, b)
	}
	if len(brokers) == 0 {
		return nil, errors.New("no Kafka broker given: set --brokers or RUNRATE_BROKERS to host:port")
	}
	return brokers, nil
}

// Transport is the connection pool for requests by kafka.Client. Its connections
// come encrypted and logged in: kafka-go is told of neither.
func (c Config) Transport() (*kafka.Transport, error) {
	if err := c.secure(); err != nil {
		return nil, err
	}
	return &kafka.Transport{ClientID: c.clientID(), Dial: c.dial, DialTimeout: dialTimeout, MetadataTTL: metadataTTL}, nil
}

// Dialer is what kafka.ConsumerGroup connects with, in the same way as Transport.
func (c Config) Dialer() (*kafka.Dialer, error) {
	if err := c.secure(); err != nil {
		return nil, err
	}
	return &kafka.Dialer{ClientID: c.clientID(), Timeout: dialTimeout, DialFunc: c.dial}, nil
}

func (c Config) clientID() string {
	if c.ClientID == "" {
		return "runrate"
	}
	return c.ClientID
}

func (c Config) timeout() time.Duration {
	if c.Timeout <= 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

// secure checks the settings of TLS and SASL.
func (c Config) secure() error {
	if _, err := c.tls().Config(); err != nil {
		return fmt.Errorf("Kafka TLS settings: %w", err)
	}
	if _, err := c.sasl(); err != nil {
		return fmt.Errorf("Kafka SASL settings: %w", err)
	}
	return nil
}

// tls are the settings of TLS.
func (c Config) tls() tlsfiles.Settings {
	return tlsfiles.Settings{On: c.TLS, CAFile: c.TLSCAFile, CertFile: c.TLSCertFile, KeyFile: c.TLSKeyFile, ServerName: c.TLSServerName,
		Names: tlsfiles.Names{Flag: "--kafka-tls", Address: "--brokers", Peer: "broker"}}
}

func (c Config) sasl() (sasl.Mechanism, error) {
	if c.SASLMechanism == "" {
		if c.SASLUsername != "" || c.SASLPassword != "" {
			return nil, errors.New("a user is given but no mechanism: set --kafka-sasl-mechanism")
		}
		return nil, nil
	}
	if c.SASLUsername == "" {
		return nil, fmt.Errorf("%s needs a user: set --kafka-sasl-username", c.SASLMechanism)
	}
	switch strings.ToUpper(c.SASLMechanism) {
	case "PLAIN":
		return plain.Mechanism{Username: c.SASLUsername, Password: c.SASLPassword}, nil
	case "SCRAM-SHA-256":
		return scram.Mechanism(scram.SHA256, c.SASLUsername, c.SASLPassword)
	case "SCRAM-SHA-512":
		return scram.Mechanism(scram.SHA512, c.SASLUsername, c.SASLPassword)
	}
	return nil, fmt.Errorf("mechanism %q is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", c.SASLMechanism)
}
