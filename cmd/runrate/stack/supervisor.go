package stack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

// server is a part that runs in a process of its own.
type server interface {
	Done() <-chan struct{} // closed when it has ended, for whatever reason
	Err() error            // why it ended by itself
	Kill() error           // ends it at once, and gives its directory free
	Stop(context.Context) error
}

// A server that ends by itself is started again after a pause, unless that happens
// too often within a while.
const (
	maxRestarts  = 10
	restartSpan  = 10 * time.Minute
	restartPause = time.Second
)

// supervisor keeps a server running until it is stopped.
type supervisor struct {
	name   string
	begin  func(context.Context) (server, error)
	logger *zap.Logger

	mu       sync.Mutex
	server   server
	stopping bool
}

// supervise starts a server and keeps it running until ctx ends or it is stopped.
// Where it ends too often, or cannot be started again, cancel is told why.
func supervise(ctx context.Context, name string, begin func(context.Context) (server, error), logger *zap.Logger, cancel context.CancelCauseFunc) (*supervisor, error) {
	s := &supervisor{name: name, begin: begin, logger: logger}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	go func() {
		if err := s.keep(ctx, s.server); err != nil {
			cancel(err)
		}
	}()
	return s, nil
}

func (s *supervisor) start(ctx context.Context) error {
	started, err := s.begin(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping { // meanwhile, and stop knew only the one before
		return started.Kill()
	}
	s.server = started
	return nil
}

// running is the server, and whether it is to be kept.
func (s *supervisor) running() (server, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.server, !s.stopping
}

// keep starts the server again whenever it ends by itself. It returns nil when it is
// told to end, else why it gave up.
func (s *supervisor) keep(ctx context.Context, running server) error {
	var ends []time.Time // within restartSpan
	for {
		<-running.Done()
		if _, keep := s.running(); !keep || ctx.Err() != nil {
			return nil //nolint:nilerr // to end when told to is no error
		}
		err := running.Err()
		now := time.Now()
		ends = append(slices.DeleteFunc(ends, func(t time.Time) bool { return now.Sub(t) > restartSpan }), now)
		if len(ends) > maxRestarts {
			return fmt.Errorf("%s ended by itself %d times within %s, last: %w", s.name, len(ends), restartSpan, err)
		}
		s.logger.Error(s.name+" ended by itself; starting it again", zap.Error(err))
		_ = running.Kill() // gone already; this gives the directory free
		select {
		case <-time.After(restartPause):
		case <-ctx.Done():
			return nil
		}
		if err := s.start(ctx); err != nil {
			return fmt.Errorf("start %s again: %w", s.name, err)
		}
		running, _ = s.running()
	}
}

// stop ends the server in order, and does not start it again.
func (s *supervisor) stop() {
	s.mu.Lock()
	s.stopping = true
	running := s.server
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopBound)
	defer cancel()
	if err := running.Stop(ctx); err != nil {
		s.logger.Warn("stop "+s.name, zap.Error(err))
	}
}
