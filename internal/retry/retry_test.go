package retry

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"runrate/internal/fault"
)

// logged is a logger, and what it was told.
func logged() (*zap.Logger, func() []string) {
	core, logs := observer.New(zapcore.DebugLevel)
	return zap.New(core), func() (said []string) {
		for _, entry := range logs.All() {
			said = append(said, entry.Level.String()+": "+entry.Message)
		}
		return said
	}
}

// times is a step that fails so often, and when it was done.
func times(n int, err error) (func(context.Context) error, *[]time.Time) {
	var at []time.Time
	return func(context.Context) error {
		if at = append(at, time.Now()); len(at) <= n {
			return err
		}
		return nil
	}, &at
}

// TestDoWaits: the waits double up to the longest, each shortened by up to a half,
// and it is said once that they begin and once that they are over.
func TestDoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, said := logged()
		step, at := times(12, io.ErrUnexpectedEOF)
		if err := Patient.Do(t.Context(), log, "write rows", step); err != nil {
			t.Fatal(err)
		}
		whole := Patient.First
		for i := 1; i < len(*at); i++ {
			if wait := (*at)[i].Sub((*at)[i-1]); wait < whole/2 || wait > whole {
				t.Errorf("wait %d: %s, want %s to %s", i, wait, whole/2, whole)
			}
			whole = min(2*whole, Patient.Longest)
		}
		if len(*at) != 13 || whole != Patient.Longest {
			t.Errorf("%d tries, the last wait %s", len(*at), whole)
		}
		if want := []string{"warn: write rows failed; trying again until it works", "info: write rows works again"}; !slices.Equal(said(), want) {
			t.Errorf("said %q", said())
		}
	})
}

// TestDoAtOnce: what works at once is not spoken of.
func TestDoAtOnce(t *testing.T) {
	log, said := logged()
	step, at := times(0, nil)
	if err := Patient.Do(t.Context(), log, "commit", step); err != nil || len(*at) != 1 || len(said()) != 0 {
		t.Errorf("%v, %d tries, said %q", err, len(*at), said())
	}
}

// TestDoStops: only what passes is tried again.
func TestDoStops(t *testing.T) {
	for _, err := range []error{
		errors.New("who knows"), fault.As(fault.Setup, io.EOF), fault.As(fault.Fenced, io.EOF), context.Canceled,
	} {
		log, said := logged()
		step, at := times(1, err)
		if got := Patient.Do(t.Context(), log, "commit", step); !errors.Is(got, err) || len(*at) != 1 || len(said()) != 0 {
			t.Errorf("%v became %v after %d tries, said %q", err, got, len(*at), said())
		}
	}
}

// TestDoGivesUp: a policy with an end gives up, and says after how long.
func TestDoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, said := logged()
		step, at := times(1000, io.EOF)
		began := time.Now()
		p := Policy{First: 50 * time.Millisecond, Longest: 3200 * time.Millisecond, For: 2 * time.Minute}
		err := p.Do(t.Context(), log, "send", step)
		if !errors.Is(err, io.EOF) || !strings.HasPrefix(err.Error(), "gave up after 2m0s of retries: ") {
			t.Error(err)
		}
		if took := time.Since(began); took > p.For || took < p.For-p.Longest || len(*at) < 2*60/4 {
			t.Errorf("%d tries in %s", len(*at), took)
		}
		if len(said()) != 1 {
			t.Errorf("said %q", said())
		}
	})
}

// TestDoIsCanceled: the end of the context ends the wait, and a try that it cut
// short.
func TestDoIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := logged()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		step, _ := times(1_000_000, io.EOF)
		if err := Patient.Do(ctx, log, "fetch", step); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("between two tries: %v", err)
		}
		stopped, stop := context.WithCancel(t.Context())
		err := Patient.Do(stopped, log, "fetch", func(ctx context.Context) error {
			stop()
			return io.EOF
		})
		if err != io.EOF {
			t.Errorf("in a try: %v", err)
		}
	})
}

func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		err := Poll(t.Context(), time.Second, func(context.Context) (bool, error) {
			asked++
			return asked == 5, nil
		})
		if err != nil || asked != 5 || time.Since(began) != 4*time.Second {
			t.Errorf("%v after %d questions in %s", err, asked, time.Since(began))
		}
		asked = 0
		err = Poll(t.Context(), time.Second, func(context.Context) (bool, error) {
			asked++
			return false, io.EOF // would pass, but that is the asker's to decide
		})
		if err != io.EOF || asked != 1 {
			t.Errorf("%v after %d questions", err, asked)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := Poll(ctx, time.Second, func(context.Context) (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
