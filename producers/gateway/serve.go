package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// idleTime is how long a connection is kept without a request.
const idleTime = 2 * time.Minute

// NewServer is the HTTP server of a handler, within limits.
func NewServer(handler http.Handler, l Limits, logger *zap.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: l.HeaderTime,
		// The handler itself ends in Total; what is left is for the answer to be sent.
		WriteTimeout:   l.Total + 5*time.Second,
		IdleTimeout:    idleTime,
		MaxHeaderBytes: 2 * l.Headers, // the door refuses what is above the limit in its own words
		ErrorLog:       zap.NewStdLog(logger),
	}
}

// Listen opens an address. flag is its name in a sentence.
func Listen(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is in use; choose another with %s", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (%s): %w", address, flag, err)
	}
	return l, nil
}

// Drain is how a door ends: for Accept it says by Ready that it does and still takes
// events, then what is in flight has Finish.
type Drain struct{ Accept, Finish time.Duration }

// DefaultDrain is that of the contract.
var DefaultDrain = Drain{Accept: 5 * time.Second, Finish: 30 * time.Second}

// Serve answers requests until ctx ends, and then drains. The error is why it could not
// go on, or what was still in flight at the end.
func (d *Door) Serve(ctx context.Context, l net.Listener, secure *tls.Config, drain Drain) error {
	server := NewServer(d, d.limits, d.logger)
	if secure != nil {
		server.TLSConfig = secure
	}
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- server.ServeTLS(l, "", "")
		} else {
			failed <- server.Serve(l)
		}
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	d.Drain()
	d.logger.Info("draining: no more events should come", zap.Duration("accept", drain.Accept))
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-time.After(drain.Accept):
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain.Finish)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("drain: requests are cut off: %w", err), server.Close())
	}
	return d.Flush(end)
}
