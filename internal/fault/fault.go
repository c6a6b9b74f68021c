// Package fault says what to do about an error: wait and try again, call
// somebody, stop, or let go. There is one such answer, KindOf, for whatever
// failed; an error that knows better than its cause says so by its method Fault.
package fault

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// Kind is what an error asks for.
type Kind uint8

// The kinds of error.
const (
	// None is the kind of no error.
	None Kind = iota
	// Retry passes by itself: what was asked is away, overloaded or slow. Wait
	// and do the same again. What timed out may have been carried out all the
	// same.
	Retry
	// Setup needs somebody: a topic, the schema, a grant, a password or a
	// setting. The message says which.
	Setup
	// Defect is all else: what was asked cannot be done, or what came back cannot
	// be. Stop.
	Defect
	// Fenced says that somebody else has taken over. Drop what was not committed.
	Fenced
	// Canceled says that the caller itself gave up.
	Canceled
)

// String is the kind in a word.
func (k Kind) String() string {
	return [...]string{"none", "retry", "setup", "defect", "fenced", "canceled"}[k]
}

// Error is an error that tells its kind.
type Error interface {
	error
	Fault() Kind
}

// KindOf is the kind of an error: what the outermost Error in its chain says; else
// Retry for trouble with a connection and for a timeout, and Defect for what
// nobody knows.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if e, ok := errors.AsType[Error](err); ok {
		return e.Fault()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case away(err):
		return Retry
	}
	return Defect
}

// Passes says whether an error may go away by waiting.
func Passes(err error) bool { return KindOf(err) == Retry }

// As is err with another kind, for a caller that knows better.
func As(k Kind, err error) error { return &as{k, err} }

type as struct {
	kind Kind
	err  error
}

// Error says what the error said before it was given another kind.
func (e *as) Error() string { return e.err.Error() }

// Unwrap is the error before that.
func (e *as) Unwrap() error { return e.err }

// Fault is the other kind.
func (e *as) Fault() Kind { return e.kind }

// away says whether err comes of a connection that was refused, was cut or got no
// answer in time.
func away(err error) bool {
	for _, gone := range []error{
		context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}
