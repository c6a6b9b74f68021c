package event

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Decoder decodes records. It keeps scratch space and a bounded set of strings
// that recur (products, meters, sources, ...), so use one per goroutine. It
// holds on to the last record until the next. The zero value is ready.
type Decoder struct {
	wire    wire
	strings interner
	room    room

	value   []byte // the record
	json    jsontext.Decoder
	jsonBuf bytes.Buffer
	unquote []byte // room for names and strings with escapes
}

// Decode reads the value of a record without headers (DEFINITIONS E1; DecodeRecord
// takes any): a structured-mode JSON CloudEvent when its first byte is '{', else the Protobuf message
// runrate.events.v1.Event. The event shares no memory with value.
//
// It judges DEFINITIONS R1, R2 and R4. A refusal is malformed or
// unknown_type: first what is wrong with the encoding, then with the required
// attributes specversion, type, source, id and time, then the type, then
// subject and data. What is wrong with the values alone (R4) is in
// Event.Invalid, because R3 comes before it: the first fault in the order
// id, source, subject, time, then data's members in the order of the schema,
// meters by name. An event with Invalid set has its Type, its Account as it
// stands in subject; the rest is not to be used.
//
// A Refusal's Detail depends on value alone: it is a column of a row that must
// come out the same in a replay.
func (d *Decoder) Decode(value []byte) (Event, *Refusal) {
	return d.DecodeRecord(nil, value)
}

// reset forgets the record before.
func (d *Decoder) reset() {
	d.wire.reset()
	if cap(d.unquote) > 1<<16 {
		d.unquote = nil
	}
	d.unquote = d.unquote[:0]
}

// readValue fills d.wire from a value that is a whole event.
func (d *Decoder) readValue(value []byte) *Refusal {
	switch {
	case len(value) == 0:
		return malformed("the record has no value; a CloudEvent is required: nothing is ended by a tombstone, " +
			"a subscription ends with the status canceled")
	case value[0] == '{':
		return orLooks(value, d.readJSON(value))
	}
	return orLooks(value, d.readProto(value))
}

// orLooks is bad, or what the value looks like if that is known.
func orLooks(value []byte, bad *Refusal) *Refusal {
	if bad == nil {
		return nil
	}
	what, wayOut := LooksLike(value)
	if what == "" && value[0] != '{' && isText(value) {
		what, wayOut = "text", "write it in JSON, from { to }"
	}
	if what == "" {
		return bad
	}
	return malformed("the value looks like " + what + "; a JSON object or the message runrate.events.v1.Event is required: " + wayOut)
}

func malformed(detail string) *Refusal { return &Refusal{Reason: Malformed, Detail: detail} }
