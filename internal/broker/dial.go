package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"

	"runrate/internal/fault"
)

// Unreachable says that no connection to a broker could be made.
type Unreachable struct {
	Address string
	Given   bool // by the settings; otherwise the cluster named it
	Err     error
}

// Error names the address, what is wrong with it, and the way out.
func (e *Unreachable) Error() string {
	wayOut := "set --brokers or RUNRATE_BROKERS to where Kafka is"
	if !e.Given {
		wayOut = "the cluster named that address: mend the brokers' advertised.listeners, or the way from here to there"
	}
	return fmt.Sprintf("connect to Kafka at %s: %s (%s)", e.Address, innermost(e.Err), wayOut)
}

// Unwrap is the error of the connection.
func (e *Unreachable) Unwrap() error { return e.Err }

// innermost is the text of an error of package net without the address and the
// steps taken, which the error around it names.
func innermost(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if system, ok := errors.AsType[*os.SyscallError](err); ok {
		return system.Err.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return err.Error()
}

// dial connects to a broker, by TLS where it is on, asks it what each broker answers
// anybody, and logs in: whoever gets the connection may ask away. It is the one way to
// Kafka, of requests (kafka.Transport) and of consumer groups (kafka.Dialer) alike. A
// broker that hangs takes connections, too: one that does not answer is passed over,
// where kafka.ConsumerGroup would ask it for the coordinator for ever.
//
// That the caller's time was up first says nothing of the broker.
func (c Config) dial(ctx context.Context, network, address string) (net.Conn, error) {
	deadline, ok := ctx.Deadline()
	hurried := ok && time.Until(deadline) < dialTimeout*9/10 // kafka-go itself gives dialTimeout
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	conn, err := d.DialContext(ctx, network, address)
	if err == nil {
		conn, err = c.enter(ctx, conn, address)
	}
	var timeout net.Error
	switch {
	case err == nil || errors.Is(ctx.Err(), context.Canceled):
		return conn, err
	case hurried && errors.As(err, &timeout) && timeout.Timeout():
		return nil, err
	}
	if _, ok := errors.AsType[*Refused](err); ok {
		return nil, err
	}
	return nil, &Unreachable{Address: address, Given: slices.Contains(c.Brokers, address), Err: err}
}

// answerTimeout is how long a broker may take for its first answer, and as long again
// for each step before and after it: the handshake of TLS, and logging in.
const answerTimeout = 3 * time.Second

// enter is what dial does with a new connection, which it closes if it fails.
func (c Config) enter(ctx context.Context, conn net.Conn, address string) (_ net.Conn, err error) {
	bare := conn
	stop := context.AfterFunc(ctx, func() { _ = bare.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			bare.Close()
		}
	}()
	for _, step := range []func() error{
		func() (err error) { conn, err = c.encrypt(conn, address); return err },
		func() error { return c.greet(conn, address) },
		func() error { return c.login(ctx, conn, address) },
	} {
		if err := conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
			return nil, err
		}
		if err := step(); err != nil {
			if _, said := errors.AsType[*Refused](err); !said && errors.Is(err, os.ErrDeadlineExceeded) {
				err = fmt.Errorf("no answer within %s: %w", answerTimeout, os.ErrDeadlineExceeded)
			}
			return nil, err
		}
	}
	return conn, conn.SetDeadline(time.Time{})
}

// greet asks the question that each broker answers anybody.
func (c Config) greet(conn net.Conn, address string) error {
	_, err := protocol.RoundTrip(conn, 0, 0, c.clientID(), new(apiversions.Request))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if c.TLS {
		return refusedTLS(address, c.tls().Explain(err)) // TLS 1.3 refuses a client after its handshake
	}
	return &Refused{Address: address, Err: err, Kind: fault.Retry,
		Means: "that port ends a connection without TLS, or the broker is ending", WayOut: "if it speaks TLS, set --kafka-tls"}
}
