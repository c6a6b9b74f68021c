package oracle

import (
	"encoding/json"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// object is a decoded JSON object.
type object map[string]any

// decodeObject reads exactly one JSON object; numbers keep their literal.
func decodeObject(value []byte) (object, bool) {
	if len(value) == 0 || value[0] != '{' {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(string(value)))
	d.UseNumber()
	var o map[string]any
	if d.Decode(&o) != nil {
		return nil, false
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, false
	}
	return o, true
}

// shape lists an object's members and the JSON type each must have: s string,
// n number, o object, b boolean; in upper case if it must be there.
type shape map[string]byte

var envelopeShape = shape{"specversion": 'S', "type": 'S', "source": 'S', "id": 'S', "time": 'S'}

var dataShapes = map[string]shape{
	"usage.recorded": {"product": 'S', "quantities": 'O', "segment": 's', "region": 's'},
	"adjustment.recorded": {"product": 'S', "amount": 'S', "currency": 'S', "reason": 'S',
		"one_off": 'b', "segment": 's', "region": 's'},
	"subscription.changed": {"subscription": 'S', "line": 'S', "plan": 'S', "status": 'S', "quantity": 'N',
		"unit_amount": 'S', "currency": 'S', "interval": 'S', "interval_count": 'n', "discount_percent": 's',
		"segment": 's', "region": 's'},
}

// fits says whether o has the shape.
func (o object) fits(s shape) bool {
	for name, kind := range s {
		value := o[name]
		if value == nil {
			if kind < 'a' {
				return false
			}
			continue
		}
		var ok bool
		switch kind | 0x20 {
		case 's':
			_, ok = value.(string)
		case 'n':
			_, ok = value.(json.Number)
		case 'o':
			_, ok = value.(map[string]any)
		case 'b':
			_, ok = value.(bool)
		}
		if !ok {
			return false
		}
	}
	return true
}

// str is a string member, or fallback where it is absent.
func (o object) str(name, fallback string) string {
	if s, ok := o[name].(string); ok {
		return s
	}
	return fallback
}

// literal is a number member as it was written, or fallback.
func (o object) literal(name, fallback string) string {
	if n, ok := o[name].(json.Number); ok {
		return n.String()
	}
	return fallback
}

// inner is an object member; empty where it is absent.
func (o object) inner(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

// micros reads an RFC 3339 time, cutting off what is finer than a microsecond.
func micros(s string) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UnixMicro(), err == nil
}

var numberForm = regexp.MustCompile(`^-?([0-9.]+)(?:[eE][+-]?([0-9]+))?$`)

// integer is the value of a JSON number if that is an integer, be it written
// 5, 5.0 or 5e3. The value of one whose exponent leads far beyond its digits
// either way need not be worked out: it is no integer that matters, or 0.
func integer(literal string) (*big.Int, bool) {
	parts := numberForm.FindStringSubmatch(literal)
	if parts == nil {
		return nil, false
	}
	if strings.Trim(parts[1], "0.") == "" {
		return new(big.Int), true
	}
	exponent := strings.TrimLeft(parts[2], "0")
	if far := len(literal) + 20; len(exponent) > 9 || len(exponent) > 0 && number(exponent) > far {
		return nil, false
	}
	x, ok := new(big.Rat).SetString(literal)
	if !ok || !x.IsInt() {
		return nil, false
	}
	return x.Num(), true
}

// number is the value of some digits.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err) // at most nine digits
	}
	return n
}
