package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// web is the pipeline's HTTP server.
type web struct {
	address string
	server  *http.Server
	check   atomic.Pointer[func(context.Context) error]
	halted  func() []string // partitions that are halted, and why; they do not make it unready
}

// listen serves at once: GET /readyz answers 503 until ready is told how to
// check.
func listen(address string) (*web, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is in use; choose another with --listen", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (--listen): %w", address, err)
	}
	w := &web{address: l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", w.readyz)
	w.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go w.server.Serve(l) //nolint:errcheck // ends with close
	return w, nil
}

// ready makes /readyz answer by a check: 200 if it passes, else 503 with the
// reason. What halted says comes under the 200.
func (w *web) ready(check func(context.Context) error, halted func() []string) {
	w.halted = halted
	w.check.Store(&check)
}

func (w *web) readyz(out http.ResponseWriter, r *http.Request) {
	check := w.check.Load()
	err := errors.New("starting")
	if check != nil {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		err = (*check)(ctx)
	}
	if err != nil {
		http.Error(out, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(out, "ready")
	if w.halted != nil {
		for _, sentence := range w.halted() {
			fmt.Fprintln(out, sentence)
		}
	}
}

func (w *web) close() { _ = w.server.Close() } // whoever still asks is cut off
