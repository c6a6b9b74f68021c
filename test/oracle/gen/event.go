package gen

import (
	"encoding/json"
	"fmt"
	"strings"

	"runrate/internal/stream"
)

// member is one member of a JSON object, its value as JSON text.
type member struct{ name, value string }

// event is one event before it becomes text.
type event struct {
	topic   stream.Topic
	account string // subject and key
	time    int64
	data    []member
	attrs   []member // of the envelope, without data
	key     string
	sentAt  int64
}

// newEvent is a sound envelope for an account.
func (g *generator) newEvent(topic stream.Topic, kind string, data []member) *event {
	return g.eventAt(topic, kind, pick(g, g.accounts...), g.eventTime(), data)
}

func (g *generator) eventAt(topic stream.Topic, kind, account string, at int64, data []member) *event {
	g.serial++
	e := &event{topic: topic, account: account, key: account, time: at, data: data}
	e.attrs = []member{{"specversion", `"1.0"`}, {"type", quote(kind)},
		{"source", quote(pick(g, "api-gateway/eu-1", "api-gateway/eu-1", "billing"))},
		{"id", quote(fmt.Sprintf("e%d", g.serial))},
		{"time", quote(g.zoned(at))}, {"subject", quote(account)}}
	if g.chance(15) && g.serial > 1 { // an id that another event had, at another time or from another source
		e.set("id", quote(fmt.Sprintf("e%d", 1+g.r.IntN(g.serial))))
	}
	if g.chance(12) {
		e.attrs = append(e.attrs, member{"datacontenttype", `"application/json"`}, member{"extension1", "7"})
	}
	if g.chance(25) { // attribute names are case-sensitive: these are others
		e.attrs = append(e.attrs, member{"ID", `"not this"`}, member{"Time", "0"})
	}
	if g.chance(10) {
		g.r.Shuffle(len(e.attrs), func(i, k int) { e.attrs[i], e.attrs[k] = e.attrs[k], e.attrs[i] })
	}
	return e
}

// set replaces an attribute's value.
func (e *event) set(name, value string) { replace(e.attrs, name, value) }

// drop removes an attribute.
func (e *event) drop(name string) { e.attrs = without(e.attrs, name) }

func replace(list []member, name, value string) {
	for i := range list {
		if list[i].name == name {
			list[i].value = value
		}
	}
}

func without(list []member, name string) []member {
	var rest []member
	for _, m := range list {
		if m.name != name {
			rest = append(rest, m)
		}
	}
	return rest
}

// text is the event as JSON.
func (e *event) text() string {
	return render(append(e.attrs[:len(e.attrs):len(e.attrs)], member{"data", render(e.data)}))
}

func render(list []member) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(m.name) + ":" + m.value)
	}
	b.WriteByte('}')
	return b.String()
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(b)
}

// home is the partition an event belongs on.
func (g *generator) home(e *event) stream.Source {
	return stream.Source{Topic: e.topic, Partition: stream.Partition([]byte(e.key), g.partitions)}
}

// send appends an event where it belongs, and remembers it.
func (g *generator) send(e *event) {
	e.sentAt = g.now
	g.events = append(g.events, e)
	g.put(g.home(e), e.key, e.text())
}

// sendDuplicate sends an earlier event again: one just sent, any, or the
// oldest, which by then may be too old to be accepted.
func (g *generator) sendDuplicate() {
	if len(g.events) == 0 {
		return
	}
	n := len(g.events)
	e := g.events[pick(g, n-1, g.r.IntN(n), g.r.IntN(n), g.r.IntN((n+3)/4))]
	again := *e
	again.attrs = append([]member(nil), e.attrs...)
	if g.chance(3) { // the same instant in other words
		again.set("time", quote(g.zoned(e.time)))
	}
	if g.chance(6) { // the same identity with other data
		again.data = e.data[:len(e.data):len(e.data)]
		again.data = append(again.data, member{"note", `"again"`})
	}
	g.put(g.home(&again), again.key, again.text())
}

// sendLimit sends an event exactly at one of the clock's limits on its
// partition, or a microsecond to either side.
func (g *generator) sendLimit() {
	topic, kind, data := stream.Usage.Topic(), "usage.recorded", g.usageData()
	if g.mix.Usage == 0 || g.mix.Subscription > 0 && g.chance(3) {
		topic, kind, data = stream.Subscriptions.Topic(), "subscription.changed", g.subscriptionData()
	}
	account := pick(g, g.accounts...)
	clock := g.clock[stream.Source{Topic: topic, Partition: stream.Partition([]byte(account), g.partitions)}]
	if clock == 0 {
		clock = g.now
	}
	at := clock + pick(g, 5*minute, -35*day) + pick(g, -1, 0, 0, int64(1))
	g.send(g.eventAt(topic, kind, account, at, data))
}
