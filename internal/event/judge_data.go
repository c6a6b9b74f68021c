package event

import (
	"strconv"

	"runrate/internal/money"
)

// countHints are the ways out of a quantity that may not be.
type countHints struct{ negative, fraction, tooLarge string }

var (
	usageHints = countHints{
		negative: ": take usage back by an adjustment.recorded with a negative amount",
		fraction: ": count in a smaller unit",
		tooLarge: ": send several events, each with an id of its own",
	}
	seatHints = countHints{
		negative: ": a subscription ends with the status canceled, a credit is an adjustment.recorded",
		fraction: ": put the fraction into unit_amount",
	}
)

// of is the way out of a quantity, "" if there is none.
func (h countHints) of(a attr) string {
	if a.shape != number { // in Protobuf
		return h.tooLarge
	}
	switch _, kind := parseNumber(a.text); kind {
	case negative:
		return h.negative
	case fraction:
		return h.fraction
	}
	return h.tooLarge
}

// usage judges the data of usage.recorded.
func (j *judge) usage() *Usage {
	w := j.w
	u := j.room.usage()
	u.Product = j.name("data.product", w.product)
	u.Quantities = j.quantities(u.quantities[:0])
	u.Segment = j.optionalName("data.segment", w.segment)
	u.Region = j.optionalName("data.region", w.region)
	return &u.Usage
}

// quantities judges the meters of usage.recorded, by name, appending to room.
func (j *judge) quantities(room []Quantity) []Quantity {
	w := j.w
	if !j.have("data.quantities", w.quantities, object, "an object of meters and integers") {
		return nil
	}
	if m := w.wrongMeter; m != nil {
		wayOut := reshape(m.value, integer)
		if m.value.shape == null {
			wayOut = "leave the meter out"
		}
		j.wrong("data.quantities."+shorten(string(m.name), maxShown), m.value, aCount, wayOut)
		return nil
	}
	if w.meterCount == 0 {
		j.faultText("data.quantities is empty; at least one meter is required, with 0 if nothing is to be charged")
		return nil
	}
	if w.meterCount > MaxMeters {
		j.faultText("data.quantities has " + strconv.Itoa(w.meterCount) + " meters; it may have " + strconv.Itoa(MaxMeters) + ": send several events, each with an id of its own")
		return nil
	}
	w.sortMeters()
	for _, m := range w.meters {
		name := j.bounded("a meter of data.quantities", attr{shape: text, text: m.name}, 1, MaxNameLen)
		if m.value.shape != integer || m.value.n > MaxQuantity {
			j.fault("data.quantities."+shorten(string(m.name), maxShown), m.value, "a quantity is "+aCount+usageHints.of(m.value))
		}
		room = append(room, Quantity{Meter: j.strings.get(name), Count: m.value.n})
	}
	return room
}

// adjustment judges the data of adjustment.recorded.
func (j *judge) adjustment() *Adjustment {
	w := j.w
	return &Adjustment{
		Product:  j.name("data.product", w.product),
		Amount:   j.amount("data.amount", w.amount, true),
		Currency: j.currency("data.currency", w.currency),
		Reason:   j.reason("data.reason", w.reason),
		Segment:  j.optionalName("data.segment", w.segment),
		Region:   j.optionalName("data.region", w.region),
		OneOff:   j.flag("data.one_off", w.oneOff),
	}
}

// subscription judges the data of subscription.changed.
func (j *judge) subscription() *Subscription {
	w := j.w
	s := &Subscription{
		ID:            j.subscriptionID("data.subscription", w.subscription),
		Line:          j.line("data.line", w.line),
		Plan:          j.name("data.plan", w.plan),
		Status:        j.status("data.status", w.status),
		Quantity:      j.count("data.quantity", w.quantity, seatHints),
		UnitAmount:    j.amount("data.unit_amount", w.unitAmount, false),
		Currency:      j.currency("data.currency", w.currency),
		Interval:      j.interval("data.interval", w.interval),
		IntervalCount: j.intervalCount("data.interval_count", w.intervalCount),
		Discount:      j.percent("data.discount_percent", w.pct),
		Segment:       j.optionalName("data.segment", w.segment),
		Region:        j.optionalName("data.region", w.region),
	}
	if j.malformed == nil && j.invalid == nil {
		charge, ok := money.Rate(s.Quantity, s.UnitAmount, money.NoDiscount)
		if !ok || charge.Cmp(maxAmount) > 0 {
			j.faultText("data.quantity x data.unit_amount is " + strconv.FormatUint(s.Quantity, 10) + " x " +
				s.UnitAmount.String() + "; together they are at most " + strconv.Itoa(MaxAmount) + mainUnit)
		}
	}
	return s
}
