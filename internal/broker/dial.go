package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
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

// dial connects to a broker. That the caller's time was up first says nothing of
// the broker.
func (c Config) dial(ctx context.Context, network, address string) (net.Conn, error) {
	deadline, ok := ctx.Deadline()
	hurried := ok && time.Until(deadline) < dialTimeout*9/10 // kafka-go itself gives dialTimeout
	d := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	conn, err := d.DialContext(ctx, network, address)
	var timeout net.Error
	switch {
	case err == nil || errors.Is(ctx.Err(), context.Canceled):
		return conn, err
	case hurried && errors.As(err, &timeout) && timeout.Timeout():
		return nil, err
	}
	return nil, &Unreachable{Address: address, Given: slices.Contains(c.Brokers, address), Err: err}
}

// answerTimeout is how long a broker may take for its first answer.
const answerTimeout = 3 * time.Second

// dialAnswering is dial for kafka.ConsumerGroup, which asks the first broker that
// takes its connection who the coordinator is, again and again: one that hangs takes
// it, too. So it must answer a question that each broker answers anybody. With TLS,
// the handshake is one.
func (c Config) dialAnswering(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil || c.TLS {
		return conn, err
	}
	if err = conn.SetDeadline(time.Now().Add(answerTimeout)); err == nil {
		_, err = protocol.RoundTrip(conn, 0, 0, c.clientID(), new(apiversions.Request))
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err == nil {
		return conn, nil
	}
	conn.Close()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", answerTimeout, os.ErrDeadlineExceeded)
	}
	return nil, &Unreachable{Address: address, Given: slices.Contains(c.Brokers, address), Err: err}
}

// firstContact adds the way out to an error of Metadata, the first request to a
// cluster, when the settings of the connection are its likely cause.
func firstContact(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without the name of kafka-go's method
	}
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &plain):
		return fmt.Errorf("%w (that port speaks no TLS: leave out --kafka-tls, or name a port that does)", err)
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return fmt.Errorf("%w (check --kafka-sasl-username and its password)", err)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("%w (the broker ended the connection: it may want TLS, --kafka-tls, or a user, --kafka-sasl-mechanism)", err)
	}
	return err
}
