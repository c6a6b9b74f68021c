package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// Route says where an event goes.
type Route struct {
	Type    event.Type
	Subject string // "" for control events, which go everywhere
}

// topics are where events of a type go.
func topics(t event.Type) []string {
	switch t {
	case event.UsageRecorded, event.AdjustmentRecorded:
		return []string{stream.UsageTopic}
	case event.SubscriptionChanged:
		return []string{stream.SubscriptionsTopic}
	}
	return []string{stream.UsageTopic, stream.SubscriptionsTopic}
}

// types are the events that can be routed.
var types = []event.Type{
	event.UsageRecorded, event.AdjustmentRecorded, event.SubscriptionChanged, event.ClockTicked, event.PricebookPublished,
}

func typeNamed(name []byte) (event.Type, bool) {
	for _, t := range types {
		if t.String() == string(name) {
			return t, true
		}
	}
	return 0, false
}

// router reads the route of JSON events. It keeps scratch space; use one per
// goroutine.
type router struct {
	json jsontext.Decoder
	buf  bytes.Buffer
	name []byte // unquoted names and strings
}

// options leave to the consumer what does not matter for routing: duplicate
// members elsewhere and bad UTF-8 in a value are its refusals, on record.
var options = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// route reads type and subject of one JSON event and checks that it is one JSON
// object; all else is the consumer's to judge. The error is a sentence for the
// reader of the file.
func (r *router) route(line []byte) (Route, error) {
	if len(line) == 0 || line[0] != '{' {
		return Route{}, errors.New("not a JSON object")
	}
	r.buf = *bytes.NewBuffer(line) // read in place, not copied
	r.json.Reset(&r.buf, options...)
	var (
		route            Route
		typed, addressed bool
		unknown          string // a type that is none of ours
	)
	if _, err := r.json.ReadToken(); err != nil {
		return Route{}, notJSON(err)
	}
	for r.json.PeekKind() == '"' {
		raw, err := r.json.ReadValue()
		if err != nil {
			return Route{}, notJSON(err)
		}
		name, err := r.unquote(raw)
		if err != nil {
			name = nil // some member of no interest
		}
		switch string(name) {
		case "type":
			if typed {
				return Route{}, errors.New("type is given twice")
			}
			typed = true
			value, err := r.text("type")
			if err != nil {
				return Route{}, err
			}
			var ok bool
			if route.Type, ok = typeNamed(value); !ok {
				unknown = string(value[:min(len(value), 100)])
			}
		case "subject":
			if addressed {
				return Route{}, errors.New("subject is given twice")
			}
			addressed = true
			value, err := r.text("subject")
			if err != nil {
				return Route{}, err
			}
			route.Subject = string(value)
		default:
			if err := r.json.SkipValue(); err != nil {
				return Route{}, notJSON(err)
			}
		}
	}
	if _, err := r.json.ReadToken(); err != nil { // the '}', or what is wrong
		return Route{}, notJSON(err)
	}
	if _, err := r.json.ReadToken(); err != io.EOF {
		return Route{}, errors.New("not one JSON object: something follows it")
	}
	switch {
	case !typed:
		return Route{}, errors.New("no type")
	case route.Type == 0:
		return Route{}, fmt.Errorf("unknown type %q", unknown)
	case route.Type.Control():
		route.Subject = ""
	case !addressed:
		return Route{}, fmt.Errorf("no subject: a %s event needs its account", route.Type)
	}
	return route, nil
}

// text reads a string member.
func (r *router) text(member string) ([]byte, error) {
	raw, err := r.json.ReadValue()
	if err != nil {
		return nil, notJSON(err)
	}
	if raw.Kind() != '"' {
		return nil, fmt.Errorf("%s is no string", member)
	}
	value, err := r.unquote(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is not UTF-8", member)
	}
	return value, nil
}

// unquote is the text of a JSON string; it is good until the next call.
func (r *router) unquote(raw jsontext.Value) ([]byte, error) {
	if inside := raw[1 : len(raw)-1]; plain(inside) {
		return inside, nil
	}
	var err error
	r.name, err = jsontext.AppendUnquote(r.name[:0], raw)
	return r.name, err
}

// plain says whether a JSON string stands for its own bytes.
func plain(s []byte) bool {
	for _, c := range s {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func notJSON(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %w at byte %d", syntax.Err, syntax.ByteOffset)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("not JSON: %w", err)
}
