package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
)

// hold is the memory that a request has of what all share.
type hold struct {
	of *semaphore.Weighted
	mu sync.Mutex
	n  int64
}

// take takes more, if there is some.
func (h *hold) take(n int64) bool {
	if !h.of.TryAcquire(n) {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n += n
	return true
}

// give gives some back.
func (h *hold) give(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n -= n
	h.of.Release(n)
}

// release gives all back.
func (h *hold) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of.Release(h.n)
	h.n = 0
}

// zstdWindow is the largest window that a zstd body may have (RFC 9659).
const zstdWindow = 8 << 20

// firstRoom is what a body of unknown length gets at first.
const firstRoom = 32 << 10

// readBody is the body of a request, decompressed, within its limits. The memory is held.
func (d *Door) readBody(w http.ResponseWriter, r *http.Request, held *hold) ([]byte, *answer) {
	wire := http.MaxBytesReader(w, r.Body, int64(d.limits.Bytes))
	plain, extra, wrong := decompressed(r.Header.Values("Content-Encoding"), wire, held)
	if wrong != nil {
		return nil, wrong
	}
	defer extra()
	body, err := d.fill(plain, r.ContentLength, held)
	if err != nil {
		a := d.badBody(err)
		return nil, &a
	}
	// Else who is waited for later, Kafka, would be cut short by it.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		a := d.badBody(err)
		return nil, &a
	}
	return body, nil
}

var (
	errNoMemory = errors.New("no memory")
	errTooLong  = errors.New("too long")
)

// fill reads to the end, and takes memory as it goes.
func (d *Door) fill(from io.Reader, length int64, held *hold) ([]byte, error) {
	limit := int64(d.limits.Bytes)
	room := min(max(length, 0)+1, limit+1)
	if length < 0 {
		room = min(firstRoom, limit+1)
	}
	if !held.take(room) {
		return nil, errNoMemory
	}
	body := make([]byte, 0, room)
	for {
		if len(body) == cap(body) {
			if int64(len(body)) > limit {
				return nil, errTooLong
			}
			room = min(2*int64(cap(body)), limit+1)
			if !held.take(room) {
				return nil, errNoMemory
			}
			old := int64(cap(body))
			body = append(make([]byte, 0, room), body...)
			held.give(old)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if err == io.EOF {
			if int64(len(body)) > limit {
				return nil, errTooLong
			}
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// decompressed is what reads a body as its Content-Encoding says; extra gives back what
// that needs.
func decompressed(encodings []string, wire io.Reader, held *hold) (plain io.Reader, extra func(), wrong *answer) {
	nothing := func() {}
	switch encoding := strings.ToLower(strings.TrimSpace(strings.Join(encodings, ","))); encoding {
	case "", "identity":
		return wire, nothing, nil
	case "gzip", "x-gzip":
		return &gunzip{wire: wire}, nothing, nil
	case "zstd":
		if !held.take(zstdWindow) {
			a := tooBusy()
			return nil, nil, &a
		}
		z, err := zstd.NewReader(wire, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil { // options that are wrong: not for this wire
			panic(fmt.Sprintf("gateway: make a zstd decoder: %v", err))
		}
		return broken{z}, func() { z.Close(); held.give(zstdWindow) }, nil
	default:
		a := problem(wrongEncoding, fmt.Sprintf("Content-Encoding is %.64q; it may be gzip, zstd or left out", encoding)).with("Accept-Encoding", "gzip, zstd")
		return nil, nil, &a
	}
}

// errBroken is the error of a body that is not compressed as it says.
var errBroken = errors.New("it is not compressed as Content-Encoding says")

// gunzip is a gzip reader that reads nothing before it is asked.
type gunzip struct {
	wire io.Reader
	gzip *gzip.Reader
}

func (g *gunzip) Read(to []byte) (int, error) {
	if g.gzip == nil {
		var err error
		if g.gzip, err = gzip.NewReader(g.wire); err != nil {
			return 0, compression(err)
		}
	}
	return broken{g.gzip}.Read(to)
}

// broken tells errors of compression from those of the connection.
type broken struct{ io.Reader }

func (b broken) Read(to []byte) (int, error) {
	n, err := b.Reader.Read(to)
	return n, compression(err)
}

func compression(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// badBody is the answer to a body that cannot be read.
func (d *Door) badBody(err error) answer {
	_, tooLong := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLong || errors.Is(err, errTooLong):
		return problem(bodyTooLarge, fmt.Sprintf("the body has more than %d bytes, decompressed: send the events in several requests", d.limits.Bytes))
	case errors.Is(err, errNoMemory):
		return tooBusy()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(slowBody, fmt.Sprintf("the body did not arrive within %s: send fewer events a request", d.limits.BodyTime)).with("Connection", "close")
	case errors.Is(err, errBroken):
		return problem(brokenRequest, "the body is not compressed as its Content-Encoding says: "+err.Error()[len(errBroken.Error())+2:])
	}
	return problem(brokenRequest, "the body ends before its end: it has fewer bytes than Content-Length says, or was cut off")
}
