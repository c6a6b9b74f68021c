// Package sim stands in for Kafka and ClickHouse in tests of the folds and the
// worker: a log and tables in memory that keep the promises which the real ones
// make, and no others. Tables collapse rows by version, as ReplacingMergeTree
// does, and hold every writer to the invariant that two rows with the same key
// and version are equal. They take no amount that has overflowed, as no column
// does.
package sim

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/rows"
	"runrate/internal/stream"
)

// Tables is ClickHouse in memory. It is safe for concurrent use.
type Tables struct {
	mu sync.Mutex
	// Conflicts are the writes that broke the invariant: a key and version
	// already there with other content, or a key twice in one flush.
	Conflicts []string

	events     table[eventKey, rows.UsageEvent]
	panes      table[paneKey, rows.UsagePane]
	rolling    windows
	active     table[activeKey, rows.ActiveAccounts]
	days       table[dayKey, rows.AccountDay]
	firsts     table[firstKey, rows.First]
	changes    table[eventKey, rows.SubscriptionChange]
	subs       table[subKey, rows.Subscription]
	movements  table[movementKey, rows.Movement]
	mrr        table[mrrKey, rows.MRR]
	netnew     table[netnewKey, rows.NetNew]
	late       table[lateKey, rows.Late]
	dead       table[offsetKey, rows.DeadLetter]
	controls   table[controlKey, rows.Control]
	progress   table[stream.Source, rows.Progress]
	identities map[stream.Source]map[[16]byte]known
}

type known struct {
	time    event.Time
	version stream.Offset
}

type (
	eventKey struct {
		source  stream.Source
		account event.Account
		time    event.Time
		from    string
		id      string
	}
	paneKey struct {
		source     stream.Source
		hour       event.Time
		dimensions rows.Dimensions
	}
	activeKey struct {
		source stream.Source
		asOf   event.Time
		window string
		line   string
	}
	dayKey struct {
		source         stream.Source
		account        event.Account
		line, currency string
		day            event.Time
	}
	firstKey struct {
		source         stream.Source
		account        event.Account
		line, currency string
	}
	subKey struct {
		source       stream.Source
		account      event.Account
		subscription string
	}
	movementKey struct {
		source   stream.Source
		account  event.Account
		line     string
		currency string
		time     event.Time
		change   stream.Offset
	}
	mrrKey struct {
		source                                stream.Source
		asOf                                  event.Time
		line, plan, segment, region, currency string
	}
	netnewKey struct {
		source         stream.Source
		asOf           event.Time
		line, currency string
	}
	lateKey struct {
		source         stream.Source
		line, currency string
		day, folded    event.Time
	}
	controlKey struct {
		source stream.Source
		kind   string
		offset stream.Offset
	}
	offsetKey struct {
		source stream.Source
		offset stream.Offset
	}
)

// table keeps the row with the highest version of each key.
type table[K comparable, R rows.Row] map[K]R

// put takes a row in.
func put[K comparable, R rows.Row](t *Tables, m *table[K, R], key K, row R) {
	if *m == nil {
		*m = table[K, R]{}
	}
	old, ok := (*m)[key]
	switch {
	case ok && old.At() == row.At():
		if !equal(old, row) {
			t.Conflicts = append(t.Conflicts, fmt.Sprintf("%s %+v, version %d: was %+v, is %+v", row.Table(), key, row.At(), old, row))
		}
	case !ok || row.At() > old.At():
		(*m)[key] = row
	}
}

// equal compares two rows, those with slices the slow way.
func equal[R any](a, b R) bool {
	switch any(a).(type) {
	case rows.UsageEvent, rows.DeadLetter:
		return reflect.DeepEqual(a, b)
	}
	return any(a) == any(b)
}

// kept is a table whatever its rows are.
type kept interface {
	name() string
	differ(other kept) string
}

// Accounts are the rows of a source that the views over accounts are made of.
func (t *Tables) Accounts(source stream.Source) rows.Changes {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := rows.Changes{Source: source}
	var days []rows.AccountDay
	for k, r := range t.days {
		if k.source == source {
			days = append(days, r)
		}
	}
	var firsts []rows.First
	for k, r := range t.firsts {
		if k.source == source {
			firsts = append(firsts, r)
		}
	}
	var movements []rows.Movement
	for k, r := range t.movements {
		if k.source == source {
			movements = append(movements, r)
		}
	}
	c.AccountDays, c.Firsts, c.Movements = slices.Values(days), slices.Values(firsts), slices.Values(movements)
	return c
}

// all are all tables.
func (t *Tables) all() []kept {
	return []kept{t.events, t.panes, &t.rolling, t.active, t.days, t.firsts, t.changes, t.subs, t.movements, t.mrr, t.netnew, t.late, t.dead, t.controls, t.progress}
}

func (m table[K, R]) name() string {
	var r R
	return r.Table()
}

// Diff names a row or version in which the tables differ, "" if they do not.
func (t *Tables) Diff(other *Tables) string {
	theirs := other.all()
	for i, ours := range t.all() {
		if s := ours.differ(theirs[i]); s != "" {
			return s
		}
	}
	return ""
}

// differ is Diff of one table.
func (m table[K, R]) differ(other kept) string {
	b := other.(table[K, R])
	for key, x := range m {
		y, ok := b[key]
		switch {
		case !ok:
			return fmt.Sprintf("%s %+v: only on the left: version %d: %+v", m.name(), key, x.At(), x)
		case x.At() != y.At() || !equal(x, y):
			return fmt.Sprintf("%s %+v: left version %d: %+v; right version %d: %+v", m.name(), key, x.At(), x, y.At(), y)
		}
	}
	if len(m) != len(b) {
		for key, y := range b {
			if _, ok := m[key]; !ok {
				return fmt.Sprintf("%s %+v: only on the right: version %d: %+v", m.name(), key, y.At(), y)
			}
		}
	}
	return ""
}

// Seen is store.Store's Seen.
func (t *Tables) Seen(_ context.Context, _ uint32, source stream.Source, keys []store.EventKey, before stream.Offset) (map[[16]byte]struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := map[[16]byte]struct{}{}
	for _, k := range keys {
		if known, ok := t.identities[source][k.Identity]; ok && known.version < before {
			found[k.Identity] = struct{}{}
		}
	}
	return found, nil
}

// Recent is store.Store's Recent.
func (t *Tables) Recent(_ context.Context, _ uint32, source stream.Source, since event.Time, before stream.Offset) iter.Seq2[store.Known, error] {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []store.Known
	for identity, k := range t.identities[source] {
		if k.time >= since && k.version < before {
			found = append(found, store.Known{Identity: identity, Time: k.time})
		}
	}
	return func(yield func(store.Known, error) bool) {
		for _, k := range found {
			if !yield(k, nil) {
				return
			}
		}
	}
}

// Whole is store.Store's Whole: these tables are never restored one by one.
func (t *Tables) Whole(_ context.Context, _ uint32, _ stream.Source, next stream.Offset) (stream.Offset, error) {
	return next, nil
}

// Progress is store.Store's Progress.
func (t *Tables) Progress(_ context.Context, _ uint32, topic stream.Topic) (map[int32]rows.Progress, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[int32]rows.Progress{}
	for s, p := range t.progress {
		if s.Topic == topic {
			out[s.Partition] = p
		}
	}
	return out, nil
}
