package event

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

// scans holds the scanner to readStrictly: what it takes is taken there, and the same is
// found. It says whether the value was taken.
func scans(t *testing.T, value []byte) bool {
	t.Helper()
	var quick, strict Decoder
	if !quick.scan(value) {
		return false
	}
	if bad := strict.readStrictly(value); bad != nil {
		t.Fatalf("%q is scanned, and it is wrong: %v", value, bad)
	}
	a, b := quick.wire, strict.wire
	if !slices.EqualFunc(a.meters, b.meters, func(a, b meter) bool { return reflect.DeepEqual(a, b) }) {
		t.Fatalf("%q:\nscanned %+v\nread    %+v", value, a.meters, b.meters)
	}
	a.meters, b.meters = nil, nil
	for _, w := range []*wire{&a, &b} {
		if w.wrongMeter != nil {
			w.product.text = append(bytes.Clone(w.wrongMeter.name), w.wrongMeter.value.text...)
			w.wrongMeter = nil
		}
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%q:\nscanned %+v\nread    %+v", value, a, b)
	}
	return true
}

// scanned are texts around which TestScan looks.
func scanned() [][]byte {
	all := [][]byte{[]byte(benchUsage), []byte("{}"), []byte(`{"data":{"quantities":{}, "x":"é", "y":true}}`),
		[]byte("{ \"a\" : null ,\t\"b\":false,\r\n\"c\":0,\"data\":null}\n"),
		[]byte(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}`), []byte(`{"data":{"quantities":{"a":1,"b":null,"é":"x"}}}`)}
	for _, text := range exampleJSON {
		all = append(all, []byte(text))
	}
	return all
}

// TestScan changes each byte of events in turn: cut off there, left out, given twice, and
// made each of the bytes that mean something.
func TestScan(t *testing.T) {
	const bytesOfMeaning = "\"\\{}[]:, \x000159-+.eEntf\n\x1f\x7f\x80\xc3\xff"
	for _, c := range accepted {
		scans(t, []byte(with(t, c.example, c.old, c.new)))
	}
	took := 0
	for _, text := range scanned() {
		for i := range text {
			for _, value := range [][]byte{text[:i], slices.Delete(bytes.Clone(text), i, i+1), slices.Insert(bytes.Clone(text), i, text[i])} {
				scans(t, value)
			}
			for _, c := range []byte(bytesOfMeaning) {
				value := bytes.Clone(text)
				if value[i] = c; scans(t, value) {
					took++
				}
			}
		}
	}
	if took == 0 {
		t.Error("nothing is scanned")
	}
}

// TestScanTakesTheUsual: a usage event as services publish it does not need the long way.
func TestScanTakesTheUsual(t *testing.T) {
	for _, text := range []string{benchUsage, usageJSON, subscriptionJSON, adjustmentJSON, clockJSON} {
		if !scans(t, []byte(text)) {
			t.Errorf("%s is not scanned", text)
		}
	}
	for _, text := range []string{`{"a":1,"a":1}`, `{"id":"1","id":"1"}`, `{"data":{},"data":{}}`, `{"data":{"quantities":{"a":1,"a":1}}}`,
		`{"data":{"product":"a","product":"a"}}`, `{"data":{"quantities":{},"quantities":{}}}`, `{"data":null,"data":{}}`, `{"a":01}`, `{"a":1.5}`, `{"a":"\u0061"}`} {
		if scans(t, []byte(text)) {
			t.Errorf("%s is scanned", text)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range scanned() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, value []byte) { scans(t, value) })
}
