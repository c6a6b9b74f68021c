package consume

import (
	"context"
	"errors"
	"strings"
	"testing"

	"runrate/internal/stream"
)

// retention is the snapshot log's, and what may be done with it.
type retention struct {
	bytes         int64
	read, changed error
	asked         int
}

func (r *retention) RetentionBytes(context.Context, stream.Topic) (int64, error) {
	r.asked++
	return r.bytes, r.read
}

func (r *retention) SetRetentionBytes(_ context.Context, _ stream.Topic, bytes int64) error {
	if r.changed == nil {
		r.bytes = bytes
	}
	return r.changed
}

// TestRoom: a state that outgrows the snapshot log gets more of it or, where that is
// not allowed, somebody is told what to set, once until it has grown again.
func TestRoom(t *testing.T) {
	logger, logs := logged()
	said := func() (text string) {
		for _, l := range logs.TakeAll() {
			text += l.Level.String() + ": " + l.Message + "\n"
		}
		return text
	}
	kept := &retention{bytes: 4 << 30}
	r := &room{client: kept, logger: logger}
	for _, c := range []struct {
		base  int
		bytes int64
		says  string
		asked int
	}{
		{100 << 20, 4 << 30, "", 1},
		{512 << 20, 4 << 30, "", 1}, // known to be enough
		{600 << 20, 8 << 30, "info: raised retention.bytes", 2},
		{600 << 20, 8 << 30, "", 2},
		{5 << 30, 64 << 30, "info: raised retention.bytes", 3},
	} {
		r.See(t.Context(), c.base)
		if text := said(); kept.bytes != c.bytes || kept.asked != c.asked || !strings.HasPrefix(text, c.says) || c.says == "" && text != "" {
			t.Errorf("base of %d: retention %d, asked %d times, %q", c.base, kept.bytes, kept.asked, text)
		}
	}
	kept.changed = errors.New("not authorized")
	for _, says := range []string{"warn: a state of 10737418240 bytes may outgrow the snapshot log: set retention.bytes of runrate.snapshots to 137438953472 or more", ""} {
		r.See(t.Context(), 10<<30)
		if text := said(); !strings.HasPrefix(text, says) || says == "" && text != "" {
			t.Errorf("%q", text)
		}
	}
	if now, err := r.Kept(t.Context()); now != 64<<30 || err != nil {
		t.Errorf("kept %d, %v", now, err)
	}
	kept.bytes = -1
	if now, err := r.Kept(t.Context()); now != 64<<30 || err != nil {
		t.Errorf("kept %d, %v: it was asked a moment ago", now, err)
	}
	r.See(t.Context(), 100<<30)
	if text := said(); text != "" {
		t.Errorf("without a limit: %q", text)
	}
}
