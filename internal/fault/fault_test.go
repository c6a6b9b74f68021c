package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestKindOf(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, c := range []struct {
		err  error
		want Kind
	}{
		{nil, None},
		{errors.New("who knows"), Defect},
		{io.EOF, Retry},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), Retry},
		{fmt.Errorf("connect: %w", refused), Retry},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, Retry},
		{os.ErrDeadlineExceeded, Retry},
		{fmt.Errorf("ask: %w", context.DeadlineExceeded), Retry},
		{fmt.Errorf("ask: %w", context.Canceled), Canceled},
		// Whoever knows better is asked first, the outermost of all.
		{As(Setup, io.EOF), Setup},
		{fmt.Errorf("around: %w", As(Fenced, errors.New("generation 4"))), Fenced},
		{As(Retry, As(Defect, context.Canceled)), Retry},
		{errors.Join(errors.New("one"), As(Setup, errors.New("two"))), Setup},
	} {
		if got := KindOf(c.err); got != c.want || Passes(c.err) != (c.want == Retry) {
			t.Errorf("%v: %s, want %s", c.err, got, c.want)
		}
	}
	if err := As(Retry, io.EOF); !errors.Is(err, io.EOF) || err.Error() != io.EOF.Error() {
		t.Errorf("%v is not what it was", err)
	}
	for k := None; k <= Canceled; k++ {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}
