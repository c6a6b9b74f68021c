package request

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Broken says why nothing of a body can be taken.
type Broken struct {
	TooMany bool // events; else the body is not what its content type says
	Detail  string
}

// Error is the sentence.
func (b *Broken) Error() string { return b.Detail }

func broken(format string, args ...any) *Broken {
	return &Broken{Detail: fmt.Sprintf(format, args...)}
}

// split cuts a body into its events. pointed says that their places count, that is that
// the body is not one event alone.
func (r *Reader) split(form Form, body []byte) (values [][]byte, pointed bool, err error) {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, false, broken("the body is empty; an event is a JSON object, from { to }")
	}
	object, array := trimmed[0] == '{', trimmed[0] == '['
	switch {
	case form == Lines:
		values, err = r.lines(body)
		return values, true, err
	case array && (form == Batch || form == Plain):
		values, err = r.array(body)
		return values, true, err
	case object && (form == Structured || form == Plain):
		if bad := sound(body); bad != nil {
			return nil, false, bad
		}
		return [][]byte{bytes.TrimRight(trimmed, " \t\r\n")}, false, nil
	case array:
		return nil, false, broken("the body is a JSON array; several events have the content type application/cloudevents-batch+json")
	case object:
		return nil, false, broken("the body is a JSON object; one event has the content type application/cloudevents+json")
	}
	return nil, false, broken("the body begins with %.32q; it is a JSON object, or an array of them", trimmed)
}

// lines are those of NDJSON that are not empty. Each is judged by itself: a broken one
// spoils no other.
func (r *Reader) lines(body []byte) (values [][]byte, err error) {
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if line = bytes.Trim(line, " \t\r"); len(line) == 0 {
			continue
		}
		if len(values) == r.Limits.Events {
			return nil, r.tooMany()
		}
		values = append(values, line)
	}
	return values, nil
}

// lenient leaves to the verdict on each event what does not matter for where it ends.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// array are the values of a JSON array.
func (r *Reader) array(body []byte) (values [][]byte, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)
	if _, err := d.ReadToken(); err != nil { // the '['
		return nil, syntax(d, err)
	}
	for d.PeekKind() != ']' {
		if len(values) == r.Limits.Events {
			return nil, r.tooMany()
		}
		value, err := d.ReadValue()
		if err != nil {
			return nil, syntax(d, err)
		}
		values = append(values, value)
	}
	if _, err := d.ReadToken(); err != nil { // the ']'
		return nil, syntax(d, err)
	}
	return values, atEnd(d)
}

func (r *Reader) tooMany() *Broken {
	return &Broken{TooMany: true, Detail: fmt.Sprintf("the body has more than %d events: send them in several requests", r.Limits.Events)}
}

// sound checks that a body is one JSON value, or nothing.
func sound(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)
	if err := d.SkipValue(); err != nil {
		return syntax(d, err)
	}
	return atEnd(d)
}

// atEnd checks that nothing follows.
func atEnd(d *jsontext.Decoder) error {
	at := d.InputOffset()
	if _, err := d.ReadToken(); err == io.EOF {
		return nil
	}
	return broken("something follows the JSON value that ends at byte %d: several events are an array, or lines of application/x-ndjson", at)
}

// syntax says where a body stops being JSON.
func syntax(d *jsontext.Decoder, err error) *Broken {
	at, what := d.InputOffset(), err.Error()
	var wrong *jsontext.SyntacticError
	if errors.As(err, &wrong) {
		at, what = wrong.ByteOffset, wrong.Err.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		what = "it ends there"
	}
	return broken("the body is no JSON from byte %d on: %.160s", at, what)
}

// deeper says whether objects and arrays are nested deeper than limit in value, which
// need not be sound JSON.
func deeper(value []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
