package event

import (
	"io"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// fieldReader reads the fields of one Protobuf message in order. After next
// has returned true, exactly one of its other methods must be called to take
// the field's value. The first fault ends the message; after handing it to its
// outer one with done, that too.
//
// It is stricter than a generated parser in two ways, because no encoder writes
// such records: a field set twice and a known field of another wire type are
// malformed.
type fieldReader struct {
	rest   []byte
	number protowire.Number
	wire   protowire.Type
	bad    *Refusal
}

// next reads the next field's tag; false at the end or after a fault.
func (r *fieldReader) next() bool {
	if r.bad != nil || len(r.rest) == 0 {
		return false
	}
	number, wire, n := protowire.ConsumeTag(r.rest)
	if n < 0 {
		r.broken("a field's tag", n)
		return false
	}
	if number > protowire.MaxValidNumber { // ConsumeTag takes some, no parser of messages does
		r.broken("a field's tag", 0)
		return false
	}
	r.number, r.wire, r.rest = number, wire, r.rest[n:]
	return true
}

// refuse notes a fault.
func (r *fieldReader) refuse(detail string) {
	if r.bad == nil {
		r.bad = malformed(detail)
	}
}

// broken is refuse for bytes that are no Protobuf; n is protowire's error code,
// 0 if there is none.
func (r *fieldReader) broken(what string, n int) {
	why := "it is no Protobuf"
	if n < 0 && protowire.ParseError(n) == io.ErrUnexpectedEOF {
		why = "the record ends within it"
	}
	r.refuse("the value is neither a JSON object nor the message runrate.events.v1.Event: " + what + " cannot be read: " + why)
}

// skip passes over a field that is not known.
func (r *fieldReader) skip() {
	n := protowire.ConsumeFieldValue(r.number, r.wire, r.rest)
	if n < 0 {
		r.broken("field "+strconv.Itoa(int(r.number)), n)
		return
	}
	r.rest = r.rest[n:]
}

// bytes takes a length-delimited value; it aliases the record.
func (r *fieldReader) bytes(name string) []byte {
	if !r.is(name, protowire.BytesType) {
		return nil
	}
	b, n := protowire.ConsumeBytes(r.rest)
	if n < 0 {
		r.broken(name, n)
		return nil
	}
	r.rest = r.rest[n:]
	return b
}

// varint takes an integer value.
func (r *fieldReader) varint(name string) uint64 {
	if !r.is(name, protowire.VarintType) {
		return 0
	}
	v, n := protowire.ConsumeVarint(r.rest)
	if n < 0 {
		r.broken(name, n)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// wireTypes are how Protobuf encodes a value.
var wireTypes = [...]string{
	protowire.VarintType: "varint", protowire.Fixed64Type: "64-bit value", protowire.BytesType: "string or message",
	protowire.StartGroupType: "group", protowire.EndGroupType: "group's end", protowire.Fixed32Type: "32-bit value",
}

// is checks the wire type of a field.
func (r *fieldReader) is(name string, want protowire.Type) bool {
	switch {
	case r.wire == want:
		return true
	case int(r.wire) >= len(wireTypes):
		r.broken(name, 0)
	default:
		r.refuse(name + " is encoded as a " + wireTypes[r.wire] + "; a " + wireTypes[want] + " is required, as in the message runrate.events.v1.Event")
	}
	return false
}

// once notes a fault if a has been set before.
func (r *fieldReader) once(name string, a *attr) {
	if a.shape != absent {
		r.refuse(name + " is set twice; once is required")
	}
}

// text takes a string.
func (r *fieldReader) text(name string, a *attr) {
	r.once(name, a)
	b := r.bytes(name)
	if !utf8.Valid(b) {
		r.refuse(name + " is " + show(b) + "; UTF-8 is required")
	}
	*a = attr{shape: text, text: b}
}

// uint takes an unsigned integer.
func (r *fieldReader) uint(name string, a *attr) {
	r.once(name, a)
	*a = attr{shape: integer, n: r.varint(name)}
}

// flag takes a boolean, as the word that stands for it in JSON.
func (r *fieldReader) flag(name string, a *attr) {
	r.once(name, a)
	*a = attr{shape: other, text: []byte("false")}
	if protowire.DecodeBool(r.varint(name)) {
		a.text = []byte("true")
	}
}

// enum takes an enum as the text that stands for it in JSON, or as its number
// if there is none.
func (r *fieldReader) enum(name string, a *attr, names []string) {
	r.once(name, a)
	a.shape = text
	if v := r.varint(name); v > 0 && v < uint64(len(names)) {
		a.text = append(a.text, names[v]...)
	} else {
		a.text = strconv.AppendInt(a.text, int64(v), 10)
	}
}

// timestamp takes a google.protobuf.Timestamp.
func (r *fieldReader) timestamp(name string, a *attr) {
	r.once(name, a)
	t := r.message(name)
	var seconds, nanos attr
	for t.next() {
		switch t.number {
		case timestampSeconds:
			t.uint(name+".seconds", &seconds)
		case timestampNanos:
			t.uint(name+".nanos", &nanos)
		default:
			t.skip()
		}
	}
	r.done(&t)
	*a = attr{shape: instant, n: seconds.n, nanos: int32(nanos.n)}
}

// data takes the message of the data oneof that belongs to events of kind of.
func (r *fieldReader) data(w *wire, of Type) fieldReader {
	r.once("data", &w.data)
	w.data.shape, w.dataOf = object, of
	return r.message("data")
}

// message takes a message: a reader of its fields, to be handed to done.
func (r *fieldReader) message(name string) fieldReader {
	return fieldReader{rest: r.bytes(name)}
}

// done takes over the fault of a message within this one.
func (r *fieldReader) done(inner *fieldReader) {
	if r.bad == nil {
		r.bad = inner.bad
	}
}
