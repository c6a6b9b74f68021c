package simulate

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/internal/views/check"
	"runrate/test/oracle"
)

// logOf is the log that a publisher makes of a history.
func logOf(t testing.TB, m *Model, partitions int32, format Format) oracle.Log {
	t.Helper()
	log := oracle.Log{}
	add := func(topic stream.Topic, partition int32, key, value []byte) {
		s := stream.Source{Topic: topic, Partition: partition}
		log[s] = append(log[s], stream.Record{Offset: stream.Offset(len(log[s])), Key: key, Value: value})
	}
	for msg := range m.History() {
		value := msg.Append(nil, format)
		if msg.Event.Type.Control() {
			for p := range partitions {
				add(stream.Usage.Topic(), p, nil, value)
				add(stream.Subscriptions.Topic(), p, nil, value)
			}
			continue
		}
		topic := stream.Usage.Topic()
		if msg.Event.Type == event.SubscriptionChanged {
			topic = stream.Subscriptions.Topic()
		}
		key := []byte(msg.Event.Account)
		add(topic, stream.Partition(key, partitions), bytes.Clone(key), value)
	}
	return log
}

func join(parts ...string) string { return strings.Join(parts, "/") }

// reading says how the oracle's rows of a view answer a question: which rows
// count, their key, and their numbers ("1" to count a row).
type reading struct {
	counts  func(c []string) bool
	key     func(c []string) string
	numbers func(c []string) []string
}

// readings are in the order of questions.
func readings(m *Model) []reading {
	end := m.Config().End().UTC().Format("2006-01-02T15:04:05Z")
	always := func([]string) bool { return true }
	asOf := func(c []string) bool { return c[0] == end }
	is := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	return []reading{
		{always, func(c []string) string { return join(c[2], c[3], c[1][:7]) },
			func(c []string) []string { return []string{c[8], c[9], is(c[12] == "usage.recorded")} }},
		{always, func(c []string) string { return join(c[1], c[2], c[0][:7]) },
			func(c []string) []string { return c[6:9] }},
		{func(c []string) bool { return c[12] == "adjustment.recorded" }, func(c []string) string { return join(c[2], "adjustments", c[1][:7]) },
			func(c []string) []string { return []string{"1", c[8]} }},
		{func(c []string) bool { return asOf(c) && c[1] != "1h" }, func(c []string) string { return join(c[2], c[3], c[1]) },
			func(c []string) []string { return c[7:10] }},
		{func(c []string) bool { return asOf(c) && c[2] != "*" }, func(c []string) string { return join(c[2], c[1]) },
			func(c []string) []string { return c[3:4] }},
		{always, func(c []string) string { return join(c[2], c[3]) }, func([]string) []string { return []string{"1"} }},
		{always, func(c []string) string { return join(c[2], c[0][:7], c[5]) }, func(c []string) []string { return []string{"1", c[6]} }},
		{asOf, func(c []string) string { return join(c[1], c[2]) }, func(c []string) []string { return c[6:8] }},
		{asOf, func(c []string) string { return c[1] }, func(c []string) []string { return c[3:6] }},
		{asOf, func(c []string) string { return c[1] }, func(c []string) []string { return c[3:11] }},
		{always, func(c []string) string { return c[3] }, func([]string) []string { return []string{"1"} }},
	}
}

// answers sums the rows of a view by key.
func (r reading) answers(t *testing.T, rows []string) []check.Answer {
	t.Helper()
	sums := map[string][]money.Amount{}
	var keys []string
	for _, row := range rows {
		c := strings.Split(row, "\t")
		if !r.counts(c) {
			continue
		}
		key, numbers := r.key(c), r.numbers(c)
		if sums[key] == nil {
			sums[key], keys = make([]money.Amount, len(numbers)), append(keys, key)
		}
		for i, n := range numbers {
			a, err := money.Parse(n)
			if err != nil {
				t.Fatal(err)
			}
			sums[key][i] = plus(sums[key][i], a)
		}
	}
	slices.Sort(keys)
	var list []check.Answer
	for _, key := range keys {
		a := check.Answer{Key: key}
		for _, s := range sums[key] {
			a.Numbers = append(a.Numbers, s.String())
		}
		list = append(list, a)
	}
	return list
}

// TestTruthIsTheOracles: what the model says it intended is what a naive
// recomputation finds in the log of its messages.
func TestTruthIsTheOracles(t *testing.T) {
	for seed := range uint64(2) {
		m := company(t, small(seed))
		log := logOf(t, m, 2, JSON)
		truth := truthOf(t, m)
		end := int64(m.Config().End())
		views := oracle.Compute(log, 2, oracle.Options{AsOf: func(micros int64) bool { return micros == end }})
		for i, q := range check.Questions(truth) {
			for _, c := range q.Compare(readings(m)[i].answers(t, views[q.View])) {
				if !c.OK {
					t.Errorf("seed %d: %s: intended %s, the oracle finds %s", seed, c.What, c.Intended, c.Found)
				}
			}
		}
		if truth.Sent.Duplicates == 0 || truth.Sent.Late == 0 || len(truth.Sent.Refused) != len(faults) {
			t.Errorf("seed %d: too little goes wrong: %+v", seed, truth.Sent)
		}
		var accepted, duplicate int64
		for _, row := range views["accounting"] {
			c := strings.Split(row, "\t")
			accepted, duplicate = accepted+number(t, c[4]), duplicate+number(t, c[5])
		}
		if s := truth.Sent; accepted != int64(s.Usage+s.Adjustments+s.Subscriptions) || duplicate != int64(s.Duplicates) {
			t.Errorf("seed %d: %d accepted and %d duplicate, intended %+v", seed, accepted, duplicate, s)
		}
	}
}

func number(t *testing.T, s string) (n int64) {
	t.Helper()
	for _, c := range s {
		n = n*10 + int64(c-'0')
	}
	return n
}
