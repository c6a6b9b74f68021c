package oracle

import (
	"math"
	"slices"
	"strconv"

	"runrate/internal/stream"
)

// noClock stands for the clock of a partition without a tick: below any time.
const noClock int64 = math.MinInt64

// endOfTime is the first instant that an event may not have: 2100-01-01.
const endOfTime int64 = 4_102_444_800 * second

// verdict is what became of one record.
type verdict struct {
	outcome string // accepted, duplicate, refused, control or skipped
	reason  string // of a refusal
	fact    *fact  // of an accepted event
	tick    int64  // of an accepted clock.ticked, else noClock
	book    *book  // of an accepted pricebook.published
	rates   *rateSet
}

// judgement is the verdicts on one partition's records, in their order.
type judgement struct {
	source   stream.Source
	paying   []string // statuses
	records  []stream.Record
	verdicts []verdict
}

func judge(src stream.Source, records []stream.Record, partitions int32, paying []string) *judgement {
	j := &judgement{source: src, records: records, paying: paying}
	for _, r := range records {
		j.verdicts = append(j.verdicts, j.next(r, partitions))
	}
	return j
}

func refused(reason string) verdict {
	return verdict{outcome: "refused", reason: reason, tick: noClock}
}

// next judges a record by DEFINITIONS R1 to R9, given the verdicts on those
// before it: first by the rules that need only the record.
func (j *judgement) next(r stream.Record, partitions int32) verdict {
	if r.Skipped {
		return verdict{outcome: "skipped", tick: noClock}
	}
	// 1. malformed, 2. unknown type
	o, ok := decodeRecord(r)
	if !ok || !o.fits(envelopeShape) || o.str("specversion", "") != "1.0" {
		return refused("malformed")
	}
	at, ok := micros(o.str("time", ""))
	if !ok {
		return refused("malformed")
	}
	kind := o.str("type", "")
	control := kind == "clock.ticked" || kind == "pricebook.published" || kind == "rates.published"
	known := control || kind == "subscription.changed"
	if j.source.Topic.Kind() == stream.Usage {
		known = control || kind == "usage.recorded" || kind == "adjustment.recorded"
	}
	if !known {
		return refused("unknown_type")
	}
	f := &fact{offset: int64(r.Offset), kind: kind, account: o.str("subject", ""),
		source: o.str("source", ""), id: o.str("id", ""), time: at}
	sane := f.id != "" && f.source != "" && at >= 0 && at < endOfTime
	if control {
		return j.control(o, f, sane)
	}
	data := o.inner("data")
	if !o.fits(shape{"subject": 'S', "data": 'O'}) || !data.fits(dataShapes[kind]) {
		return refused("malformed")
	}
	if kind == "usage.recorded" {
		for meter := range data.inner("quantities") {
			if !data.inner("quantities").fits(shape{meter: 'N'}) {
				return refused("malformed")
			}
		}
	}
	// 3. wrong partition
	if string(r.Key) != f.account || stream.Partition(r.Key, partitions) != j.source.Partition {
		return refused("wrong_partition")
	}
	// 4. invalid
	f.segment, f.region = data.str("segment", ""), data.str("region", "")
	switch kind {
	case "usage.recorded":
		ok = f.fillUsage(data)
	case "adjustment.recorded":
		ok = f.fillAdjustment(data)
	default:
		ok = f.fillSubscription(data, j.paying)
	}
	if !ok || !sane || f.account == "" {
		return refused("invalid")
	}
	return j.against(f)
}

// against judges a fact by the rules that look at the records before it.
func (j *judgement) against(f *fact) verdict {
	// 5. duplicate
	if slices.ContainsFunc(j.verdicts, func(v verdict) bool { return v.fact != nil && v.fact.sameIdentity(f) }) {
		return verdict{outcome: "duplicate", tick: noClock}
	}
	// 6. too new, 7. too old
	f.clock = j.clock()
	if clock := f.clock; clock != noClock {
		if f.time > clock+5*minute {
			return refused("too_new")
		}
		if f.time < clock-35*day {
			return refused("too_old")
		}
	}
	// 8. unknown product, unpriced meter
	if f.kind != "subscription.changed" {
		b := j.book()
		p, ok := b.product(f.product)
		if !ok {
			return refused("unknown_product")
		}
		f.line, f.version = p.line, b.version
		if f.kind == "usage.recorded" {
			if reason := f.rate(b, p); reason != "" {
				return refused(reason)
			}
		}
	}
	return verdict{outcome: "accepted", fact: f, tick: noClock}
}

// control judges a clock.ticked, pricebook.published or rates.published.
func (j *judgement) control(o object, f *fact, sane bool) verdict {
	v := verdict{outcome: "control", tick: noClock}
	switch f.kind {
	case "clock.ticked":
		data := o.inner("data") // empty where it is no object
		if !data.fits(shape{"jump": 'b'}) {
			return refused("malformed")
		}
		v.tick = f.time
	case "rates.published":
		if !o.fits(shape{"data": 'O'}) {
			return refused("malformed")
		}
		s, ok := parseRates(o.inner("data"))
		if !ok {
			return refused("invalid")
		}
		s.published = f.time
		v.rates = &s
	default:
		if !o.fits(shape{"data": 'O'}) {
			return refused("malformed")
		}
		b, ok := parseBook(o.inner("data"))
		if !ok {
			return refused("invalid")
		}
		b.published = f.time
		v.book = &b
	}
	if !sane {
		return refused("invalid")
	}
	// 9. a tick that is too new
	if jumps, _ := o.inner("data")["jump"].(bool); f.kind == "clock.ticked" && !jumps {
		if clock := j.clock(); clock != noClock && f.time-clock > 7*day {
			return refused("too_new")
		}
	}
	return v
}

// clock is the highest tick so far, or noClock.
func (j *judgement) clock() int64 {
	clock := noClock
	for _, v := range j.verdicts {
		clock = max(clock, v.tick)
	}
	return clock
}

// book is the price book in force, or nil: the one with the latest time of all
// so far, the last of them where several have it.
func (j *judgement) book() *book {
	var b *book
	for _, v := range slices.Backward(j.verdicts) { // the last comes first
		if v.book != nil && (b == nil || v.book.published > b.published) {
			b = v.book
		}
	}
	return b
}

// rates are the exchange rates in force, or nil, as book.
func (j *judgement) rates() *rateSet {
	var s *rateSet
	for _, v := range slices.Backward(j.verdicts) {
		if v.rates != nil && (s == nil || v.rates.published > s.published) {
			s = v.rates
		}
	}
	return s
}

// facts are the accepted events.
func (j *judgement) facts() []*fact {
	var facts []*fact
	for _, v := range j.verdicts {
		if v.fact != nil {
			facts = append(facts, v.fact)
		}
	}
	return facts
}

// name is the columns topic and partition.
func (j *judgement) name() string {
	return row(j.source.Topic.String(), strconv.Itoa(int(j.source.Partition)))
}

func (j *judgement) deadLetters() []string {
	var rows []string
	for i, v := range j.verdicts {
		if v.outcome == "refused" {
			rows = append(rows, row(j.name(), itoa(int64(j.records[i].Offset)), v.reason))
		}
	}
	return rows
}

func (j *judgement) accounting() []string {
	if len(j.records) == 0 {
		return nil
	}
	count := map[string]int64{}
	for _, v := range j.verdicts {
		count[v.outcome]++
	}
	return []string{row(j.name(), itoa(int64(j.records[0].Offset)), itoa(j.nextOffset()),
		itoa(count["accepted"]), itoa(count["duplicate"]), itoa(count["refused"]), itoa(count["control"]),
		itoa(count["skipped"]), "0")}
}

func (j *judgement) nextOffset() int64 { return int64(j.records[len(j.records)-1].Offset) + 1 }

func (j *judgement) freshness() []string {
	if len(j.records) == 0 {
		return nil
	}
	clock := ""
	if j.clock() != noClock {
		clock = eventTime(j.clock())
	}
	return []string{row(j.name(), clock, itoa(j.nextOffset()))}
}
