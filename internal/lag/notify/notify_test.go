package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
)

// secret is a URL of which nothing but https://hooks.example may be said.
const secret = "https://bot:pass@hooks.example/services/T0K3N?key=k3y"

// hook is the far end.
type hook func(*http.Request) (*http.Response, error)

func (h hook) RoundTrip(r *http.Request) (*http.Response, error) { return h(r) }

// answer is a response without a body.
func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: http.NoBody}
}

// world is a notifier that runs in a bubble, and is shown the partitions every 5 s.
type world struct {
	*Notifier
	began time.Time
	logs  *observer.ObservedLogs
}

func run(t *testing.T, to hook) *world {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	n, err := New(secret, DefaultQuiet, zap.New(core), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	n.client.Transport = to
	go n.Run(t.Context())
	return &world{n, time.Now(), logs}
}

// watch shows partitions of one topic, by their statuses, until a time after the start.
func (w *world) watch(until time.Duration, statuses ...judge.Status) {
	for ; time.Since(w.began) < until; time.Sleep(monitor.Every) {
		var rows []monitor.Row
		for p, s := range statuses {
			rows = append(rows, monitor.Row{Topic: "runrate.usage", Group: "runrate-usage", Partition: int32(p), Status: s, Reason: "why", Sentence: "it " + string(s) + "s"})
		}
		w.Observe(time.Now(), rows)
		synctest.Wait()
	}
}

// recorder is a hook that takes everything and writes down, in short, what came when.
func recorder(got *[]string) hook {
	began := time.Now()
	return func(r *http.Request) (*http.Response, error) {
		var m message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			return nil, err
		}
		line := fmt.Sprintf("%v %s:", time.Since(began), m.Status)
		for _, a := range m.Alerts {
			line += fmt.Sprintf(" %s %s %s", a.Labels["partition"], a.Status, a.Labels["status"])
		}
		*got = append(*got, line)
		return answer(http.StatusOK), nil
	}
}

// TestTold: what is told, and when.
func TestTold(t *testing.T) {
	type step struct {
		until    time.Duration
		statuses []judge.Status
	}
	at := func(until time.Duration, statuses ...judge.Status) step { return step{until, statuses} }
	for name, tt := range map[string]struct {
		steps []step
		want  []string
	}{
		"all is well": {[]step{at(time.Hour, judge.OK, judge.Idle, judge.Behind, judge.Rewound)}, nil},
		"one stops, and is well again": {[]step{at(time.Minute, judge.OK, judge.OK), at(5*time.Minute, judge.OK, judge.Stopped), at(10*time.Minute, judge.OK, judge.OK)},
			[]string{"1m10s firing: 1 firing stopped", "7m0s resolved: 1 resolved stopped"}},
		"for a moment": {[]step{at(10*time.Second, judge.Stalled), at(time.Hour, judge.OK)}, nil},
		"together":     {[]step{at(5*time.Second, judge.Stopped, judge.OK), at(time.Minute, judge.Stopped, judge.Stopped)}, []string{"10s firing: 0 firing stopped"}},
		"the second waits for the quiet period to end": {[]step{at(15*time.Second, judge.Stopped, judge.OK), at(3*time.Minute, judge.Stopped, judge.Stopped)},
			[]string{"10s firing: 0 firing stopped", "1m10s firing: 0 firing stopped 1 firing stopped"}},
		"another status": {[]step{at(2*time.Minute, judge.Stopped), at(5*time.Minute, judge.Halted)},
			[]string{"10s firing: 0 firing stopped", "2m10s firing: 0 firing halted"}},
		"it is well, but not for long": {[]step{at(time.Minute, judge.Stopped), at(2*time.Minute, judge.OK), at(3*time.Minute, judge.Stopped), at(20*time.Minute, judge.OK)},
			[]string{"10s firing: 0 firing stopped", "5m0s resolved: 0 resolved stopped"}},
		"unknown is no news for a minute": {[]step{at(55*time.Second, judge.Unknown), at(2*time.Minute, judge.OK), at(10*time.Minute, judge.Unknown)},
			[]string{"3m0s firing: 0 firing unknown"}},
		"unknown for a moment does not change what is told": {[]step{at(time.Minute, judge.Lost), at(90*time.Second, judge.Unknown), at(10*time.Minute, judge.Lost)},
			[]string{"10s firing: 0 firing lost"}},
		"what lasts is told again": {[]step{at(2*time.Hour+time.Minute, judge.Lost)},
			[]string{"10s firing: 0 firing lost", "1h0m10s firing: 0 firing lost", "2h0m10s firing: 0 firing lost"}},
		"one is over, the other is not": {[]step{at(time.Minute, judge.Stopped, judge.Stopped), at(5*time.Minute, judge.OK, judge.Stopped)},
			[]string{"10s firing: 0 firing stopped 1 firing stopped", "3m0s firing: 0 resolved stopped 1 firing stopped"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				w := run(t, recorder(&got))
				for _, s := range tt.steps {
					w.watch(s.until, s.statuses...)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
				}
			})
		})
	}
}

// TestRetried: while the webhook fails in all ways the monitor goes on, and at last it is
// told what is so by then; the log says it twice, and nothing of the secret.
func TestRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		var taken []string
		takes := recorder(&taken)
		w := run(t, func(r *http.Request) (*http.Response, error) {
			tries++
			switch {
			case tries == 1:
				return nil, errors.New("connection refused")
			case tries == 2: // it hangs
				<-r.Context().Done()
				return nil, r.Context().Err()
			case tries == 3:
				return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: http.NoBody}, nil
			case tries < 6:
				return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(strings.NewReader(secret))}, nil
			}
			if r.URL.Host != "hooks.example" || r.URL.User.String() != "bot:pass" {
				t.Errorf("posted to %s", r.URL)
			}
			return takes(r)
		})
		w.watch(time.Minute, judge.Stopped)
		w.watch(10*time.Minute, judge.Halted)
		if tries != 6 || len(taken) != 1 || !strings.Contains(taken[0], "0 firing halted") {
			t.Errorf("%d tries, taken: %q", tries, taken)
		}
		var said []string
		for _, e := range w.logs.All() {
			said = append(said, fmt.Sprint(e.Level, e.Message, e.ContextMap()))
		}
		if len(said) != 2 || !strings.HasPrefix(said[0], "warn") || !strings.HasPrefix(said[1], "info") {
			t.Errorf("the log: %q", said)
		}
		for _, part := range []string{"bot", "pass", "T0K3N", "k3y", "services"} {
			if strings.Contains(strings.Join(said, " "), part) {
				t.Errorf("the log tells %q: %q", part, said)
			}
		}
	})
}

// TestObserveNeverWaits: a webhook that hangs holds nobody up but its own messages.
func TestObserveNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := run(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		for range 1000 {
			w.Observe(time.Now().Add(time.Hour), []monitor.Row{{Topic: "t", Status: judge.Lost}})
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
		synctest.Wait()
	})
}

// TestNoURL: what is wrong is said without the URL.
func TestNoURL(t *testing.T) {
	for _, url := range []string{"", "hooks.example/T0K3N", "ftp://hooks.example/T0K3N", "https:///T0K3N", "https://hooks.example/%zzT0K3N", "\x7fT0K3N"} {
		if _, err := New(url, 0, zap.NewNop(), prometheus.NewRegistry()); err == nil || strings.Contains(err.Error(), "T0K3N") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestEnds: told to end, it ends, also while it sends.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := New(secret, 0, zap.NewNop(), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		n.client.Transport = hook(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		go func() {
			n.Run(ctx)
			ended = true
		}()
		w := &world{Notifier: n, began: time.Now()}
		w.watch(15*time.Second, judge.Lost)
		cancel()
		if synctest.Wait(); !ended {
			t.Error("it does not end")
		}
	})
}
