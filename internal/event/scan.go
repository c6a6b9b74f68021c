package event

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scanner reads JSON events in the form that nearly all have, several times as fast as
// readStrictly: names and strings without escapes, quantities of digits, no object or
// array but data and its quantities. It takes a part of what readStrictly takes and
// finds the same in it; the rest, and all that is wrong, it leaves to that one.
//
// Its methods return false where it is not to go on.
type scanner struct {
	wire *wire
	text []byte
	at   int // in text
}

// scan fills d.wire from a JSON event; if it returns false, with anything.
func (d *Decoder) scan(value []byte) bool {
	s := scanner{wire: &d.wire, text: value}
	return s.object(top) && s.end()
}

// end skips white space, after which there must be nothing.
func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.text)
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// next is the byte after white space, 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// take takes the byte that must come after white space.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

// strangers are the names of an object's members that no event knows. One given twice is
// wrong, and so they are kept; with more of them, the object is left to readStrictly.
type strangers struct {
	names [8][]byte
	n     int
}

func (o *strangers) add(name []byte) bool {
	for _, other := range o.names[:o.n] {
		if bytes.Equal(name, other) {
			return false
		}
	}
	if o.n == len(o.names) {
		return false
	}
	o.names[o.n] = name
	o.n++
	return true
}

// level is which object of an event a member is of. A function in its place would cost
// an allocation.
type level uint8

const (
	top level = iota
	inData
	inQuantities
)

func (s *scanner) member(of level, name []byte, others *strangers) bool {
	switch of {
	case inData:
		return s.dataMember(name, others)
	case inQuantities:
		return s.quantityMember(name, others)
	}
	return s.topMember(name, others)
}

// object reads an object, member by member.
func (s *scanner) object(of level) bool {
	if !s.take('{') {
		return false
	}
	if s.next() == '}' {
		s.at++
		return true
	}
	var others strangers
	for {
		name, ok := s.string()
		if !ok || !s.take(':') || !s.member(of, name, &others) {
			return false
		}
		switch s.next() {
		case ',':
			s.at++
		case '}':
			s.at++
			return true
		default:
			return false
		}
	}
}

func (s *scanner) topMember(name []byte, others *strangers) bool {
	w := s.wire
	switch string(name) {
	case "data":
		if s.next() != '{' {
			return s.once(&w.data)
		}
		from := s.at
		if w.data.shape != absent || !s.object(inData) {
			return false
		}
		w.data = attr{shape: object, text: s.text[from:s.at]}
		return true
	case "data_base64":
		return false
	}
	return s.known(w.attribute(string(name)), name, others)
}

func (s *scanner) dataMember(name []byte, others *strangers) bool {
	w := s.wire
	if string(name) == "quantities" && s.next() == '{' {
		if w.quantities.shape != absent {
			return false
		}
		w.quantities.shape = object
		return s.object(inQuantities)
	}
	return s.known(w.member(name), name, others)
}

func (s *scanner) quantityMember(name []byte, others *strangers) bool {
	m := meter{name: name}
	if !others.add(name) || !s.value(&m.value) {
		return false
	}
	s.wire.addMeter(m)
	return true
}

// known reads the value of a member to where it is kept; a stranger's, to nowhere.
func (s *scanner) known(a *attr, name []byte, others *strangers) bool {
	if a == nil {
		var stranger attr
		return others.add(name) && s.value(&stranger)
	}
	return s.once(a)
}

// once reads a value that has not come yet.
func (s *scanner) once(a *attr) bool { return a.shape == absent && s.value(a) }

// value reads a string, digits, true, false or null.
func (s *scanner) value(a *attr) bool {
	switch c := s.next(); {
	case c == '"':
		b, ok := s.string()
		*a = attr{shape: text, text: b}
		return ok
	case '0' <= c && c <= '9':
		return s.digits(a)
	case c == 'n':
		*a = attr{shape: null}
		return s.word("null")
	case c == 't':
		return s.boolean("true", a)
	case c == 'f':
		return s.boolean("false", a)
	}
	return false
}

func (s *scanner) boolean(word string, a *attr) bool {
	from := s.at
	if !s.word(word) {
		return false
	}
	*a = attr{shape: other, text: s.text[from:s.at]}
	return true
}

// word takes a literal. What follows it is looked at by who goes on.
func (s *scanner) word(word string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// digits reads a number that is digits alone. What follows it is looked at by who goes
// on: a fraction, an exponent or a second digit after 0 is no end of a member.
func (s *scanner) digits(a *attr) bool {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	if s.text[from] == '0' && s.at > from+1 {
		return false
	}
	*a = numeric(s.text[from:s.at])
	return true
}

// string reads a string without escapes, of valid UTF-8. It aliases the record.
func (s *scanner) string() (b []byte, ok bool) {
	if !s.take('"') {
		return nil, false
	}
	from, ascii := s.at, true
	for {
		s.plain()
		if s.at == len(s.text) {
			return nil, false
		}
		switch c := s.text[s.at]; {
		case c == '"':
			b = s.text[from:s.at]
			s.at++
			return b, ascii || utf8.Valid(b)
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\\' || c < ' ':
			return nil, false
		}
		s.at++
	}
}

// Eight bytes at a time: each of these has one bit or value in every byte.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// zeros has the high bit of each byte of x that is 0; where one is, those above it may
// be wrong.
func zeros(x uint64) uint64 { return (x - ones) &^ x & highs }

// plain skips bytes that mean nothing in a string, perhaps not all of them.
func (s *scanner) plain() {
	for s.at+8 <= len(s.text) {
		x := binary.LittleEndian.Uint64(s.text[s.at:])
		special := zeros(x^'"'*ones) | zeros(x^'\\'*ones) | (x-' '*ones)&^x&highs | x&highs
		if special != 0 {
			s.at += bits.TrailingZeros64(special) / 8
			return
		}
		s.at += 8
	}
}
