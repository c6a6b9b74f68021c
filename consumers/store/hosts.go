package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"

	"runrate/internal/fault"
)

// Bounds of what one of several servers may keep its caller waiting for.
const (
	// quietBound is how long a server may say nothing in answer to a statement before it
	// is asked, on a connection of its own, whether it is alive. A statement may take
	// longer than that; a process that hangs answers nobody.
	quietBound = 5 * time.Second
	// answerBound is how long it may take to connect to, and to say that it is alive.
	answerBound = 3 * time.Second
	// awayBound is for how long the others go before one that did not answer, or was behind.
	awayBound = time.Minute
)

// hosts are the servers of a pool, each of which has the same rows. Connections go to the
// first that answers. One that hangs, or that cannot do its work, is left: its connections
// are closed, so that what waits on them fails and is done again, at the next one.
//
// A pool of one server takes no notice. It is safe for concurrent use.
type hosts struct {
	options clickhouse.Options // as they were, for a connection of its own
	quiet   time.Duration      // quietBound

	mu      sync.Mutex
	away    map[string]time.Time // until when the others go before it
	open    map[*heard]struct{}
	current string // the server connected to last

	asking sync.Mutex           // one question at a time
	alive  map[string]time.Time // when it answered last; under asking
}

// among makes a pool's options those of a pool that goes from server to server.
func among(o *clickhouse.Options) (*hosts, *clickhouse.Options) {
	h := &hosts{options: *o, quiet: quietBound, away: map[string]time.Time{}, open: map[*heard]struct{}{}, alive: map[string]time.Time{}}
	own := *o
	if len(o.Addr) > 1 {
		own.DialStrategy = h.connect
		own.DialContext = h.dial
	}
	return h, &own
}

// connect is the pool's way to a connection.
func (h *hosts) connect(ctx context.Context, _ int, o *clickhouse.Options, dial clickhouse.Dial) (r clickhouse.DialResult, err error) {
	short := *o
	short.DialTimeout = min(o.DialTimeout, answerBound)
	for _, address := range h.order() {
		if r, err = dial(ctx, address, &short); err == nil {
			h.mu.Lock()
			h.current = address
			h.mu.Unlock()
			return r, nil
		}
		if ctx.Err() != nil { // the caller's time is over, which is not the server's fault
			break
		}
		h.leave(address)
	}
	return r, err
}

// order is the servers as they are to be tried.
func (h *hosts) order() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all, now := slices.Clone(h.options.Addr), time.Now()
	slices.SortStableFunc(all, func(a, b string) int {
		x, y := h.away[a], h.away[b]
		if x.Before(now) {
			x = time.Time{}
		}
		if y.Before(now) {
			y = time.Time{}
		}
		return x.Compare(y)
	})
	return all
}

// leave closes the connections to a server, and has the others go before it for a while.
func (h *hosts) leave(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away[address] = time.Now().Add(awayBound)
	for c := range h.open {
		if c.address == address {
			c.close()
		}
	}
}

// leaveCurrent leaves the server that was connected to last. It says whether there is one
// to go to that was not left, too.
func (h *hosts) leaveCurrent() bool {
	h.mu.Lock()
	current := h.current
	h.mu.Unlock()
	h.leave(current)
	return h.others()
}

// others says whether there is a server, besides the one connected to, that was not left.
func (h *hosts) others() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.options.Addr) > 1 && slices.ContainsFunc(h.options.Addr, func(address string) bool {
		return address != h.current && h.away[address].Before(time.Now())
	})
}

// unfit are the codes of a server that cannot do what others may: it has lost the keeper,
// or one of its tables waits for it.
var unfit = map[proto.Error]bool{proto.ErrTableIsReadOnly: true, 999: true, proto.ErrNoZookeeper: true}

// blame leaves the server connected to last if an error says that another may do better.
func (h *hosts) blame(err error) {
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok && unfit[proto.Error(ex.Code)] && h.others() {
		h.leaveCurrent()
	}
}

// answers asks a server on a connection of its own whether it is alive. Whatever it says
// is an answer.
func (h *hosts) answers(address string) bool {
	h.asking.Lock()
	defer h.asking.Unlock()
	if time.Since(h.alive[address]) < h.quiet {
		return true
	}
	o := h.options
	o.Addr, o.DialTimeout, o.MaxOpenConns, o.MaxIdleConns = []string{address}, min(o.DialTimeout, answerBound), 1, 1
	conn, err := clickhouse.Open(&o)
	if err != nil {
		return false
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), answerBound)
	defer cancel()
	err = conn.Ping(ctx)
	if _, said := errors.AsType[*clickhouse.Exception](err); err != nil && !said {
		return false
	}
	h.alive[address] = time.Now()
	return true
}

// dial is the pool's way to a server, heard from then on.
func (h *hosts) dial(ctx context.Context, address string) (net.Conn, error) {
	to := h.options.DialContext
	if to == nil {
		dialer := net.Dialer{Timeout: answerBound}
		to = func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}
	}
	conn, err := to(ctx, address)
	if err != nil {
		return nil, err
	}
	c := &heard{Conn: conn, hosts: h, address: address}
	h.mu.Lock()
	h.open[c] = struct{}{}
	h.mu.Unlock()
	return c, nil
}

// silent is the error of a connection to a server that was left.
type silent struct{ address string }

func (s *silent) Error() string {
	return fmt.Sprintf("%s does not answer; another server is asked next", s.address)
}

// Fault says that the next server may do.
func (s *silent) Fault() fault.Kind { return fault.Retry }
