// Package admin is the HTTP server that every long-running command has for those who
// operate it: GET /metrics, /healthz, /readyz, and whatever a command adds by Handle.
//
// Start at Listen. Metrics are registered at Server.Registry.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// DefaultAddress is where a command listens unless told otherwise.
const DefaultAddress = "127.0.0.1:8081"

// readyBound is how long /readyz may take.
const readyBound = 5 * time.Second

// Server answers on the admin address. Any goroutine may use it.
type Server struct {
	Registry *prometheus.Registry

	address string
	mux     *http.ServeMux
	server  *http.Server
	ready   atomic.Pointer[readiness]

	mu    sync.Mutex
	loops []*loop
	alive []func() error
}

// readiness is how /readyz answers.
type readiness struct {
	check func(context.Context) error
	said  func() []string
}

// loop is one that must go round.
type loop struct {
	name    string
	longest time.Duration
	last    atomic.Int64
}

// Listen serves at once on host:port, where port 0 takes a free one; /readyz answers
// 503 until Ready is called. version is shown as runrate_build_info.
func Listen(address, version string, logger *zap.Logger) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is in use; choose another with --admin-listen (port 0 takes a free one)", address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s (--admin-listen): %w", address, err)
	}
	s := &Server{Registry: prometheus.NewRegistry(), address: l.Addr().String(), mux: http.NewServeMux()}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "runrate_build_info", Help: "Which program this is; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	build.Set(1)
	s.Registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.mux.Handle("GET /metrics", promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{Registry: s.Registry}))
	s.mux.HandleFunc("GET /healthz", s.Healthz)
	s.mux.HandleFunc("GET /readyz", s.Readyz)
	s.server = &http.Server{Handler: s.mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: zap.NewStdLog(logger)}
	go s.server.Serve(l) //nolint:errcheck // ends with Close
	return s, nil
}

// Address is the host:port that it listens on.
func (s *Server) Address() string { return s.address }

// Handle adds a handler, by a pattern of http.ServeMux. One that is there panics.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Page lets what has several handlers register them.
func (s *Server) Page(register func(*http.ServeMux)) { register(s.mux) }

// Ready makes /readyz answer by a check: 200 if it passes, else 503 with the reason.
// What said returns comes under either; it may be nil.
func (s *Server) Ready(check func(context.Context) error, said func() []string) {
	s.ready.Store(&readiness{check, said})
}

// Loop tells of a loop that must go round at least as often as longest, or /healthz
// answers 503; it is to call what is returned each time.
func (s *Server) Loop(name string, longest time.Duration) (round func()) {
	l := &loop{name: name, longest: longest}
	l.last.Store(time.Now().UnixNano())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops = append(s.loops, l)
	return func() { l.last.Store(time.Now().UnixNano()) }
}

// Alive adds a check to /healthz, which must not depend on any other process.
func (s *Server) Alive(check func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = append(s.alive, check)
}

// Healthz answers 200 while the loops of this process go round, whatever becomes of
// Kafka and ClickHouse.
func (s *Server) Healthz(out http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.loops {
		if still := time.Since(time.Unix(0, l.last.Load())); still > l.longest {
			http.Error(out, fmt.Sprintf("unhealthy: %s has stood still for %s", l.name, still.Round(time.Second)), http.StatusServiceUnavailable)
			return
		}
	}
	for _, check := range s.alive {
		if err := check(); err != nil {
			http.Error(out, "unhealthy: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(out, "healthy")
}

// Readyz answers 200 when the process does its work, else 503 with the reason.
func (s *Server) Readyz(out http.ResponseWriter, r *http.Request) {
	err, said := errors.New("starting"), []string(nil)
	if ready := s.ready.Load(); ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), readyBound)
		defer cancel()
		err = ready.check(ctx)
		if ready.said != nil {
			said = ready.said()
		}
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		out.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(out, "not ready: "+err.Error())
	} else {
		fmt.Fprintln(out, "ready")
	}
	for _, sentence := range said {
		fmt.Fprintln(out, sentence)
	}
}

// Close ends it at once.
func (s *Server) Close() { _ = s.server.Close() } // whoever still asks is cut off
