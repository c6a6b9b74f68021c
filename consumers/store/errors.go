package store

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// Kind says what to do about an error.
type Kind uint8

const (
	// Retry: ClickHouse is away or overloaded; wait and do the same again.
	Retry Kind = iota + 1
	// Setup: it will not work until somebody changes the schema, a grant, a
	// password or a setting. The message says which.
	Setup
	// Defect: the row itself cannot be written (out of range), or ClickHouse
	// refused it for a reason not known here. Stop the partition.
	Defect
	// Canceled: the caller's context ended.
	Canceled
)

// String is the kind in a word.
func (k Kind) String() string {
	switch k {
	case Retry:
		return "retry"
	case Setup:
		return "setup"
	case Canceled:
		return "canceled"
	}
	return "defect"
}

// Error is what every method here returns.
type Error struct {
	Op   string // what was being done, to which table and source and offsets
	Kind Kind
	Hint string // what would help, may be empty
	Err  error
}

// Error is "op: cause (hint)".
func (e *Error) Error() string {
	s := e.Op + ": " + e.Err.Error()
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error of this package, 0 for any other.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// failure is err while doing op. The caller's context tells a timeout of ours,
// after which the same may be tried again, from the end of the caller's own.
func failure(caller context.Context, op string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok { // the kind is known already
		return &Error{Op: op + ": " + e.Op, Kind: e.Kind, Hint: e.Hint, Err: e.Err}
	}
	e := &Error{Op: op, Kind: kindOf(err), Err: err}
	if caller.Err() != nil {
		e.Kind = Canceled
	} else if e.Kind == Canceled {
		e.Kind = Retry
	}
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && e.Kind == Setup {
		e.Hint = hintOf(proto.Error(ex.Code))
	}
	return e
}

// openHint is what would help when a server cannot be connected to.
func openHint(err error) string {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		if kindOf(err) == Setup {
			return hintOf(proto.Error(ex.Code))
		}
		return ""
	}
	switch kindOf(err) {
	case Retry:
		return "set --clickhouse or RUNRATE_CLICKHOUSE to where ClickHouse is"
	case Setup:
		return "that port does not speak ClickHouse's native protocol: name the one that does, 9000, or 9440 with TLS, by --clickhouse or RUNRATE_CLICKHOUSE"
	}
	return ""
}

func kindOf(err error) Kind {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		code := proto.Error(ex.Code)
		switch {
		case retryCodes[code]:
			return Retry
		case setupCodes[code]:
			return Setup
		}
		return Defect
	}
	if errors.Is(err, context.Canceled) {
		return Canceled
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return Retry
	}
	for _, away := range []error{
		context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNREFUSED,
		clickhouse.ErrAcquireConnTimeout, clickhouse.ErrConnectionClosed, clickhouse.ErrServerUnexpectedData,
	} {
		if errors.Is(err, away) {
			return Retry
		}
	}
	switch { // clickhouse-go has no values for these
	case strings.Contains(err.Error(), "closed connection"):
		return Retry
	case strings.Contains(err.Error(), "[handshake] unexpected packet"): // the HTTP port, or another program's
		return Setup
	}
	return Defect
}
