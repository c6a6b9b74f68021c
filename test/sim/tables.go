// Package sim stands in for Kafka and ClickHouse in tests of the folds and the
// worker: a log and tables in memory that keep the promises which the real ones
// make, and no others. Tables collapse rows by version, as ReplacingMergeTree
// does, and hold every writer to the invariant that two rows with the same key
// and version are equal.
package sim

import (
	"context"
	"fmt"
	"iter"
	"reflect"
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
	// already there with other content.
	Conflicts []string

	events     table[eventKey, rows.UsageEvent]
	panes      table[paneKey, rows.UsagePane]
	rolling    table[rollingKey, rows.RollingRevenue]
	active     table[activeKey, rows.ActiveAccounts]
	changes    table[eventKey, rows.SubscriptionChange]
	subs       table[subKey, rows.Subscription]
	movements  table[movementKey, rows.Movement]
	mrr        table[mrrKey, rows.MRR]
	netnew     table[netnewKey, rows.NetNew]
	dead       table[offsetKey, rows.DeadLetter]
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
	rollingKey struct {
		source     stream.Source
		asOf       event.Time
		window     string
		dimensions rows.Dimensions
	}
	activeKey struct {
		source stream.Source
		asOf   event.Time
		window string
		line   string
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
	offsetKey struct {
		source stream.Source
		offset stream.Offset
	}
)

// table keeps the row with the highest version of each key.
type table[K comparable, R any] map[K]versioned[R]

type versioned[R any] struct {
	version stream.Offset
	row     R
}

func put[K comparable, R any](t *Tables, m *table[K, R], key K, version stream.Offset, row R) {
	if *m == nil {
		*m = table[K, R]{}
	}
	old, ok := (*m)[key]
	switch {
	case ok && old.version == version:
		if !equal(old.row, row) {
			t.Conflicts = append(t.Conflicts, fmt.Sprintf("%+v, version %d: was %+v, is %+v", key, version, old.row, row))
		}
	case !ok || version > old.version:
		(*m)[key] = versioned[R]{version, row}
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

// Diff names a row or version in which the tables differ, "" if they do not.
func (t *Tables) Diff(other *Tables) string {
	for _, s := range []string{
		differ("usage events", t.events, other.events), differ("panes", t.panes, other.panes),
		differ("rolling revenue", t.rolling, other.rolling), differ("active accounts", t.active, other.active),
		differ("subscription changes", t.changes, other.changes), differ("subscriptions", t.subs, other.subs),
		differ("movements", t.movements, other.movements), differ("mrr", t.mrr, other.mrr),
		differ("net new", t.netnew, other.netnew), differ("dead letters", t.dead, other.dead),
		differ("progress", t.progress, other.progress),
	} {
		if s != "" {
			return s
		}
	}
	return ""
}

func differ[K comparable, R any](name string, a, b table[K, R]) string {
	for key, x := range a {
		y, ok := b[key]
		switch {
		case !ok:
			return fmt.Sprintf("%s %+v: only on the left: version %d: %+v", name, key, x.version, x.row)
		case x.version != y.version || !equal(x.row, y.row):
			return fmt.Sprintf("%s %+v: left version %d: %+v; right version %d: %+v", name, key, x.version, x.row, y.version, y.row)
		}
	}
	if len(a) != len(b) {
		for key, y := range b {
			if _, ok := a[key]; !ok {
				return fmt.Sprintf("%s %+v: only on the right: version %d: %+v", name, key, y.version, y.row)
			}
		}
	}
	return ""
}

// Write is store.Store's Write. Epochs are not told apart.
func (t *Tables) Write(_ context.Context, _ uint32, c rows.Changes) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := c.Source
	for r := range each(c.UsageEvents) {
		put(t, &t.events, eventKey{s, r.Account, r.Time, r.Source, r.ID}, r.Version, r)
		t.remember(s, event.Event{Account: r.Account, Time: r.Time, Source: r.Source, ID: r.ID}, r.Version)
	}
	for r := range each(c.UsagePanes) {
		put(t, &t.panes, paneKey{s, r.Hour, r.Dimensions}, r.Version, r)
	}
	for r := range each(c.Rolling) {
		put(t, &t.rolling, rollingKey{s, r.AsOf, r.Window, r.Dimensions}, r.Version, r)
	}
	for r := range each(c.ActiveAccounts) {
		put(t, &t.active, activeKey{s, r.AsOf, r.Window, r.Line}, r.Version, r)
	}
	for r := range each(c.SubscriptionChanges) {
		put(t, &t.changes, eventKey{s, r.Account, r.Time, r.Source, r.ID}, r.Version, r)
		t.remember(s, event.Event{Account: r.Account, Time: r.Time, Source: r.Source, ID: r.ID}, r.Version)
	}
	for r := range each(c.Subscriptions) {
		put(t, &t.subs, subKey{s, r.Account, r.Subscription}, r.Version, r)
	}
	for r := range each(c.Movements) {
		put(t, &t.movements, movementKey{s, r.Account, r.Line, r.Currency, r.Time, r.Change}, r.Version, r)
	}
	for r := range each(c.MRR) {
		put(t, &t.mrr, mrrKey{s, r.AsOf, r.Line, r.Plan, r.Segment, r.Region, r.Currency}, r.Version, r)
	}
	for r := range each(c.NetNew) {
		put(t, &t.netnew, netnewKey{s, r.AsOf, r.Line, r.Currency}, r.Version, r)
	}
	for r := range each(c.DeadLetters) {
		put(t, &t.dead, offsetKey{s, r.Offset}, r.Offset, r)
	}
	if c.Progress.NextOffset >= 0 { // not a part of a write (Seam.Write)
		put(t, &t.progress, s, c.Progress.NextOffset, c.Progress)
	}
	return nil
}

func each[R any](s iter.Seq[R]) iter.Seq[R] {
	if s == nil {
		return func(func(R) bool) {}
	}
	return s
}

func (t *Tables) remember(s stream.Source, e event.Event, version stream.Offset) {
	if t.identities == nil {
		t.identities = map[stream.Source]map[[16]byte]known{}
	}
	if t.identities[s] == nil {
		t.identities[s] = map[[16]byte]known{}
	}
	t.identities[s][e.Identity()] = known{e.Time, version}
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

// Progress is store.Store's Progress.
func (t *Tables) Progress(_ context.Context, _ uint32, topic stream.Topic) (map[int32]rows.Progress, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[int32]rows.Progress{}
	for s, p := range t.progress {
		if s.Topic == topic {
			out[s.Partition] = p.row
		}
	}
	return out, nil
}
