// Package notify tells a webhook that a partition needs somebody, that this changes, and
// that it is over, for those who have no Prometheus. What is told has the form of
// Alertmanager's webhook, so that whatever takes that takes this.
//
// Start at New, then Notifier.Observe, which never waits, and Notifier.Run, which sends.
// state.go says what is due; message.go how it is written.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"runrate/internal/lag/monitor"
)

// Bounds of sending.
const (
	postBound  = 10 * time.Second // one try
	firstWait  = 5 * time.Second  // after one that failed; twice as long each time,
	longestFor = time.Minute      // up to this
)

// DefaultQuiet is for how long a topic is quiet after a message, unless told otherwise.
const DefaultQuiet = time.Minute

// Notifier tells one webhook. Any goroutine may use it.
type Notifier struct {
	url    string
	to     string // of the url what may be seen by anybody
	quiet  time.Duration
	client *http.Client
	log    *zap.Logger
	told   *prometheus.CounterVec
	wake   chan struct{}

	mu     sync.Mutex
	topics map[string]*topic
}

// New is a notifier of an http or https URL, of which only scheme and host are ever said
// or logged. quiet is the least time between two messages about a topic.
func New(webhook string, quiet time.Duration, logger *zap.Logger, to prometheus.Registerer) (*Notifier, error) {
	u, err := url.Parse(webhook)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("it is no URL of the form https://host/path; what it is is not shown, for it may be a secret")
	}
	n := &Notifier{
		url: webhook, to: u.Scheme + "://" + u.Host, quiet: quiet, log: logger, wake: make(chan struct{}, 1), topics: map[string]*topic{},
		// Not followed: what is told, and the secret, are for this address alone.
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		told:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "runrate_notifications_total", Help: "Messages to the webhook of --notify: sent, or failed and tried again."}, []string{"result"}),
	}
	to.MustRegister(n.told)
	n.told.WithLabelValues("sent")
	n.told.WithLabelValues("failed")
	return n, nil
}

// To is the webhook as it may be shown.
func (n *Notifier) To() string { return n.to }

// Observe takes how all partitions do, and returns at once.
func (n *Notifier) Observe(now time.Time, rows []monitor.Row) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range rows {
		of := n.topics[r.Topic]
		if of == nil {
			of = &topic{partitions: map[int32]*partition{}}
			n.topics[r.Topic] = of
		}
		of.observe(now, r)
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run sends what is due, each time that Observe was called, until ctx ends. A message
// that is not taken is made anew, of what is so by then, and tried again.
func (n *Notifier) Run(ctx context.Context) {
	var again time.Time
	wait := time.Duration(0)
	for {
		select {
		case <-n.wake:
		case <-ctx.Done():
			return
		}
		if time.Now().Before(again) {
			continue
		}
		err := n.send(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && wait > 0:
			n.log.Info("the webhook is told again", zap.String("to", n.to))
			wait, again = 0, time.Time{}
		case err != nil:
			if wait == 0 {
				n.log.Warn("the webhook is not told; trying again until it is", zap.String("to", n.to), zap.Error(err))
			}
			wait = min(max(2*wait, firstWait), longestFor)
			again = time.Now().Add(wait)
		}
	}
}

// send sends what is due of each topic. The error is that of the first that is not taken.
func (n *Notifier) send(ctx context.Context) error {
	for _, name := range n.names() {
		n.mu.Lock()
		m := n.topics[name].message(time.Now(), n.quiet)
		n.mu.Unlock()
		if m == nil {
			continue
		}
		if err := n.post(ctx, m); err != nil {
			n.told.WithLabelValues("failed").Inc()
			return err
		}
		n.told.WithLabelValues("sent").Inc()
		n.mu.Lock()
		n.topics[name].tell(time.Now(), m)
		n.mu.Unlock()
	}
	return nil
}

// names are the topics in order.
func (n *Notifier) names() (names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for name := range n.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// post is one try. Its error names neither path nor query nor user of the URL.
func (n *Notifier) post(ctx context.Context, m *message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, postBound)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(text))
	if err != nil {
		return bare(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "runrate-monitor")
	resp, err := n.client.Do(req)
	if err != nil {
		return bare(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("it answers %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}

// bare is an error without the URL that it is of.
func bare(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}
