package event

import (
	"bytes"
	"strconv"
)

// judge turns what a reader found into an event, by DEFINITIONS R1, R2 and R4.
// Each of its methods below takes one attribute, notes the first fault of
// either kind, and goes on with a zero value, so that the order of the calls is
// the order of precedence.
type judge struct {
	w         *wire
	strings   *interner
	room      *room
	malformed *Refusal // R1: the first
	invalid   *Refusal // R4: the first
}

// judge is that of the record just read.
func (d *Decoder) judge() judge { return judge{w: &d.wire, strings: &d.strings, room: &d.room} }

// event judges all of it, to a zero event. With a refusal that is not to be used.
func (j *judge) event(e *Event) *Refusal {
	w := j.w
	j.have("specversion", w.specversion, text, `the string "1.0"`)
	if w.specversion.shape == text && string(w.specversion.text) != "1.0" {
		j.wrong("specversion", w.specversion, `the string "1.0"`, "")
	}
	j.have("type", w.typ, text, aString)
	j.have("source", w.source, text, aString)
	j.have("id", w.id, text, aString)
	at, timeInRange := j.instant(w.time)
	if j.malformed != nil {
		return j.malformed
	}

	kind, known := ParseType(string(w.typ.text))
	if !known {
		return &Refusal{UnknownType, "type is " + w.typ.String() + "; it is one of " + TypeNames}
	}
	e.Type, e.Time = kind, at

	e.ID = j.room.string(j.bounded("id", w.id, 1, MaxAttributeLen), kind)
	e.Source = j.strings.get(j.bounded("source", w.source, 1, MaxAttributeLen))
	if !e.Type.Control() && j.have("subject", w.subject, text, aString) {
		// As it stands, even if it may not: R3 compares it with the key.
		e.Account = Account(j.room.string(w.subject.text, kind))
		j.bounded("subject", w.subject, 1, MaxAttributeLen)
	}
	if !timeInRange {
		j.fault("time", w.time, "it is from 1970-01-01T00:00:00Z until before 2100-01-01T00:00:00Z: check the clock of its source")
	}
	j.data(e)
	if j.malformed != nil {
		return j.malformed
	}
	e.Invalid = j.invalid
	return nil
}

// data judges the data attribute of an event whose type is known. Of that of
// clock.ticked, which may be anything, only jump is looked at.
func (j *judge) data(e *Event) {
	w := j.w
	if e.Type == ClockTicked {
		e.Jump = j.flag("data.jump", w.jump)
		return
	}
	if !j.have("data", w.data, object, "an object") {
		return
	}
	if w.dataOf != 0 && w.dataOf != e.Type {
		j.refuse("type is " + e.Type.String() + " and data that of " + w.dataOf.String() + "; they must agree")
		return
	}
	switch e.Type {
	case UsageRecorded:
		e.Usage = j.usage()
	case AdjustmentRecorded:
		e.Adjustment = j.adjustment()
	case SubscriptionChanged:
		e.Subscription = j.subscription()
	case PricebookPublished:
		e.PriceBook = bytes.Clone(w.data.text)
	case RatesPublished:
		e.Rates = bytes.Clone(w.data.text)
	}
}

// What is required, for the details of refusals.
const (
	aString = "a string"
	aTime   = "an RFC 3339 date and time with seconds and offset (2026-11-23T07:31:05.123Z)"
	aCount  = "an integer from 0 to 9007199254740992"
)

// have says whether an attribute has the shape that is required; if not, the
// record is malformed.
func (j *judge) have(name string, a attr, want shape, wanted string) bool {
	if a.shape == want {
		return true
	}
	if j.malformed == nil {
		j.wrong(name, a, wanted, reshape(a, want))
	}
	return false
}

// reshape is the way from the shape that an attribute has to the one it should
// have, "" if it is plain.
func reshape(a attr, want shape) string {
	switch {
	case want == text && (a.shape == integer || a.shape == number || a.shape == other && a.text[0] != '['):
		return "write it in quotes"
	case want == object && a.shape == text && bytes.HasPrefix(a.text, []byte("{")):
		return "write it as JSON, not as a string of JSON"
	case want == integer && a.shape == text && len(a.text) > 0:
		return "write it as a number, without quotes"
	}
	return ""
}

// wrong notes that an attribute is missing or of the wrong type.
func (j *judge) wrong(name string, a attr, wanted, wayOut string) {
	detail := j.where(name) + " is " + a.String() + "; " + wanted + " is required"
	if wayOut != "" {
		detail += ": " + wayOut
	}
	j.refuse(detail)
}

func (j *judge) refuse(detail string) {
	if j.malformed == nil {
		j.malformed = malformed(detail)
	}
}

// fault notes that the value of an attribute is not one it may have.
func (j *judge) fault(name string, a attr, rule string) {
	if j.invalid == nil {
		j.invalid = &Refusal{Invalid, j.where(name) + " is " + a.String() + "; " + rule}
	}
}

// where is what a sentence calls an attribute: in binary mode it is a header.
func (j *judge) where(name string) string {
	switch {
	case j.w.binary && j.w.attribute(name) != nil:
		return "the header " + ceHeader + name
	case j.w.binary && name == "data":
		return "the value, which is data in binary mode,"
	}
	return name
}

// bounded is a string of min to max bytes without NUL, nil if it is none. The
// result aliases the record.
func (j *judge) bounded(name string, a attr, min, max int) []byte {
	switch b := a.text; {
	case a.shape != text:
		return nil
	case len(b) > max:
		j.fault(name, a, "it has "+strconv.Itoa(len(b))+" bytes and may have "+strconv.Itoa(max)+": shorten it")
	case len(b) < min:
		j.fault(name, a, "it must not be empty")
	case bytes.IndexByte(b, 0) >= 0:
		j.fault(name, a, "it must not contain NUL")
	default:
		return b
	}
	return nil
}

// instant is the time attribute to the microsecond. A time that cannot be read
// is malformed; inRange says whether one that can lies within the bounds.
func (j *judge) instant(a attr) (t Time, inRange bool) {
	if a.shape == instant {
		// google.protobuf.Timestamp runs from year 1 to 9999, nanos upwards.
		seconds := int64(a.n)
		if seconds < -62_135_596_800 || seconds > 253_402_300_799 || a.nanos < 0 || a.nanos > 999_999_999 {
			j.wrong("time", a, "a timestamp of the years 1 to 9999 with 0 to 999999999 ns", "")
			return 0, false
		}
		t = Time(seconds)*Second + Time(a.nanos/1000)
	} else {
		ok := a.shape == text
		if ok {
			t, ok = parseTime(a.text)
		}
		if !ok {
			j.wrong("time", a, aTime, timeHint(a))
			return 0, false
		}
	}
	return t, MinTime <= t && t < MaxTime
}
