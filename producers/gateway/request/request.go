// Package request turns the body of an HTTP request into events, each with a verdict:
// DEFINITIONS R1, R2 and R4, as the consumer judges the same bytes (event.Decoder), and
// what the door alone asks, the size and the depth of an event. Start at Reader.Read.
//
// It is pure: bytes in, items out; package gateway is the HTTP around it.
package request

import (
	"fmt"
	"strings"

	"runrate/internal/event"
)

// Limits bound a request.
type Limits struct {
	Events int // in one request
	Bytes  int // of a body, decompressed; who reads it holds it to that
	Event  int // bytes of one event
	Depth  int // of the objects and arrays of one event, the event itself being 1
}

// DefaultLimits are those of the contract.
var DefaultLimits = Limits{Events: 1000, Bytes: 4 << 20, Event: 64 << 10, Depth: 32}

// Form is how events lie in a body.
type Form uint8

// The forms of a body.
const (
	Unknown    Form = iota
	Structured      // one JSON object
	Batch           // a JSON array of them
	Lines           // NDJSON, one a line
	Plain           // an object or an array
	Binary          // data alone, the attributes being in ce- headers
)

// MediaTypes are those that are taken, in a sentence and for Accept-Post.
const MediaTypes = "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, application/json"

// FormOf is the form of a body by its content type, whose parameters do not matter, and
// whether there is a header ce-specversion.
func FormOf(contentType string, specversion bool) Form {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch {
	case media == "application/cloudevents+json":
		return Structured
	case media == "application/cloudevents-batch+json":
		return Batch
	case strings.HasPrefix(media, "application/cloudevents"):
		return Unknown // a format other than JSON
	case specversion:
		return Binary
	case media == "application/x-ndjson":
		return Lines
	case media == "application/json":
		return Plain
	}
	return Unknown
}

// Item is one event of a request.
type Item struct {
	ID      string // as far as it can be read
	Pointer string // JSON Pointer to what Refusal is about, into the body; of NDJSON the line's number from 0 first
	Event   event.Event
	Headers []event.Header // of the Kafka record
	Value   []byte         // of the Kafka record; a part of the body
	Refusal *event.Refusal // nil: the event is as it should be
}

// Reader reads requests. It keeps scratch space: one a goroutine. The zero value with
// Limits set is ready.
type Reader struct {
	Limits  Limits
	decoder event.Decoder
}

// Read reads the events of a body. attributes are, of a body in binary form, the record's
// headers (Attributes); of any other none. The error is a *Broken: nothing of the body
// can be taken. Items share memory with body.
func (r *Reader) Read(form Form, attributes []event.Header, body []byte) ([]Item, error) {
	if form == Binary {
		if broken := sound(body); broken != nil {
			return nil, broken
		}
		item := r.judge(attributes, body)
		if item.Refusal != nil {
			said := *item.Refusal
			said.Detail = overHTTP.Replace(said.Detail)
			item.Refusal = &said
		}
		return []Item{item}, nil
	}
	values, pointed, err := r.split(form, body)
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(values))
	for i, value := range values {
		item := r.judge(nil, value)
		if pointed {
			item.Pointer = fmt.Sprintf("/%d%s", i, item.Pointer)
		}
		items = append(items, item)
	}
	return items, nil
}

// overHTTP says of a request in binary form what is said of a record in binary mode.
var overHTTP = strings.NewReplacer("the header ce_", "the header "+prefix, "the value, which is data in binary mode,", "the body, which is data in binary mode,")

// judge is one event with its verdict.
func (r *Reader) judge(headers []event.Header, value []byte) Item {
	item := Item{Headers: headers, Value: value}
	switch {
	case len(headers) == 0 && (len(value) == 0 || value[0] != '{'):
		item.Refusal = notObject(value)
		return item
	case len(value) > r.Limits.Event:
		item.Refusal = invalid(fmt.Sprintf("the event has %d bytes and may have %d: split it into several, each with an id of its own", len(value), r.Limits.Event))
	case deeper(value, r.Limits.Depth):
		item.Refusal = invalid(fmt.Sprintf("the event is nested deeper than %d objects and arrays: what runrate reads of it is 3 deep", r.Limits.Depth))
	default:
		item.Event, item.Refusal = r.decoder.DecodeRecord(headers, value)
		if item.Refusal == nil {
			item.Refusal = item.Event.Invalid
		}
	}
	item.ID = item.Event.ID
	if item.ID == "" {
		item.ID = r.decoder.Attributes(headers, value).ID
	}
	return item
}

// notObject refuses what is no JSON object where an event must be one.
func notObject(value []byte) *event.Refusal {
	detail := fmt.Sprintf("the event is %.64q; an event is a JSON object, from { to }", value)
	if what, _ := event.LooksLike(value); what != "" && value[0] != '[' {
		detail += ": this looks like " + what
	}
	return &event.Refusal{Reason: event.Malformed, Detail: detail}
}

func invalid(detail string) *event.Refusal {
	return &event.Refusal{Reason: event.Invalid, Detail: detail}
}
