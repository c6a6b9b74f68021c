package event

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendJSON appends e as a structured-mode JSON CloudEvent, its members in the
// order of the schema, optional ones left out when they have their default, on
// one line unless PriceBook or Rates have more. What Decode accepts it reads back as the
// same event.
// e must have the data that belongs to its Type; without it, data is left out.
// Bytes that are no UTF-8 become U+FFFD.
func (e Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"specversion":"1.0","type":"`...)
	dst = append(dst, e.Type.String()...)
	dst = append(dst, '"')
	dst = appendText(dst, "source", e.Source)
	dst = appendText(dst, "id", e.ID)
	dst = append(dst, `,"time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, timeLayout)
	dst = append(dst, '"')
	if !e.Type.Control() {
		dst = appendText(dst, "subject", string(e.Account))
	}
	switch {
	case e.Type == UsageRecorded && e.Usage != nil:
		dst = e.Usage.appendJSON(append(dst, `,"data":`...))
	case e.Type == AdjustmentRecorded && e.Adjustment != nil:
		dst = e.Adjustment.appendJSON(append(dst, `,"data":`...))
	case e.Type == SubscriptionChanged && e.Subscription != nil:
		dst = e.Subscription.appendJSON(append(dst, `,"data":`...))
	case e.Type == PricebookPublished && e.PriceBook != nil:
		dst = append(append(dst, `,"data":`...), e.PriceBook...)
	case e.Type == RatesPublished && e.Rates != nil:
		dst = append(append(dst, `,"data":`...), e.Rates...)
	case e.Type == ClockTicked && e.Jump:
		dst = append(dst, `,"data":{"jump":true}`...)
	}
	return append(dst, '}')
}

func (u *Usage) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"product":`...)
	dst = appendQuote(dst, u.Product)
	dst = append(dst, `,"quantities":{`...)
	for i, q := range u.Quantities {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuote(dst, q.Meter), ':')
		dst = strconv.AppendUint(dst, q.Count, 10)
	}
	dst = append(dst, '}')
	return append(appendDimensions(dst, u.Segment, u.Region), '}')
}

func (a *Adjustment) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"product":`...)
	dst = appendQuote(dst, a.Product)
	dst = appendText(dst, "amount", a.Amount.String())
	dst = appendText(dst, "currency", a.Currency)
	dst = appendText(dst, "reason", a.Reason)
	if a.OneOff {
		dst = append(dst, `,"one_off":true`...)
	}
	return append(appendDimensions(dst, a.Segment, a.Region), '}')
}

func (s *Subscription) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"subscription":`...)
	dst = appendQuote(dst, s.ID)
	dst = appendText(dst, "line", s.Line)
	dst = appendText(dst, "plan", s.Plan)
	dst = appendText(dst, "status", s.Status.String())
	dst = append(dst, `,"quantity":`...)
	dst = strconv.AppendUint(dst, s.Quantity, 10)
	dst = appendText(dst, "unit_amount", s.UnitAmount.String())
	dst = appendText(dst, "currency", s.Currency)
	dst = appendText(dst, "interval", s.Interval.String())
	if s.IntervalCount != 1 {
		dst = append(dst, `,"interval_count":`...)
		dst = strconv.AppendUint(dst, uint64(s.IntervalCount), 10)
	}
	if !s.Discount.IsZero() {
		dst = appendText(dst, "discount_percent", s.Discount.String())
	}
	return append(appendDimensions(dst, s.Segment, s.Region), '}')
}

func appendDimensions(dst []byte, segment, region string) []byte {
	if segment != "" {
		dst = appendText(dst, "segment", segment)
	}
	if region != "" {
		dst = appendText(dst, "region", region)
	}
	return dst
}

// appendText appends a member that is not the first and is a string. name
// needs no escapes.
func appendText(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return appendQuote(dst, value)
}

func appendQuote(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // its error is for invalid UTF-8, which it replaces
	return dst
}
