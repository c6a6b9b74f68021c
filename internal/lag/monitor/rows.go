package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/lag/judge"
)

// Row is how a partition does, as /v1/lag shows it. What is unknown is absent.
type Row struct {
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Group     string       `json:"group"`
	Status    judge.Status `json:"status"`
	Since     time.Time    `json:"since"`
	Reason    string       `json:"reason,omitempty"`
	Sentence  string       `json:"sentence"`
	Start     *int64       `json:"start,omitempty"`
	Committed *int64       `json:"committed,omitempty"`
	End       *int64       `json:"end,omitempty"`
	Lag       *int64       `json:"lag,omitempty"`
	// LagSeconds is at least how long the record that is due has been in the log: by the
	// time of its append, where the topic keeps that, or since the monitor first saw it.
	LagSeconds *float64   `json:"lag_seconds,omitempty"`
	Clock      *time.Time `json:"clock,omitempty"`
	CatchUp    *float64   `json:"catch_up_seconds,omitempty"`

	// Word is what its consumer complains of, or why it is halted and the way out; it ends
	// the sentence, too. "" where all is well, or nothing is known of it.
	Word string `json:"-"`

	open    time.Time // since when a transaction holds the end back
	runway  *float64  // seconds until retention may delete the record that is due; nil if it never does, or it is unknown
	losing  bool      // behind, and not catching up
	unknown string    // why the lag is, or ""
}

// Rows are all partitions now, in order.
func (m *Monitor) Rows(now time.Time) []Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := []Row{}
	for _, t := range m.sorted() {
		for _, p := range m.topics[t].partitions {
			rows = append(rows, p.row(now))
		}
	}
	return rows
}

func (p *partition) row(now time.Time) Row {
	v := p.judge.At(now)
	r := Row{Topic: p.source.Topic.String(), Partition: p.source.Partition, Group: p.source.Topic.Kind().Group(),
		Status: v.Status, Since: v.Since.UTC(), Reason: v.Reason, Sentence: v.Sentence}
	if !p.clock.IsZero() {
		r.Clock = &p.clock
	}
	if r.Word = p.word; r.Word != "" {
		r.Sentence += "; its consumer says: " + r.Word
	}
	if !p.read || now.Sub(p.last.At) > judge.Unread {
		r.unknown = "no_read"
		return r
	}
	s := p.last
	r.Start, r.End, r.open = &s.Start, &s.End, p.open
	if !p.open.IsZero() {
		r.Sentence += fmt.Sprintf("; an open transaction%s holds the end of the log back at %d since %s", p.holder, s.End, p.open.UTC().Format(time.RFC3339))
	}
	if !s.Committed {
		r.unknown = "no_commit"
		return r
	}
	lag, late := s.End-s.Commit, 0.0
	r.Committed, r.Lag, r.LagSeconds = &s.Commit, &lag, &late
	if lag > 0 && len(p.ends) > 0 {
		late = max(now.Sub(p.lateSince()).Seconds(), 0)
		if left, known := p.runway(now); known {
			r.runway = &left
		}
	}
	if v.Status == judge.Behind {
		r.losing = v.NotGaining
		if !v.NotGaining {
			seconds := math.Round(v.CatchUp.Seconds())
			r.CatchUp = &seconds
		}
	}
	return r
}

// ServeHTTP answers GET /v1/lag. A topic of which nothing was ever read is one row, of
// partition -1, that is unknown.
func (m *Monitor) ServeHTTP(out http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(out).Encode(append(m.Rows(now), m.silent(now)...)) // whoever asked has gone
}

// reason is an error in a word, for a label.
func reason(err error) string {
	if _, ok := errors.AsType[*broker.NoTopic](err); ok {
		return "no_topic"
	}
	if _, ok := errors.AsType[*broker.Unreachable](err); ok {
		return "unreachable"
	}
	if fault.Passes(err) {
		return "passing"
	}
	return "refused"
}
