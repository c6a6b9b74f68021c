package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"runrate/producers/gateway"
)

// web is the pipeline's HTTP server: GET /readyz, and the door.
type web struct {
	address string
	server  *http.Server
	door    atomic.Pointer[gateway.Door] // takes events, once it is there
	mux     *http.ServeMux
	check   atomic.Pointer[func(context.Context) error]
	halted  func() []string // partitions that are halted, and why; they do not make it unready
}

// listen serves at once: GET /readyz answers 503 until ready is told how to
// check, and so does what the door will answer until take.
func listen(address string, logger *zap.Logger) (*web, error) {
	l, err := gateway.Listen(address, "--listen")
	if err != nil {
		return nil, err
	}
	w := &web{address: l.Addr().String(), mux: http.NewServeMux()}
	w.mux.HandleFunc("GET /readyz", w.readyz)
	w.mux.HandleFunc("/", w.events)
	w.server = gateway.NewServer(w.mux, gateway.DefaultLimits, logger)
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

// take lets events in.
func (w *web) take(door *gateway.Door) { w.door.Store(door) }

// events is the door.
func (w *web) events(out http.ResponseWriter, r *http.Request) {
	door := w.door.Load()
	switch {
	case door != nil:
		door.ServeHTTP(out, r)
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		out.Header().Set("Retry-After", "1")
		http.Error(out, "not ready: starting", http.StatusServiceUnavailable)
	default:
		http.NotFound(out, r)
	}
}

// finishBound is how long requests have that are in flight at the end.
const finishBound = 10 * time.Second

// finish takes no more requests, and waits for those in flight.
func (w *web) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), finishBound)
	defer cancel()
	_ = w.server.Shutdown(ctx) // close cuts off whoever is left
}

func (w *web) close() { _ = w.server.Close() } // whoever still asks is cut off
