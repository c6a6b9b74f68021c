package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"

	"runrate/internal/fault"
)

// Refused says that a broker was reached, and that it or this client would not go on:
// the two are not set up for each other.
type Refused struct {
	Address string
	Means   string // what is wrong, "" if Err says it
	WayOut  string // the settings that mend it
	Kind    fault.Kind
	Err     error
}

// Error names the address, what is wrong, and the settings that mend it.
func (e *Refused) Error() string {
	what := e.Means
	if what == "" {
		what = e.Err.Error()
	}
	return fmt.Sprintf("connect to Kafka at %s: %s (%s)", e.Address, what, e.WayOut)
}

// Unwrap is the cause.
func (e *Refused) Unwrap() error { return e.Err }

// Fault is Kind.
func (e *Refused) Fault() fault.Kind { return e.Kind }

// encrypt puts TLS around a connection, if it is on. The files of certificates are
// read anew for each connection, so that new ones are taken without a restart.
func (c Config) encrypt(conn net.Conn, address string) (net.Conn, error) {
	settings, err := c.tls()
	if err != nil {
		return conn, &Refused{Address: address, Kind: fault.Setup, Err: err, WayOut: "the settings --kafka-tls-…"}
	}
	if settings == nil {
		return conn, nil
	}
	if settings.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return conn, err
		}
		settings.ServerName = host
	}
	encrypted := tls.Client(conn, settings)
	if err := encrypted.Handshake(); err != nil {
		return conn, c.untrusted(address, err)
	}
	return encrypted, nil
}

// untrusted is the error of a handshake of TLS, in words.
func (c Config) untrusted(address string, err error) error {
	r := &Refused{Address: address, Kind: fault.Setup, Err: err}
	var (
		noTLS   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		op      *net.OpError
	)
	switch {
	case errors.As(err, &noTLS):
		r.Means, r.WayOut = "that port speaks no TLS", "leave out --kafka-tls, or name by --brokers a port that does"
	case errors.As(err, &unknown):
		r.Means = "the broker's certificate is signed by an authority that is not trusted"
		r.WayOut = "name the PEM file of that authority by --kafka-tls-ca"
	case errors.As(err, &name):
		r.Means = "the broker's certificate is of another name: " + name.Error()
		r.WayOut = "name the broker by --brokers as its certificate does, or say by --kafka-tls-server-name what name that is"
	case errors.As(err, &invalid):
		r.Means = "the broker's certificate is not valid: " + invalid.Error()
		r.WayOut = "it must be renewed at the broker, or --kafka-tls-ca is of another authority"
	case errors.As(err, &op) && op.Op == "remote error":
		r.Means = "the broker refuses this client: " + op.Err.Error()
		r.WayOut = "it may want a client certificate that it trusts: --kafka-tls-cert and --kafka-tls-key"
	case cut(err) || errors.Is(err, os.ErrDeadlineExceeded): // brokers do the one or the other with what they cannot read
		r.Means, r.Kind = "the broker does not go on with the handshake of TLS", fault.Retry
		r.WayOut = "that port may speak no TLS: leave out --kafka-tls, or name by --brokers a port that does; or it wants a client certificate: --kafka-tls-cert"
	default:
		r.Kind, r.WayOut = fault.KindOf(err), "check --kafka-tls and what belongs to it"
	}
	return r
}

// cut says whether the other end has ended the connection.
func cut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// login says who this is, if a mechanism is set.
func (c Config) login(ctx context.Context, conn net.Conn, address string) error {
	mechanism, err := c.sasl()
	if err != nil || mechanism == nil {
		return err
	}
	refused := func(means, wayOut string, err error) error {
		return &Refused{Address: address, Kind: fault.Setup, Means: means, WayOut: wayOut, Err: err}
	}
	offered, err := c.propose(conn, mechanism.Name())
	switch {
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return refused(fmt.Sprintf("the broker takes no %s, but %s", mechanism.Name(), strings.Join(offered, ", ")), "set --kafka-sasl-mechanism to one that it takes", err)
	case errors.Is(err, kafka.IllegalSASLState) || errors.Is(err, kafka.InvalidRequest):
		return refused("that port asks nobody who they are", "leave out --kafka-sasl-mechanism, or name by --brokers a port that does", err)
	case err != nil:
		return err
	}
	err = c.prove(ctx, conn, mechanism)
	if errors.Is(err, kafka.SASLAuthenticationFailed) {
		return refused(fmt.Sprintf("the broker refuses user %s, or the password", c.SASLUsername),
			"check --kafka-sasl-username, and RUNRATE_KAFKA_SASL_PASSWORD_FILE or --kafka-sasl-password", err)
	}
	return err
}

// propose asks for a mechanism, and returns those that the broker takes.
func (c Config) propose(conn net.Conn, mechanism string) ([]string, error) {
	answer, err := protocol.RoundTrip(conn, 1, 1, c.clientID(), &saslhandshake.Request{Mechanism: mechanism})
	if err != nil {
		return nil, err
	}
	res := answer.(*saslhandshake.Response)
	return res.Mechanisms, coded(res.ErrorCode)
}

// prove is the exchange of a mechanism. A broker may end the connection in place of an
// answer: that is a refusal, too.
func (c Config) prove(ctx context.Context, conn net.Conn, mechanism sasl.Mechanism) error {
	exchange, said, err := mechanism.Start(ctx)
	for id, done := int32(2), false; err == nil && !done; id++ {
		var answer protocol.Message
		answer, err = protocol.RoundTrip(conn, 0, id, c.clientID(), &saslauthenticate.Request{AuthBytes: said})
		switch {
		case err != nil && cut(err):
			return kafka.SASLAuthenticationFailed
		case err != nil:
			return err
		}
		res := answer.(*saslauthenticate.Response)
		if err = coded(res.ErrorCode); err == nil {
			done, said, err = exchange.Next(ctx, res.AuthBytes)
		}
	}
	return err
}

// coded is the error of a code in an answer.
func coded(code int16) error {
	if code == 0 {
		return nil
	}
	return kafka.Error(code)
}

// firstContact adds the way out to an error of Metadata, the first request to a
// cluster, when the settings of the connection are its likely cause.
func firstContact(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without the name of kafka-go's method
	}
	if _, ok := errors.AsType[*Refused](err); !ok && cut(err) {
		return fmt.Errorf("%w (the broker ended the connection: if it asks for a user, set --kafka-sasl-mechanism)", err)
	}
	return err
}
