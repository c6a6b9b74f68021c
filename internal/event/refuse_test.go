package event

import (
	"strings"
	"testing"

	"runrate/test/sentences"
)

// refuse is what is said of a value that must be refused.
func refuse(t *testing.T, d *Decoder, value []byte) *Refusal {
	t.Helper()
	e, bad := d.Decode(value)
	switch {
	case bad == nil && e.Invalid == nil:
		t.Fatalf("accepted: %q", value)
	case bad == nil:
		if e.Invalid.Reason != Invalid {
			t.Errorf("Event.Invalid is %s", e.Invalid.Reason)
		}
		return e.Invalid
	case bad.Reason == Invalid:
		t.Error("Decode returned an invalid event as a refusal, before R3")
	}
	return bad
}

func TestDecodeRefuses(t *testing.T) {
	var d Decoder
	var said []sentences.Said
	for _, test := range refusals {
		bad := refuse(t, &d, []byte(with(t, test.example, test.old, test.new)))
		if bad.Reason != test.reason {
			t.Errorf("%s: %v, want %s", test.new, bad, test.reason)
		}
		said = append(said, sentences.Said{Of: kindOf(t, test.example) + ": " + test.old + " -> " + test.new, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/json.txt", said)
}

// kindOf is the type of an example.
func kindOf(t *testing.T, example string) string {
	t.Helper()
	for name, of := range exampleJSON {
		if of == example {
			return name
		}
	}
	t.Fatalf("no example: %s", example)
	return ""
}

// TestDecodeRefusesBytes holds the strictness of the JSON form's encoding, and
// what is said of values that are no event at all.
func TestDecodeRefusesBytes(t *testing.T) {
	var d Decoder
	var said []sentences.Said
	for _, test := range []struct{ name, value string }{
		{"nothing", ``},
		{"open", `{`},
		{"cut off", usageJSON[:len(usageJSON)-1]},
		{"bytes after", usageJSON + `{}`},
		{"junk after", usageJSON + `x`},
		{"duplicate", with(t, usageJSON, `"id"`, `"source":"x","id"`)},
		{"duplicate by escapes", with(t, usageJSON, `"id"`, `"\u0073ource":"x","id"`)},
		{"duplicate in data", with(t, usageJSON, `"segment"`, `"product":"x","segment"`)},
		{"duplicate meter", with(t, usageJSON, `"output_tokens"`, `"input_tokens"`)},
		{"duplicate in what is not known", with(t, usageJSON, `"id"`, `"x":{"a":1,"a":2},"id"`)},
		{"no UTF-8", with(t, usageJSON, `acct_42`, "\xff")},
		{"half a surrogate pair", with(t, usageJSON, `acct_42`, `\ud800`)},
		{"single quotes", `{'a':1}`},
		{"comment", `{/**/"a":1}`},
		{"trailing comma", `{"a":1,}`},
		{"NaN", `{"a":NaN}`},
		{"deep", strings.Repeat(`{"a":`, 20_000)},
		{"an array", "[" + usageJSON + "]"},
		{"white space before", "\n" + usageJSON},
		{"a byte order mark", "\xef\xbb\xbf" + usageJSON},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00"},
		{"zstd", "\x28\xb5\x2f\xfd\x04\x00"},
		{"lz4", "\x04\x22\x4d\x18\x64"},
		{"snappy", "\xff\x06\x00\x00sNaPpY\x01"},
		{"snappy of Java", "\x82SNAPPY\x00\x00"},
		{"bzip2", "BZh91AY&SY"},
		{"zip", "PK\x03\x04\x14\x00"},
		{"UTF-16 with a mark", "\xff\xfe{\x00\"\x00"},
		{"UTF-16 of the other order with a mark", "\xfe\xff\x00{\x00\""},
		{"UTF-16", "{\x00\"\x00s\x00"},
		{"UTF-16 of the other order", "\x00{\x00\"\x00s"},
		{"Avro", "Obj\x01\x04\x14"},
		{"a serialized Java object", "\xac\xed\x00\x05t\x00"},
		{"JSON in a string", `"{\"specversion\":\"1.0\"}"`},
		{"JSON in base64", "eyJzcGVjdmVyc2lvbiI6IjEuMCJ9"},
		{"XML", "<event/>"},
		{"JSON of a schema registry", "\x00\x00\x00\x00\x07" + usageJSON},
		{"a line of text", "usage.recorded,acct_42,5"},
	} {
		bad := refuse(t, &d, []byte(test.value))
		if bad.Reason != Malformed {
			t.Errorf("%s: %v", test.name, bad)
		}
		said = append(said, sentences.Said{Of: test.name, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/bytes.txt", said)
}

// TestTimes: what is said of times that are often sent and cannot be read.
func TestTimes(t *testing.T) {
	var d Decoder
	var said []sentences.Said
	for _, written := range []string{
		`"2026-11-23T07:31Z"`, `"2026-11-23T07:31+01:00"`, `"2026-11-23T07Z"`, `"2026-11-23"`, `"2026-11-23T07:31:05"`, `"2026-11-23T07:31:05.123456"`,
		`"2026-11-23 07:31:05Z"`, `"2026-11-23T07:31:05+0100"`, `"2026-11-23T07:31:05+01"`, `"2026-11-23T07:31:05,123Z"`, `"2026-11-23T07:31:60Z"`,
		`"2026-11-23T24:00:00Z"`, `"2026-02-30T00:00:00Z"`, `"2026-11-23T07:31:05+01:00[Europe/Berlin]"`, `"1795419065"`, `1795419065`, `1795419065.123`,
		`"Mon, 23 Nov 2026 07:31:05 GMT"`, `"23.11.2026 07:31"`, `"now"`, `""`, `null`, `{"seconds":1795419065}`,
	} {
		bad := refuse(t, &d, []byte(with(t, usageJSON, `"2026-11-23T07:31:05.123Z"`, written)))
		if bad.Reason != Malformed {
			t.Errorf("%s: %v", written, bad)
		}
		said = append(said, sentences.Said{Of: written, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/times.txt", said)
}

// TestInvalidKeepsSubject: DEFINITIONS R3 is judged before R4, so it must see the
// subject of an event that breaks R4, even by its subject.
func TestInvalidKeepsSubject(t *testing.T) {
	var d Decoder
	for _, subject := range []string{"", "a\x00", strings.Repeat("a", MaxAttributeLen+1)} {
		want := examples(t)["usage.recorded"]
		want.Account = Account(subject)
		proto, err := want.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range [][]byte{want.AppendJSON(nil), proto} {
			got, bad := d.Decode(value)
			if bad != nil || got.Invalid == nil || got.Account != want.Account {
				t.Errorf("%q: %v, %+v", subject, bad, got)
			}
		}
	}
}
