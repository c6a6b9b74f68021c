package event

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// errNoData is AppendProto's error for an event without the data that belongs
// to its type, or of no type.
var errNoData = errors.New("the event lacks the data that belongs to its type")

// AppendProto appends e as the message runrate.events.v1.Event, its fields in
// the order of their numbers, optional ones left out when they have their
// default. What Decode accepts it reads back as the same event. The error is
// that e has no type or lacks its data.
func (e Event) AppendProto(dst []byte) ([]byte, error) {
	var room [512]byte
	data := room[:0]
	var field protowire.Number
	switch {
	case e.Type == UsageRecorded && e.Usage != nil:
		field, data = fieldUsage, e.Usage.appendProto(data)
	case e.Type == AdjustmentRecorded && e.Adjustment != nil:
		field, data = fieldAdjustment, e.Adjustment.appendProto(data)
	case e.Type == SubscriptionChanged && e.Subscription != nil:
		field, data = fieldSubscription, e.Subscription.appendProto(data)
	case e.Type == PricebookPublished && e.PriceBook != nil:
		field, data = fieldPricebook, appendString(data, documentJSON, e.PriceBook)
	case e.Type == RatesPublished && e.Rates != nil:
		field, data = fieldRates, appendString(data, documentJSON, e.Rates)
	case e.Type != ClockTicked:
		return dst, fmt.Errorf("encode %s %q of %q: %w", e.Type, e.ID, e.Source, errNoData)
	}

	dst = appendString(dst, fieldSpecversion, "1.0")
	dst = appendString(dst, fieldType, e.Type.String())
	dst = appendString(dst, fieldSource, e.Source)
	dst = appendString(dst, fieldID, e.ID)
	dst = e.Time.appendProto(dst)
	if !e.Type.Control() {
		dst = appendString(dst, fieldSubject, string(e.Account))
	}
	if field != 0 {
		dst = appendString(dst, field, data)
	}
	if e.Type == ClockTicked && e.Jump {
		dst = appendUint(dst, fieldJump, protowire.EncodeBool(true))
	}
	return dst, nil
}

// appendProto appends t as a google.protobuf.Timestamp.
func (t Time) appendProto(dst []byte) []byte {
	at := t.UTC()
	var room [24]byte
	stamp := room[:0]
	if s := at.Unix(); s != 0 {
		stamp = appendUint(stamp, timestampSeconds, uint64(s))
	}
	if n := at.Nanosecond(); n != 0 {
		stamp = appendUint(stamp, timestampNanos, uint64(n))
	}
	return appendString(dst, fieldTime, stamp)
}

func (u *Usage) appendProto(dst []byte) []byte {
	dst = appendString(dst, usageProduct, u.Product)
	for _, q := range u.Quantities {
		size := protowire.SizeTag(mapKey) + protowire.SizeBytes(len(q.Meter)) +
			protowire.SizeTag(mapValue) + protowire.SizeVarint(q.Count)
		dst = protowire.AppendTag(dst, usageQuantities, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(size))
		dst = appendString(dst, mapKey, q.Meter)
		dst = appendUint(dst, mapValue, q.Count)
	}
	dst = appendOptional(dst, usageSegment, u.Segment)
	return appendOptional(dst, usageRegion, u.Region)
}

func (a *Adjustment) appendProto(dst []byte) []byte {
	dst = appendString(dst, adjustmentProduct, a.Product)
	dst = appendString(dst, adjustmentAmount, a.Amount.String())
	dst = appendString(dst, adjustmentCurrency, a.Currency)
	dst = appendString(dst, adjustmentReason, a.Reason)
	dst = appendOptional(dst, adjustmentSegment, a.Segment)
	dst = appendOptional(dst, adjustmentRegion, a.Region)
	if a.OneOff {
		dst = appendUint(dst, adjustmentOneOff, protowire.EncodeBool(true))
	}
	return dst
}

func (s *Subscription) appendProto(dst []byte) []byte {
	dst = appendString(dst, subscriptionID, s.ID)
	dst = appendString(dst, subscriptionLine, s.Line)
	dst = appendString(dst, subscriptionPlan, s.Plan)
	dst = appendUint(dst, subscriptionStatus, uint64(s.Status))
	dst = appendUint(dst, subscriptionQuantity, s.Quantity)
	dst = appendString(dst, subscriptionUnitAmount, s.UnitAmount.String())
	dst = appendString(dst, subscriptionCurrency, s.Currency)
	dst = appendUint(dst, subscriptionInterval, uint64(s.Interval))
	if s.IntervalCount != 1 {
		dst = appendUint(dst, subscriptionIntervalCount, uint64(s.IntervalCount))
	}
	if !s.Discount.IsZero() {
		dst = appendString(dst, subscriptionDiscount, s.Discount.String())
	}
	dst = appendOptional(dst, subscriptionSegment, s.Segment)
	return appendOptional(dst, subscriptionRegion, s.Region)
}

func appendString[S string | []byte](dst []byte, field protowire.Number, s S) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendOptional(dst []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(dst, field, s)
}

func appendUint(dst []byte, field protowire.Number, v uint64) []byte {
	dst = protowire.AppendTag(dst, field, protowire.VarintType)
	return protowire.AppendVarint(dst, v)
}
