package simulate

import (
	"strconv"

	"runrate/internal/event"
	"runrate/internal/truth"
	"runrate/schemas/definitions"
)

// faults are the reasons for which some events must be refused. The other two
// (DEFINITIONS R2 and R3) are not for a well-behaved sender to cause: an unknown type
// has no topic, and the publisher finds the partition.
var faults = [...]event.Reason{
	event.Malformed, event.Invalid, event.TooNew, event.TooOld, event.UnknownProduct, event.UnpricedMeter,
}

// blunder makes the events of a day that must be refused.
func (m *Model) blunder(d int) {
	expected := m.tally.eventsOn(d) * uint64(m.config.Rates.Refused)
	n := expected / 1_000_000
	if m.draw.below(1_000_000) < expected%1_000_000 {
		n++
	}
	for range n {
		a := &m.accounts[m.draw.below(uint64(len(m.accounts)))]
		sent := m.moment(a.region, m.config.Start+event.Time(d)*event.Day)
		m.serial++
		x := arrival{at: sent, time: sent, serial: m.serial, account: a.name, segment: a.segment, region: a.region,
			kind: event.UsageRecorded, product: a.primary, fault: faults[m.draw.below(uint64(len(faults)))],
			counts: counts{0, 1 + m.draw.below(100_000), 0}}
		switch x.fault {
		case event.TooNew: // also for a clock that went on, when a history is sent again
			x.time = m.config.End() + 300*event.Day + event.Time(m.draw.below(uint64(60*event.Day)))
		case event.TooOld:
			x.time -= (definitions.LateDays+1)*event.Day + event.Time(m.draw.below(uint64(20*event.Day)))
		}
		m.queue.push(x)
	}
}

// spoil makes an event into one that must be refused for a reason.
func (out *Message) spoil(a *arrival) {
	out.Event.Source = truth.FaultSource
	switch a.fault {
	case event.Malformed: // no time
		out.Raw = append(out.Raw[:0], `{"specversion":"1.0","type":"usage.recorded","source":"`+truth.FaultSource+`","id":"`...)
		out.Raw = append(out.Raw, out.Event.ID...)
		out.Raw = append(out.Raw, `","subject":"`...)
		out.Raw = append(out.Raw, a.account...)
		out.Raw = append(out.Raw, `","data":{"product":"atlas-max","quantities":{"input_tokens":`...)
		out.Raw = strconv.AppendUint(out.Raw, a.counts[1], 10)
		out.Raw = append(out.Raw, `}}}`...)
	case event.Invalid:
		out.usage.Quantities[0].Count = event.MaxQuantity + 1
	case event.UnknownProduct:
		out.usage.Product = "atlas-preview"
	case event.UnpricedMeter:
		out.usage.Quantities[0].Meter = "images"
	}
}
