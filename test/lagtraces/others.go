package lagtraces

import "runrate/internal/lag/judge"

// burrow is the evaluation that Burrow's documentation describes, over the last ten commits
// of a partition: fewer are OK; any lag of 0 is OK; commits that do not move while the lag
// does not fall are an error (stalled); lag that never falls is a warning; and if the last
// commit is longer ago than the window spans, it is an error (stopped), unless the log
// ends at it. A commit is seen when it moves.
type burrow struct {
	entries []entry
	last    int64
}

type entry struct {
	at          int
	commit, lag int64
}

const burrowWindow = 10

func (b *burrow) observe(t int, s judge.Sample, polled bool) string {
	if polled && s.Unread == "" && s.Committed && s.Commit != b.last {
		b.last = s.Commit
		b.entries = append(b.entries, entry{t, s.Commit, max(s.End-s.Commit, 0)})
		b.entries = b.entries[max(len(b.entries)-burrowWindow, 0):]
	}
	if len(b.entries) < burrowWindow {
		return ""
	}
	first, last := b.entries[0], b.entries[len(b.entries)-1]
	stopped := t-last.at > last.at-first.at && (!polled || s.Unread != "" || s.End > last.commit)
	moved, falls := false, false
	for i, e := range b.entries {
		if e.lag == 0 {
			return ""
		}
		moved = moved || i > 0 && e.commit != b.entries[i-1].commit
		falls = falls || i > 0 && e.lag < b.entries[i-1].lag
	}
	switch {
	case stopped:
		return "STOP"
	case !moved && !falls:
		return "STALL"
	case !falls && last.lag > first.lag:
		return "WARN"
	}
	return ""
}

// threshold is the alert that most people have: lag above 1000 for 10 s, as an exporter
// shows it that takes the lag of a group without a commit for absent.
type threshold struct{ since int }

func (h *threshold) observe(t int, s judge.Sample, polled bool) string {
	if !polled || s.Unread != "" || !s.Committed || s.End-s.Commit <= 1000 {
		h.since = -1
		return ""
	}
	if h.since < 0 {
		h.since = t
	}
	if t-h.since >= 10 {
		return "fires"
	}
	return ""
}
