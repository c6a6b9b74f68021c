package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"runrate/internal/event"
)

// Route says where an event goes.
type Route struct {
	Type    event.Type
	Subject string // "" for control events, which go everywhere
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
// object; all else is the consumer's to judge. The refusal is a sentence for
// the reader of the file.
func (r *router) route(line []byte) (Route, *event.Refusal) {
	if len(line) == 0 || line[0] != '{' {
		return Route{}, notObject(line)
	}
	r.buf = *bytes.NewBuffer(line) // read in place, not copied
	r.json.Reset(&r.buf, options...)
	var typ, subject member
	if _, err := r.json.ReadToken(); err != nil {
		return Route{}, notJSON(line, err)
	}
	for r.json.PeekKind() == '"' {
		raw, err := r.json.ReadValue()
		if err != nil {
			return Route{}, notJSON(line, err)
		}
		name, err := r.unquote(raw)
		if err != nil {
			name = nil // some member of no interest
		}
		switch string(name) {
		case "type":
			if refusal := r.member("type", line, &typ); refusal != nil {
				return Route{}, refusal
			}
		case "subject":
			if refusal := r.member("subject", line, &subject); refusal != nil {
				return Route{}, refusal
			}
		default:
			if err := r.json.SkipValue(); err != nil {
				return Route{}, notJSON(line, err)
			}
		}
	}
	if _, err := r.json.ReadToken(); err != nil { // the '}', or what is wrong
		return Route{}, notJSON(line, err)
	}
	if _, err := r.json.ReadToken(); err != io.EOF {
		return Route{}, malformed("something follows the JSON object; NDJSON has newlines between objects")
	}
	return routeOf(typ, subject)
}

// member is the value of type or subject.
type member struct {
	given bool
	typ   event.Type // that it names, 0 if it names none
	text  string     // "" if it names a type
}

// member reads the value of a member that must be a string and given once.
func (r *router) member(name string, line []byte, m *member) *event.Refusal {
	if m.given {
		return malformed(name + " is given twice; once is required")
	}
	m.given = true
	raw, err := r.json.ReadValue()
	if err != nil {
		return notJSON(line, err)
	}
	if raw.Kind() != '"' {
		return malformed(fmt.Sprintf("%s is %.64s; a string, in quotes, is required", name, raw))
	}
	value, err := r.unquote(raw)
	if err != nil {
		return malformed(name + " is not UTF-8: write the file in UTF-8")
	}
	var ok bool
	if m.typ, ok = event.ParseType(string(value)); !ok {
		m.text = string(value)
	}
	return nil
}

// routeOf is where an event with this type and subject goes.
func routeOf(typ, subject member) (Route, *event.Refusal) {
	if !typ.given {
		return Route{}, malformed("no type: it is one of " + event.TypeNames)
	}
	switch t := typ.typ; {
	case t == 0:
		return Route{}, &event.Refusal{Reason: event.UnknownType, Detail: fmt.Sprintf("type is %.100q; it is one of %s", typ.text, event.TypeNames)}
	case t.Control():
		return Route{Type: t}, nil
	case !subject.given:
		return Route{}, malformed("no subject: a " + t.String() + " event needs one, its account, as a string")
	case subject.typ != 0: // an account named as a type is
		return Route{Type: t, Subject: subject.typ.String()}, nil
	default:
		return Route{Type: t, Subject: subject.text}, nil
	}
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

// notObject refuses a line that does not begin with '{'.
func notObject(line []byte) *event.Refusal {
	const want = "not a JSON object; an event is one, from { to }, and NDJSON has newlines between them"
	what, _ := event.LooksLike(line)
	switch {
	case len(line) > 0 && line[0] == '[':
		return malformed(want + ": write the items of the array one by one (jq -c '.[]')")
	case what != "":
		return malformed(want + "; this looks like " + what + ": unpack or convert the file first")
	}
	return malformed(want)
}

// notJSON refuses a line that is no JSON from some byte on.
func notJSON(line []byte, err error) *event.Refusal {
	what, at := err, int64(len(line))
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		what, at = syntax.Err, syntax.ByteOffset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed(fmt.Sprintf("not JSON: it ends within the object, at byte %d; NDJSON has no newlines within an object (jq -c)", at))
	}
	if looks, _ := event.LooksLike(line); looks != "" {
		return malformed("not JSON: it looks like " + looks + "; write the file in UTF-8")
	}
	return malformed(fmt.Sprintf("not JSON from byte %d on: %v; strict JSON is required", at, what))
}
