package event

import "bytes"

// wire is what a reader (readJSON, readProto) found in a record, before
// anything is judged: one attr for each attribute that any kind of event
// knows. Both readers fill it and one set of rules judges it, so that the two
// forms of an event cannot be judged differently.
//
// Its slices alias the record or the decoder's scratch, and live until the
// next Decode.
type wire struct {
	specversion, typ, source, id, time, subject attr

	binary bool // the attributes are in headers
	base64 attr // data_base64: taken for data, if that is not there
	data   attr // object: the raw JSON of a JSON event's data or of a Protobuf event's price book or rates
	dataOf Type // Protobuf: the kind of event whose data this is; 0 in JSON, which does not tell

	// The members of data, of whatever kind.
	product, segment, region                           attr
	quantities                                         attr
	meters                                             []meter // of quantities, in the record's order; at most MaxMeters+1
	meterCount                                         int     // how many there were
	wrongMeter                                         *meter  // the first whose value is no number
	amount, currency, reason                           attr
	subscription, line, plan, status                   attr
	quantity, unitAmount, interval, intervalCount, pct attr
	oneOff                                             attr
	jump                                               attr
}

// meter is one member of quantities.
type meter struct {
	name  []byte
	value attr
}

// shape is what kind of value an attribute has.
type shape uint8

const (
	absent  shape = iota // not there
	null                 // JSON null, which for an optional attribute is as good as absent
	text                 // a string: attr.text, without quotes and escapes
	integer              // 0..2^64-1: attr.n; in JSON at most MaxQuantity, and attr.text is the literal
	number               // any other JSON number: attr.text is its literal
	instant              // a Protobuf timestamp: attr.n seconds since 1970 (two's complement) and attr.nanos
	object               // a JSON object, or a Protobuf message: attr.text is the JSON
	other                // a boolean or an array: attr.text is the JSON
)

// none says whether an attribute is not there or null.
func (s shape) none() bool { return s <= null }

// attr is the value found for one attribute.
type attr struct {
	shape shape
	nanos int32
	n     uint64
	text  []byte
}

// reset empties w but keeps the room for meters.
func (w *wire) reset() {
	room := w.meters[:0]
	*w = wire{meters: room}
}

// addMeter keeps a member of quantities, or only counts it beyond the bound.
func (w *wire) addMeter(m meter) {
	w.meterCount++
	if w.wrongMeter == nil && m.value.shape != integer && m.value.shape != number {
		wrong := m
		w.wrongMeter = &wrong
	}
	if len(w.meters) <= MaxMeters {
		w.meters = append(w.meters, m)
	}
}

// sortMeters orders meters by name; there are few.
func (w *wire) sortMeters() {
	m := w.meters
	for i := 1; i < len(m); i++ {
		for j := i; j > 0 && bytes.Compare(m[j].name, m[j-1].name) < 0; j-- {
			m[j], m[j-1] = m[j-1], m[j]
		}
	}
}

// numeric makes an attr of a JSON number's literal.
func numeric(literal []byte) attr {
	n, kind := parseNumber(literal)
	if kind != whole {
		return attr{shape: number, text: literal}
	}
	return attr{shape: integer, n: n, text: literal}
}
