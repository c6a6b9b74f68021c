package store

import (
	"context"
	"errors"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/internal/fault"
	"runrate/internal/tlsfiles"
)

// Error is what every method here returns.
type Error struct {
	Op   string // what was being done, to which table and source and offsets
	Kind fault.Kind
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

// Fault is Kind.
func (e *Error) Fault() fault.Kind { return e.Kind }

// failure is err while doing op. The caller's context tells a timeout of ours,
// after which the same may be tried again, from the end of the caller's own.
func failure(caller context.Context, op string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok { // the kind is known already
		return &Error{Op: op + ": " + e.Op, Kind: e.Kind, Hint: e.Hint, Err: e.Err}
	}
	e := &Error{Op: op, Kind: kindOf(err), Err: err}
	if caller.Err() != nil {
		e.Kind = fault.Canceled
	} else if e.Kind == fault.Canceled {
		e.Kind = fault.Retry
	}
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && e.Kind == fault.Setup {
		e.Hint = hintOf(proto.Error(ex.Code))
	}
	return e
}

// openHint is what would help when a server cannot be connected to.
func openHint(err error) string {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		if kindOf(err) == fault.Setup {
			return hintOf(proto.Error(ex.Code))
		}
		return ""
	}
	if _, ok := errors.AsType[*tlsfiles.Refused](err); ok {
		return "" // it says the way out
	}
	switch kindOf(err) {
	case fault.Retry:
		return "set --clickhouse or RUNRATE_CLICKHOUSE to where ClickHouse is"
	case fault.Setup:
		return "that port does not speak ClickHouse's native protocol: name the one that does, 9000, or 9440 with --clickhouse-tls, by --clickhouse or RUNRATE_CLICKHOUSE"
	}
	return ""
}

func kindOf(err error) fault.Kind {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		code := proto.Error(ex.Code)
		switch {
		case setupCodes[code]:
			return fault.Setup
		case defectCodes[code]:
			return fault.Defect
		}
		return fault.Retry
	}
	if k := fault.KindOf(err); k != fault.Defect {
		return k
	}
	for _, away := range []error{clickhouse.ErrAcquireConnTimeout, clickhouse.ErrConnectionClosed, clickhouse.ErrServerUnexpectedData} {
		if errors.Is(err, away) {
			return fault.Retry
		}
	}
	switch { // clickhouse-go has no values for these
	case strings.Contains(err.Error(), "closed connection"):
		return fault.Retry
	case strings.Contains(err.Error(), "[handshake] unexpected packet"): // the HTTP port, or another program's
		return fault.Setup
	}
	return fault.Defect
}
