package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// fake is a server that ends when the test says so.
type fake struct {
	number  int // 1 is the first
	done    chan struct{}
	killed  bool
	stopped bool
	hangs   bool // does not end when it is told to
}

func (f *fake) Done() <-chan struct{} { return f.done }
func (f *fake) Err() error            { return fmt.Errorf("server %d fell over", f.number) }
func (f *fake) Kill() error           { f.killed = true; return nil }

func (f *fake) Stop(ctx context.Context) error {
	f.stopped = true
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	close(f.done)
	return nil
}

// supervision is a supervisor over fakes, within a bubble of virtual time.
type supervision struct {
	*supervisor
	mu      sync.Mutex // of servers and begin; virtual time orders nothing for the race detector
	servers []*fake
	ctx     context.Context
	end     context.CancelFunc // of ctx
	gaveUp  error              // what cancel was told
	logs    *observer.ObservedLogs
	begin   func() error // what starting a server does beside, may be nil
}

func newSupervision(t *testing.T) *supervision {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	s := &supervision{logs: logs}
	s.ctx, s.end = context.WithCancel(t.Context())
	begin := func(context.Context) (server, error) {
		s.mu.Lock()
		first := s.begin
		s.mu.Unlock()
		if first != nil {
			if err := first(); err != nil {
				return nil, err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		started := &fake{number: len(s.servers) + 1, done: make(chan struct{})}
		s.servers = append(s.servers, started)
		return started, nil
	}
	var err error
	if s.supervisor, err = supervise(s.ctx, "ClickHouse", begin, zap.New(core), func(err error) { s.gaveUp = err }); err != nil {
		t.Fatal(err)
	}
	return s
}

// last is the server started last.
func (s *supervision) last() *fake {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.servers[len(s.servers)-1]
}

// nth is the server that was started as the nth, from 1.
func (s *supervision) nth(n int) *fake {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.servers[n-1]
}

// started is how many servers were started.
func (s *supervision) started() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.servers)
}

// before has f called before a server starts.
func (s *supervision) before(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin = f
}

// fall ends the server that runs, and lets everything happen that follows at once and
// in the time given.
func (s *supervision) fall(after time.Duration) {
	close(s.last().done)
	synctest.Wait()
	time.Sleep(after) // virtual
	synctest.Wait()
}

// finish ends the supervisor, so that nothing is left in the bubble.
func (s *supervision) finish(t *testing.T) {
	t.Helper()
	s.stop()
	synctest.Wait()
	if last := s.last(); !last.stopped {
		t.Errorf("server %d is not stopped", last.number)
	}
}

// TestStartedAgain: a server that ends by itself is cleared away and started again
// after a second, and that is said.
func TestStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSupervision(t)
		s.fall(restartPause - time.Millisecond)
		if s.started() != 1 || !s.nth(1).killed {
			t.Errorf("just before the pause is over there are %d servers; the first is cleared away: %v", s.started(), s.nth(1).killed)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if s.started() != 2 || s.gaveUp != nil {
			t.Fatalf("after the pause there are %d servers, %v", s.started(), s.gaveUp)
		}
		if logs := s.logs.All(); len(logs) != 1 || logs[0].Message != "ClickHouse ended by itself; starting it again" || logs[0].ContextMap()["error"] != "server 1 fell over" {
			t.Errorf("said %v", logs)
		}
		s.finish(t)
		if s.nth(1).stopped || s.nth(2).killed || s.gaveUp != nil {
			t.Errorf("stopped in order: %+v, %+v, %v", s.nth(1), s.nth(2), s.gaveUp)
		}
	})
}

// TestRestartBudget: ten ends within ten minutes are borne, the eleventh is too many;
// spread further apart they may go on for ever.
func TestRestartBudget(t *testing.T) {
	for _, c := range []struct {
		name  string
		apart time.Duration
		falls int
		last  int // the server whose end was one too many; 0: none
	}{
		{"ten at once", restartPause, 10, 0},
		{"eleven at once", restartPause, 11, 11},
		{"eleven in exactly ten minutes", time.Minute, 11, 11},
		{"a minute and a millisecond apart", time.Minute + time.Millisecond, 60, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSupervision(t)
				for range c.falls {
					if s.gaveUp != nil {
						t.Fatalf("gave up early: %v", s.gaveUp)
					}
					s.fall(c.apart)
				}
				if c.last == 0 {
					if s.gaveUp != nil || s.started() != c.falls+1 {
						t.Errorf("%d servers, %v", s.started(), s.gaveUp)
					}
					s.finish(t)
					return
				}
				want := fmt.Sprintf("ClickHouse ended by itself 11 times within 10m0s, last: server %d fell over", c.last)
				if s.gaveUp == nil || s.gaveUp.Error() != want || s.started() != c.last {
					t.Errorf("%d servers, %v; want %s", s.started(), s.gaveUp, want)
				}
			})
		})
	}
}

// TestNotStartedAgain: who is told to end starts nothing any more, whatever it is
// about to do.
func TestNotStartedAgain(t *testing.T) {
	t.Run("stopped", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSupervision(t)
			s.stop()
			time.Sleep(time.Hour)
			if s.started() != 1 || s.gaveUp != nil || s.logs.Len() > 0 {
				t.Errorf("%d servers, %v, said %v", s.started(), s.gaveUp, s.logs.All())
			}
		})
	})
	t.Run("all is over while it pauses", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSupervision(t)
			s.fall(restartPause / 2)
			s.end()
			time.Sleep(time.Hour)
			if s.started() != 1 || s.gaveUp != nil {
				t.Errorf("%d servers, %v", s.started(), s.gaveUp)
			}
		})
	})
	t.Run("all is over, and the server ends with it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSupervision(t)
			s.end()
			s.fall(time.Hour)
			if s.started() != 1 || s.gaveUp != nil || s.logs.Len() > 0 {
				t.Errorf("%d servers, %v, said %v", s.started(), s.gaveUp, s.logs.All())
			}
		})
	})
	t.Run("stopped while the next one starts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newSupervision(t)
			s.before(func() error { time.Sleep(10 * time.Second); return nil })
			s.fall(restartPause + 5*time.Second)
			s.nth(1).hangs = true // it is gone: nothing to close
			go s.stop()
			time.Sleep(time.Hour)
			synctest.Wait()
			if s.started() != 2 || !s.nth(2).killed || s.gaveUp != nil {
				t.Errorf("%d servers, the second killed: %v, %v", s.started(), s.last().killed, s.gaveUp)
			}
		})
	})
}

// TestCannotBeStarted: at first that is the caller's error, later it ends everything.
func TestCannotBeStarted(t *testing.T) {
	broken := errors.New("no such library")
	_, err := supervise(t.Context(), "ClickHouse", func(context.Context) (server, error) { return nil, broken }, zap.NewNop(),
		func(err error) { t.Errorf("cancel is told %v", err) })
	if !errors.Is(err, broken) {
		t.Errorf("at first: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSupervision(t)
		s.before(func() error { return broken })
		s.fall(restartPause)
		if !errors.Is(s.gaveUp, broken) || !strings.HasPrefix(s.gaveUp.Error(), "start ClickHouse again: ") {
			t.Errorf("later: %v", s.gaveUp)
		}
	})
}

// TestStopIsBounded: a server that does not end is left after half a minute, and that
// is said.
func TestStopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSupervision(t)
		s.last().hangs = true
		began := time.Now()
		s.stop()
		if took := time.Since(began); took != stopBound || s.logs.FilterMessage("stop ClickHouse").Len() != 1 {
			t.Errorf("took %v, said %v", took, s.logs.All())
		}
		close(s.last().done)
	})
}
