package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// ReloadEvery is how often a file of keys is looked at for changes.
const ReloadEvery = 2 * time.Second

// File is a file of keys that is in use.
type File struct {
	path string
	set  atomic.Pointer[Set]
	text []byte

	mu       sync.Mutex
	limiters map[string]*rate.Limiter // by id
}

// Open reads a file of keys.
func Open(path string) (*File, error) {
	f := &File{path: path, limiters: map[string]*rate.Limiter{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.text = text
	f.set.Store(&set)
	return f, nil
}

// Watch takes the file's changes over until ctx ends. While it cannot be read the keys
// stay what they were, which is said.
func (f *File) Watch(ctx context.Context, log *zap.Logger) {
	tick := time.NewTicker(ReloadEvery)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		switch changed, err := f.reload(); {
		case err != nil && err.Error() != said:
			said = err.Error()
			log.Error("the keys cannot be read; those before stay in use", zap.Error(err))
		case err == nil && changed:
			log.Info("keys are taken over", zap.Int("keys", len(f.set.Load().Keys)))
			fallthrough
		case err == nil:
			said = ""
		}
	}
}

// reload takes over a change of the file.
func (f *File) reload() (changed bool, err error) {
	text, err := os.ReadFile(f.path)
	if err != nil || bytes.Equal(text, f.text) {
		return false, err
	}
	set, err := Parse(text)
	if err != nil {
		return false, err
	}
	f.text = text
	f.set.Store(&set)
	return true, nil
}

// Find is Set.Find among the keys that are in use.
func (f *File) Find(authorization string, now time.Time) (Key, error) {
	return f.set.Load().Find(authorization, now)
}

// Spent is how it stands with a key's rate.
type Spent struct {
	Enough  bool          // n events were taken off it
	Quota   int           // events that may come at once
	Window  time.Duration // in which so many come to be there
	Left    int
	Full    time.Duration // until none is spent
	Missing time.Duration // until there are enough
}

// Spend takes n events off a key's rate, if they are there. atOnce is how many may come
// at once at least; ok is false of a key without a rate.
func (f *File) Spend(k Key, n, atOnce int, now time.Time) (s Spent, ok bool) {
	if k.Rate <= 0 {
		return Spent{}, false
	}
	burst := max(atOnce, int(k.Rate))
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.limiters[k.ID]
	if l == nil || l.Limit() != rate.Limit(k.Rate) || l.Burst() != burst {
		l = rate.NewLimiter(rate.Limit(k.Rate), burst)
		f.limiters[k.ID] = l
	}
	enough := l.AllowN(now, n)
	left := l.TokensAt(now)
	wait := func(events float64) time.Duration {
		return max(0, time.Duration(events/k.Rate*float64(time.Second)))
	}
	return Spent{Enough: enough, Quota: burst, Window: wait(float64(burst)), Left: int(left),
		Full: wait(float64(burst) - left), Missing: wait(float64(n) - left)}, true
}

// Change reads a file of keys, or none where there is none, and writes what change made
// of it, whole or not at all.
func Change(path string, change func(*Set) error) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	set, err := Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := change(&set); err != nil {
		return err
	}
	if text, err = set.Text(); err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // for its owner alone
	if err != nil {
		if wrong, ok := errors.AsType[*fs.PathError](err); ok {
			err = wrong.Err // the name was made up
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = next.Write(text)
	if err = errors.Join(err, next.Sync(), next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}
