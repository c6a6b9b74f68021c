package gen

import (
	"fmt"
	"strings"
	"time"

	"runrate/internal/stream"
)

// Spans of time in microseconds.
const (
	second int64 = 1_000_000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
)

// tick moves the clock, most often a little, and tells every partition.
func (g *generator) tick() {
	g.advance()
	g.tickAll(g.now)
}

// advance moves the clock within the stream's budget.
func (g *generator) advance() {
	step := pick(g, second, 30*second, 7*minute, 7*minute, hour, hour, 5*hour, day, 9*day, 33*day, 62*day)
	step += g.r.Int64N(step) / 2
	if step > g.budget {
		step = min(g.budget, g.r.Int64N(2*hour))
	}
	g.budget -= step
	g.now += step
	switch g.r.IntN(4) {
	case 0:
		g.now = g.now / hour * hour // reaches a boundary exactly
	case 1:
		g.now = g.now/second*second + 999_999
	}
}

func (g *generator) tickAll(at int64) {
	for _, src := range g.sources() {
		g.tickOne(src, at)
	}
}

// tickOne tells one partition; far beyond its clock only on purpose.
func (g *generator) tickOne(src stream.Source, at int64) {
	clock := g.clock[src]
	switch {
	case clock > 0 && at-clock > maxJump || g.chance(10): // purpose without need does no harm
		g.putTick(src, at, `{"jump":true}`)
	case g.chance(10): // a tick may carry data, of no meaning
		g.putTick(src, at, pick(g, `{}`, `{"jump":false}`, `{"jump":null}`, `[true]`, `"jump"`))
	default:
		g.putTick(src, at, "")
	}
	g.clock[src] = max(clock, at)
}

// maxJump is how far a tick may be ahead of the clock without saying so.
const maxJump = 7 * day

// wrongTick tells one partition what a clock that is wrong says, which is refused
// unless it is the first: by a microsecond too much, or by years. Now and then it
// is exactly as much as may be, which is not.
func (g *generator) wrongTick() {
	src := pick(g, g.sources()...)
	clock := g.clock[src]
	if clock == 0 {
		g.tickOne(src, g.now)
		return
	}
	if g.chance(6) {
		g.putTick(src, clock+maxJump, "")
		g.clock[src] = clock + maxJump
		return
	}
	at := min(clock+maxJump+pick(g, 1, 1, second, day, 400*day, 100*365*day), 4_102_444_800*second-1)
	g.putTick(src, at, pick(g, "", "", `{}`, `{"jump":false}`))
}

// putTick appends a tick with data, "" for none.
func (g *generator) putTick(src stream.Source, at int64, data string) {
	value := fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"ticker","id":"tick-%d","time":%s}`,
		at, quote(g.zoned(at)))
	if data != "" {
		value = strings.TrimSuffix(value, "}") + `,"data":` + data + `}`
	}
	g.put(src, "", value)
}

// skewedTick runs some partitions' clocks ahead of the others'.
func (g *generator) skewedTick() {
	g.advance()
	for _, src := range g.sources() {
		if g.chance(2) {
			g.tickOne(src, g.now)
		}
	}
}

// backwardsTick says an hour that is past.
func (g *generator) backwardsTick() {
	at := g.now - pick(g, 1, second, hour, 3*day)
	if g.chance(2) {
		g.tickAll(at)
		return
	}
	g.tickOne(pick(g, g.sources()...), at)
}

// zoned is an instant in RFC 3339, in one of several zones and forms.
func (g *generator) zoned(micros int64) string {
	zone := time.UTC
	if g.chance(3) {
		zone = time.FixedZone("", pick(g, 3600, -5*3600, 19800, 20700, -34200, 50400, -43200))
	}
	s := time.UnixMicro(micros).In(zone).Format(pick(g, time.RFC3339Nano, "2006-01-02T15:04:05.000000Z07:00"))
	if g.chance(12) { // digits finer than a microsecond are cut off
		if i := strings.LastIndexAny(s, "Z+-"); strings.Contains(s, ".") && i > 0 && len(fraction(s)) == 6 {
			s = s[:i] + "789" + s[i:]
		}
	}
	return s
}

// fraction is the digits after the point of a time.
func fraction(s string) string {
	_, rest, _ := strings.Cut(s, ".")
	return rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
}

// eventTime is a time for a sound event: mostly just now, often on a boundary,
// sometimes late by up to 40 days or ahead of the clock.
func (g *generator) eventTime() int64 {
	at := g.now
	switch g.r.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		at -= g.r.Int64N(10 * minute)
	case 6, 7, 8:
		at -= g.r.Int64N(3 * hour)
	case 9, 10:
		at -= g.r.Int64N(2 * day)
	case 11, 12:
		at -= g.r.Int64N(34 * day)
	case 13:
		at -= g.r.Int64N(40 * day)
	case 14, 15:
		at = at/hour*hour - int64(g.r.IntN(50))*hour
	case 16:
		at = at/day*day - int64(g.r.IntN(33))*day
	case 17:
		at = at/hour*hour - pick(g, -1, 1, int64(1000))
	case 18:
		at += g.r.Int64N(5 * minute)
	case 19:
		at += g.r.Int64N(10 * minute)
	}
	return at
}
