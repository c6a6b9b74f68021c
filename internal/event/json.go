package event

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// readJSON fills d.wire from a structured-mode JSON CloudEvent (DEFINITIONS E2).
// It refuses what is no strict JSON: duplicate member names, invalid UTF-8, bytes
// after the object, or nesting deeper than jsontext's 10,000. Members that it
// does not know are checked and passed over.
func (d *Decoder) readJSON(value []byte) *Refusal {
	if d.scan(value) {
		return nil
	}
	d.wire.reset()
	return d.readStrictly(value)
}

// readStrictly is readJSON without a short way.
func (d *Decoder) readStrictly(value []byte) *Refusal {
	d.open(value)
	err := d.members(d.topMember)
	if err == nil {
		err = d.end()
	}
	if err == nil {
		return d.readBase64()
	}
	offset, what := d.syntax(err)
	return malformed("the value is no strict JSON object from byte " + strconv.FormatInt(offset, 10) + " on: " + what)
}

// open begins to read JSON. The decoder reads a bytes.Buffer in place and leaves it as
// it is, so that what ReadValue returns is a part of text and lives as long.
func (d *Decoder) open(text []byte) {
	d.value = text
	d.jsonBuf = *bytes.NewBuffer(text)
	d.json.Reset(&d.jsonBuf)
}

var (
	errTrailing = errors.New("something follows the object; one record is one event")
	errNoObject = errors.New("does not begin with '{'")
)

// end checks that nothing but white space is left.
func (d *Decoder) end() error {
	if d.json.PeekKind() != jsontext.KindInvalid {
		return errTrailing
	}
	if _, err := d.json.ReadToken(); err != io.EOF {
		return err
	}
	return nil
}

// syntax is where an error of the JSON decoder is and what it is.
func (d *Decoder) syntax(err error) (offset int64, what string) {
	offset, what = d.json.InputOffset(), err.Error()
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		offset, what = syntax.ByteOffset, syntax.Err.Error()
		if errors.Is(syntax.Err, jsontext.ErrDuplicateName) {
			what = "the member " + show([]byte(syntax.JSONPointer.LastToken())) + " is given twice; once is required"
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		what = "it ends there, within the object"
	}
	return offset, shorten(what, 160)
}

// isObject checks that b is one strict JSON object and nothing else.
func (d *Decoder) isObject(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return errNoObject
	}
	d.jsonBuf = *bytes.NewBuffer(b)
	d.json.Reset(&d.jsonBuf)
	if err := d.json.SkipValue(); err != nil {
		return err
	}
	return d.end()
}

// members reads an object and calls member for the name of each member;
// member must read its value.
func (d *Decoder) members(member func(name []byte) error) error {
	if _, err := d.json.ReadToken(); err != nil { // the '{'
		return err
	}
	for d.json.PeekKind() == '"' {
		raw, err := d.json.ReadValue()
		if err != nil {
			return err
		}
		if err := member(d.string(raw)); err != nil {
			return err
		}
	}
	_, err := d.json.ReadToken() // the '}', or what is wrong
	return err
}

func (d *Decoder) topMember(name []byte) error {
	switch string(name) {
	case "data":
		return d.readData()
	case "data_base64":
		return d.read(&d.wire.base64)
	}
	if a := d.wire.attribute(string(name)); a != nil {
		return d.read(a)
	}
	return d.json.SkipValue()
}

// readData reads the data member, and its members if it is an object. Which of
// them matter is judged later, when the type is known.
func (d *Decoder) readData() error {
	if d.json.PeekKind() != '{' {
		return d.read(&d.wire.data)
	}
	start := d.afterSpace(d.json.InputOffset())
	if err := d.members(d.dataMember); err != nil {
		return err
	}
	d.wire.data = attr{shape: object, text: d.value[start:d.json.InputOffset()]}
	return nil
}

// afterSpace is the offset of the first '{' at or after an offset where,
// besides it, only a colon and white space can stand.
func (d *Decoder) afterSpace(offset int64) int64 {
	return offset + int64(bytes.IndexByte(d.value[offset:], '{'))
}

func (d *Decoder) dataMember(name []byte) error {
	w := &d.wire
	if string(name) == "quantities" && d.json.PeekKind() == '{' {
		w.quantities.shape = object
		return d.members(d.quantityMember)
	}
	if a := w.member(name); a != nil {
		return d.read(a)
	}
	return d.json.SkipValue()
}

// member is where a member of data is kept, nil if no event knows it.
func (w *wire) member(name []byte) *attr {
	switch string(name) {
	case "product":
		return &w.product
	case "segment":
		return &w.segment
	case "region":
		return &w.region
	case "quantities":
		return &w.quantities
	case "amount":
		return &w.amount
	case "currency":
		return &w.currency
	case "reason":
		return &w.reason
	case "subscription":
		return &w.subscription
	case "line":
		return &w.line
	case "plan":
		return &w.plan
	case "status":
		return &w.status
	case "quantity":
		return &w.quantity
	case "unit_amount":
		return &w.unitAmount
	case "interval":
		return &w.interval
	case "interval_count":
		return &w.intervalCount
	case "discount_percent":
		return &w.pct
	case "one_off":
		return &w.oneOff
	case "jump":
		return &w.jump
	}
	return nil
}

func (d *Decoder) quantityMember(name []byte) error {
	m := meter{name: name}
	if err := d.read(&m.value); err != nil {
		return err
	}
	d.wire.addMeter(m)
	return nil
}

// read reads one value, of whatever shape.
func (d *Decoder) read(a *attr) error {
	raw, err := d.json.ReadValue()
	if err != nil {
		return err
	}
	switch raw[0] {
	case '"':
		*a = attr{shape: text, text: d.string(raw)}
	case 'n':
		*a = attr{shape: null}
	case '{':
		*a = attr{shape: object, text: raw}
	case '[', 't', 'f':
		*a = attr{shape: other, text: raw}
	default:
		*a = numeric(raw)
	}
	return nil
}

// string is what a JSON string holds: a part of the record, or of d.unquote if
// it has escapes.
func (d *Decoder) string(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	start := len(d.unquote)
	d.unquote, _ = jsontext.AppendUnquote(d.unquote, raw) // ReadValue has checked it
	return d.unquote[start:len(d.unquote):len(d.unquote)]
}
