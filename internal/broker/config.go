package broker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"runrate/internal/stream"
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
	if _, err := c.tls(); err != nil {
		return fmt.Errorf("Kafka TLS settings: %w", err)
	}
	if _, err := c.sasl(); err != nil {
		return fmt.Errorf("Kafka SASL settings: %w", err)
	}
	return nil
}

func (c Config) tls() (*tls.Config, error) {
	if !c.TLS {
		if c.TLSCAFile != "" || c.TLSCertFile != "" || c.TLSKeyFile != "" || c.TLSServerName != "" {
			return nil, errors.New("certificates are given but TLS is off: set --kafka-tls")
		}
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLSServerName}
	if c.TLSCAFile != "" {
		pem, err := os.ReadFile(c.TLSCAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authorities: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", c.TLSCAFile)
		}
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		return nil, errors.New("a client certificate needs both its file and its key's file")
	}
	if c.TLSCertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
		if err != nil {
			return nil, fmt.Errorf("load the client certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
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
