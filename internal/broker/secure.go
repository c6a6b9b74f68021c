package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"

	"runrate/internal/fault"
	"runrate/internal/tlsfiles"
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

// encrypt puts TLS around a connection, if it is on.
func (c Config) encrypt(conn net.Conn, address string) (net.Conn, error) {
	encrypted, err := c.tls().Encrypt(conn, address)
	if r, ok := errors.AsType[*tlsfiles.Refused](err); ok {
		err = refusedTLS(address, r)
	}
	return encrypted, err
}

// refusedTLS is a refusal of TLS as one of this package.
func refusedTLS(address string, r *tlsfiles.Refused) error {
	return &Refused{Address: address, Means: r.Means, WayOut: r.WayOut, Kind: r.Kind, Err: r.Err}
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
		case err != nil && tlsfiles.Cut(err):
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
	if _, ok := errors.AsType[*Refused](err); !ok && tlsfiles.Cut(err) {
		return fmt.Errorf("%w (the broker ended the connection: if it asks for a user, set --kafka-sasl-mechanism)", err)
	}
	return err
}
