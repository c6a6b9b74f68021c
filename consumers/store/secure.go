package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/internal/tlsfiles"
)

// tlsNames are the words of the settings of TLS to ClickHouse.
var tlsNames = tlsfiles.Names{Flag: "--clickhouse-tls", Address: "--clickhouse", Peer: "server"}

// secure makes connections come encrypted, if the settings or the DSN say so: then
// clickhouse-go is told of no TLS.
func secure(options *clickhouse.Options, s tlsfiles.Settings) error {
	s.Names, s.Base, options.TLS = tlsNames, options.TLS, nil
	cfg, err := s.Config()
	if err != nil {
		return fmt.Errorf("ClickHouse TLS settings: %w", err)
	}
	if cfg == nil {
		return nil
	}
	dialer := net.Dialer{Timeout: options.DialTimeout}
	options.DialContext = func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		var encrypted net.Conn
		if err = conn.SetDeadline(time.Now().Add(options.DialTimeout)); err == nil {
			encrypted, err = s.Encrypt(conn, address)
		}
		if err == nil {
			err = conn.SetDeadline(time.Time{})
		}
		if err != nil {
			conn.Close()
			return nil, err
		}
		return encrypted, nil
	}
	return nil
}

// unreached is the error of a server that could not be connected to, by name of the
// settings that would help.
func unreached(options *clickhouse.Options, err error) *Error {
	e := &Error{Op: "connect to ClickHouse at " + strings.Join(options.Addr, ","), Err: err}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "remote error" { // TLS 1.3 refuses a client after its handshake
		e.Err = tlsfiles.Settings{Names: tlsNames}.Explain(err)
	}
	e.Kind, e.Hint = kindOf(e.Err), openHint(e.Err)
	if tlsfiles.Cut(err) && options.DialContext == nil {
		e.Hint = "that port ends the connection: if it speaks TLS, set --clickhouse-tls"
	}
	return e
}
