// Package gen makes logs to test with: seeded streams of records that visit
// the corners of DEFINITIONS.md far more often than life would.
//
// Start at Stream. A seed and its options determine every byte, so a failing
// test needs to print no more than the seed; Dump writes the stream down.
// Records are built as JSON text here, by no encoder of the program.
package gen

import (
	"math/rand/v2"
	"slices"

	"runrate/internal/stream"
	"runrate/test/oracle"
)

// Generated is a stream of records in the order in which they were appended,
// and what oracle.Compute needs to know of it.
type Generated struct {
	Seed       uint64
	Partitions int32
	Entries    []Entry
}

// Entry is one record and where it lies.
type Entry struct {
	Source stream.Source
	Record stream.Record
}

// Log is the records by partition. Every partition of both topics is present.
func (g Generated) Log() oracle.Log {
	log := oracle.Log{}
	for p := range g.Partitions {
		log[stream.Source{Topic: stream.Usage.Topic(), Partition: p}] = nil
		log[stream.Source{Topic: stream.Subscriptions.Topic(), Partition: p}] = nil
	}
	for _, e := range g.Entries {
		log[e.Source] = append(log[e.Source], e.Record)
	}
	return log
}

// Options size and mix a stream. The zero value is a stream of 60 to 200
// records with a bit of everything.
type Options struct {
	Records    int   // about how many; control records count once per copy
	Partitions int32 // per topic; 0 draws 1, 2 or 3
	Mix        Mix   // the zero Mix stands for DefaultMix
	Days       int   // the clock moves about that far; 0 draws hours, days or months
	Forms      bool  // records take any form that an event may have; else they are JSON without headers
	Skipped    bool  // transaction markers and aborted records lie in between; the others are the same without
}

// Mix weighs the ingredients of a stream against each other.
type Mix struct {
	Usage, Adjustment, Subscription int // sound events, most of them accepted
	Duplicate                       int // an earlier record again
	Refused                         int // an event with a fault
	Limit                           int // an event exactly at a limit of lateness, or a microsecond off
	Tick                            int // a tick to every partition, moving the clock
	SkewedTick                      int // a tick to some partitions only
	BackwardsTick                   int // a tick lower than the clock
	WrongTick                       int // a tick of a clock that is far ahead
	Book                            int // another price book, some of them invalid
	Rates                           int // a set of exchange rates, some of them invalid
}

// DefaultMix has a bit of everything.
var DefaultMix = Mix{Usage: 36, Adjustment: 8, Subscription: 26, Duplicate: 8, Refused: 9,
	Limit: 5, Tick: 10, SkewedTick: 3, BackwardsTick: 2, WrongTick: 2, Book: 2, Rates: 2}

// UsageOnly is DefaultMix without subscriptions.
var UsageOnly = Mix{Usage: 56, Adjustment: 12, Duplicate: 8, Refused: 9,
	Limit: 5, Tick: 10, SkewedTick: 3, BackwardsTick: 2, WrongTick: 2, Book: 2, Rates: 2}

// SubscriptionsOnly is DefaultMix without usage.
var SubscriptionsOnly = Mix{Subscription: 62, Duplicate: 8, Refused: 6,
	Limit: 5, Tick: 10, SkewedTick: 3, BackwardsTick: 2, WrongTick: 2}

// Stream is the stream of a seed.
func Stream(seed uint64, o Options) Generated {
	g := newGenerator(seed, o)
	if !g.chance(20) { // a stream that begins without prices
		g.publishBook()
	}
	if !g.chance(4) { // or without a clock
		g.tickAll(g.now)
	}
	weights := []struct {
		weight int
		do     func()
	}{
		{g.mix.Usage, g.sendUsage}, {g.mix.Adjustment, g.sendAdjustment},
		{g.mix.Subscription, g.sendSubscription}, {g.mix.Duplicate, g.sendDuplicate},
		{g.mix.Refused, g.sendFault}, {g.mix.Limit, g.sendLimit}, {g.mix.Tick, g.tick},
		{g.mix.SkewedTick, g.skewedTick}, {g.mix.BackwardsTick, g.backwardsTick}, {g.mix.WrongTick, g.wrongTick}, {g.mix.Book, g.publishBook}, {g.mix.Rates, g.publishRates},
	}
	total := 0
	for _, w := range weights {
		total += w.weight
	}
	for len(g.out) < g.records {
		n := g.r.IntN(total)
		for _, w := range weights {
			if n -= w.weight; n < 0 {
				w.do()
				break
			}
		}
	}
	if !g.chance(6) { // most streams end with every clock level
		g.now = slices.MaxFunc(g.clocks(), func(a, b int64) int { return int(min(1, max(-1, a-b))) })
		g.tickAll(max(g.now, g.started) + int64(g.r.IntN(3))*hour)
	}
	return Generated{Seed: seed, Partitions: g.partitions, Entries: g.out}
}

// generator is a stream being made.
type generator struct {
	r          *rand.Rand
	skip       *rand.Rand // draws what is skipped; nil without
	form       *rand.Rand // draws the forms of records; nil without
	mix        Mix
	records    int
	partitions int32
	started    int64 // where the clock begins, microseconds
	now        int64 // where it is
	budget     int64 // how far it may still move
	next       map[stream.Source]stream.Offset
	clock      map[stream.Source]int64
	serial     int   // of event ids
	book       int   // how many price books were published
	bookTime   int64 // of the last that was not late
	rates      int   // how many sets of rates were published
	ratesTime  int64 // of the last that was not late
	accounts   []string
	events     []*event // sent so far, to send again
	out        []Entry
}

func newGenerator(seed uint64, o Options) *generator {
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x72756e72617465)), mix: o.Mix, records: o.Records,
		partitions: o.Partitions, next: map[stream.Source]stream.Offset{}, clock: map[stream.Source]int64{}}
	if o.Forms {
		g.form = rand.New(rand.NewPCG(seed, 0x666f726d))
	}
	if o.Skipped {
		g.skip = rand.New(rand.NewPCG(seed, 0x736b6970))
	}
	if g.mix == (Mix{}) {
		g.mix = DefaultMix
	}
	if g.records == 0 {
		g.records = 60 + g.r.IntN(141)
	}
	if g.partitions == 0 {
		g.partitions = 1 + g.r.Int32N(3)
	}
	days := o.Days
	if days == 0 {
		days = pick(g, 1, 1, 2, 3, 3, 5, 8, 40, 75)
	}
	g.budget = int64(days) * day
	// 2026, some starts close to a month's or a year's end.
	g.started = 1_767_225_600*second + int64(g.r.IntN(365))*day + int64(g.r.IntN(24))*hour
	if g.chance(2) {
		g.started += int64(g.r.Int64N(hour))
	}
	g.now = g.started
	for _, src := range g.sources() {
		g.next[src] = stream.Offset(pick(g, 0, 0, 0, 7, 1000))
	}
	names := []string{"acct_1", "acct_2", "acct_3", "acct_42", "org/Ünï-5", "a", "acct 7", "1000000000000000000000"}
	g.r.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	g.accounts = names[:2+g.r.IntN(5)]
	return g
}

// sources are the partitions of both topics.
func (g *generator) sources() []stream.Source {
	var list []stream.Source
	for _, topic := range stream.Inputs() {
		for p := range g.partitions {
			list = append(list, stream.Source{Topic: topic, Partition: p})
		}
	}
	return list
}

// clocks are the clocks of all partitions, 0 where there is none.
func (g *generator) clocks() []int64 {
	var list []int64
	for _, src := range g.sources() {
		list = append(list, g.clock[src])
	}
	return list
}

// put appends a record to a partition. Where some are skipped, it may come after
// itself in a transaction that was aborted, and before a marker.
func (g *generator) put(src stream.Source, key, value string) {
	r := stream.Record{Time: g.now / 1000 * 1000, Value: []byte(value)}
	if key != "" {
		r.Key = []byte(key)
	}
	r = g.inForm(r)
	if g.skip != nil && g.skip.IntN(6) == 0 {
		aborted := r
		aborted.Skipped = true
		g.append(src, aborted)
	}
	g.append(src, r)
	if g.skip != nil && g.skip.IntN(6) == 0 {
		g.append(src, stream.Record{Time: r.Time, Key: []byte{0, 0, 0, 1}, Skipped: true})
	}
}

func (g *generator) append(src stream.Source, r stream.Record) {
	r.Offset = g.next[src]
	g.next[src]++
	g.out = append(g.out, Entry{src, r})
}

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.r.IntN(n) == 0 }

// pick is one of the values.
func pick[T any](g *generator, values ...T) T { return values[g.r.IntN(len(values))] }
