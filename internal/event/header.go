package event

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Header is one header of a record: a name, which may come more than once, and a
// value of any bytes; nil is null.
type Header struct {
	Name  string
	Value []byte
}

// What the Kafka protocol binding of CloudEvents calls its headers.
const (
	contentType   = "content-type"
	ceHeader      = "ce_" // before the name of an attribute
	specversionCE = ceHeader + "specversion"
)

// eventType is what a content type begins with whose value is a whole event.
const eventType = "application/cloudevents"

// DecodeRecord reads a record (DEFINITIONS E1): structured-mode JSON where the header
// content-type says so; binary mode where there is a header ce_specversion, with the
// attributes in ce_ headers and data as JSON in the value; else as Decode does. It
// judges and refuses as Decode does. The event shares no memory with the record, and a
// refusal depends on headers and value alone.
func (d *Decoder) DecodeRecord(headers []Header, value []byte) (Event, *Refusal) {
	var e Event
	bad := d.Read(&e, headers, value)
	return e, bad
}

// Read is DecodeRecord to e, which is the zero Event where the record is refused.
func (d *Decoder) Read(e *Event, headers []Header, value []byte) *Refusal {
	*e = Event{}
	bad := d.readRecord(headers, value)
	if bad == nil {
		j := d.judge()
		if bad = j.event(e); bad != nil {
			*e = Event{}
		}
	}
	if bad != nil && bad.Reason == Malformed && !d.wire.binary {
		bad = strayHeader(headers, bad)
	}
	return bad
}

// readRecord fills d.wire from a record.
func (d *Decoder) readRecord(headers []Header, value []byte) *Refusal {
	d.reset()
	if len(headers) == 0 {
		return d.readValue(value)
	}
	media, given := mediaType(headers)
	switch {
	case strings.HasPrefix(media, eventType):
		return d.readStructured(media, value)
	case has(headers, specversionCE):
		return d.readBinary(headers, given, value)
	}
	return d.readValue(value)
}

// readStructured reads an event that a content type calls one.
func (d *Decoder) readStructured(media string, value []byte) *Refusal {
	switch media {
	case eventType, eventType + "+json":
	case eventType + "-batch+json":
		return malformed("content-type is " + show([]byte(media)) + "; there are no batches on Kafka: send each event as a record of its own, as " + eventType + "+json")
	default:
		return malformed("content-type is " + show([]byte(media)) + "; " + eventType + "+json is required of an event in structured mode: set the event format to JSON " +
			"(in Java cloudevents.serializer.event_format), or leave the header out of the message runrate.events.v1.Event")
	}
	trimmed := bytes.TrimLeft(value, " \t\r\n")
	switch {
	case len(value) == 0:
		return d.readValue(value)
	case len(trimmed) == 0 || trimmed[0] != '{':
		return orLooks(value, malformed("content-type is "+show([]byte(media))+" and the value no JSON object: serialize the event as JSON"))
	}
	return orLooks(trimmed, d.readJSON(trimmed))
}

// readBinary reads an event whose attributes are in headers.
func (d *Decoder) readBinary(headers []Header, media string, value []byte) *Refusal {
	w := &d.wire
	w.binary = true
	for _, h := range headers {
		name, ok := strings.CutPrefix(h.Name, ceHeader)
		if !ok {
			continue
		}
		a := w.attribute(name)
		switch {
		case a == nil: // an extension
		case a.shape != absent:
			return malformed("the header " + ceHeader + name + " is given twice; once is required")
		case h.Value == nil:
			*a = attr{shape: null}
		case !utf8.Valid(h.Value):
			return malformed("the header " + ceHeader + name + " is " + show(h.Value) + "; UTF-8 is required: serialize it as a string")
		default:
			*a = attr{shape: text, text: h.Value}
		}
	}
	if len(value) == 0 {
		return nil // without data, which a tick may be
	}
	if offset, what := d.readDataOf(value); what != "" {
		detail := "the value, which is data in binary mode, is no strict JSON from byte " + strconv.FormatInt(offset, 10) + " on: " + what
		if media != "" {
			detail += " (content-type is " + show([]byte(media)) + ")"
		}
		if what, wayOut := LooksLike(value); what != "" {
			detail += "; it looks like " + what + ": " + wayOut
		} else {
			detail += "; give data as JSON, with the content type application/json"
		}
		return malformed(detail)
	}
	return nil
}

// attribute is where a CloudEvents attribute is kept, nil for an extension.
func (w *wire) attribute(name string) *attr {
	switch name {
	case "specversion":
		return &w.specversion
	case "type":
		return &w.typ
	case "source":
		return &w.source
	case "id":
		return &w.id
	case "time":
		return &w.time
	case "subject":
		return &w.subject
	}
	return nil
}

// readDataOf reads JSON that is data, and nothing else. Where it is none, what is said
// of that and the offset are returned.
func (d *Decoder) readDataOf(data []byte) (offset int64, what string) {
	d.open(data)
	err := d.readData()
	if err == nil {
		err = d.end()
	}
	if err == nil {
		return 0, ""
	}
	return d.syntax(err)
}

// readBase64 takes data from data_base64, once all of the event is read.
func (d *Decoder) readBase64() *Refusal {
	w := &d.wire
	switch a := w.base64; {
	case a.shape.none():
		return nil
	case !w.data.shape.none():
		return malformed("data and data_base64 are both given; one of them is required: leave out data_base64")
	case a.shape != text:
		return malformed("data_base64 is " + a.String() + "; " + aString + " is required: " + plainData)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(string(w.base64.text))
	if err != nil {
		return malformed("data_base64 is " + w.base64.String() + "; base64 as of RFC 4648, with padding, is required: " + plainData)
	}
	if len(data) == 0 {
		return nil
	}
	if offset, what := d.readDataOf(data); what != "" {
		return malformed("data_base64 holds no strict JSON from byte " + strconv.FormatInt(offset, 10) + " on: " + what + "; " + plainData)
	}
	return nil
}

// plainData is the way out of data_base64.
const plainData = "give the SDK data as JSON with the content type application/json, and it writes data"

// mediaType is the content type of a record without its parameters, in lower case, and
// as it is given; "" without one. Of several the last counts.
func mediaType(headers []Header) (media, given string) {
	for _, h := range headers {
		if h.Name == contentType {
			given = string(h.Value)
		}
	}
	media, _, _ = strings.Cut(given, ";")
	return strings.ToLower(strings.TrimSpace(media)), given
}

func has(headers []Header, name string) bool {
	for _, h := range headers {
		if h.Name == name {
			return true
		}
	}
	return false
}

// strayHeader says of a refused record that headers of it look like those of binary
// mode, which it is not in.
func strayHeader(headers []Header, bad *Refusal) *Refusal {
	if has(headers, specversionCE) {
		return bad
	}
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if strings.HasPrefix(name, "ce_") || strings.HasPrefix(name, "ce-") || strings.HasPrefix(name, "cloudevents") {
			return malformed("the record has the header " + show([]byte(h.Name)) + " but not " + specversionCE + ", so that its value is read as a whole event; " +
				"in binary mode on Kafka the headers are " + specversionCE + ", ce_id, ce_source, ce_type, ce_subject and ce_time: " + bad.Detail)
		}
	}
	return bad
}

// Attributes are what stands in the attributes of a record, be it an event or not: ""
// where there is nothing, or nothing that can be read. Nothing is judged.
type Attributes struct{ Type, Source, ID, Subject, Time string }

// Attributes reads what it can of a record that may be refused.
func (d *Decoder) Attributes(headers []Header, value []byte) Attributes {
	_ = d.readRecord(headers, value) // what was read before a fault is there
	w := &d.wire
	of := func(a attr) string {
		if a.shape != text {
			return ""
		}
		return string(a.text)
	}
	at := of(w.time)
	if w.time.shape == instant {
		j := d.judge()
		if t, ok := j.instant(w.time); ok {
			at = t.String()
		}
	}
	return Attributes{Type: of(w.typ), Source: of(w.source), ID: of(w.id), Subject: of(w.subject), Time: at}
}
