package event

import (
	"strings"
	"testing"
)

func TestDecodeRefuses(t *testing.T) {
	var d Decoder
	for _, test := range refusals {
		t.Run(test.new, func(t *testing.T) {
			expect(t, &d, with(t, test.example, test.old, test.new), test.reason, test.detail)
		})
	}
}

// TestDecodeRefusesBytes holds the strictness of the JSON form's encoding.
func TestDecodeRefusesBytes(t *testing.T) {
	const no = "the value is no strict JSON object from byte "
	deep := strings.Repeat(`{"a":`, 20_000)
	tests := []struct{ name, value, detail string }{
		{"nothing", ``, "the record has no value; a CloudEvent is required"},
		{"open", `{`, no + "1 on: unexpected EOF"},
		{"cut off", usageJSON[:len(usageJSON)-1], no + "263 on: unexpected EOF"},
		{"bytes after", usageJSON + `{}`, no + "264 on: bytes after the object"},
		{"junk after", usageJSON + `x`, no + "264 on: invalid character 'x' at start of value"},
		{"duplicate", with(t, usageJSON, `"id"`, `"source":"x","id"`), no + "73 on: duplicate object member name \"source\""},
		{"duplicate by escapes", with(t, usageJSON, `"id"`, `"\u0073ource":"x","id"`), no + "73 on: duplicate object member name \"source\""},
		{"duplicate in data", with(t, usageJSON, `"segment"`, `"product":"x","segment"`), no + "226 on: duplicate object member name \"product\""},
		{"duplicate meter", with(t, usageJSON, `"output_tokens"`, `"input_tokens"`), no + "205 on: duplicate object member name \"input_tokens\""},
		{"duplicate in what is not known", with(t, usageJSON, `"id"`, `"x":{"a":1,"a":2},"id"`), no + "84 on: duplicate object member name \"a\""},
		{"no UTF-8", with(t, usageJSON, `acct_42`, "\xff"), no + "131 on: invalid UTF-8"},
		{"half a surrogate pair", with(t, usageJSON, `acct_42`, `\ud800`), no + "131 on: invalid surrogate pair `\\ud800\",\"dat` in string"},
		{"single quotes", `{'a':1}`, no + "1 on: invalid character '\\'' at start of value"},
		{"comment", `{/**/"a":1}`, no + "1 on: invalid character '/' at start of value"},
		{"trailing comma", `{"a":1,}`, no + "6 on: invalid character ',' at start of value"},
		{"NaN", `{"a":NaN}`, no + "5 on: invalid character 'N' at start of value"},
		{"deep", deep, no + "50000 on: exceeded max depth"},
	}
	var d Decoder
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { expect(t, &d, test.value, Malformed, test.detail) })
	}
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

// expect decodes value and compares what is wrong with it.
func expect(t *testing.T, d *Decoder, value string, reason Reason, detail string) {
	t.Helper()
	e, bad := d.Decode([]byte(value))
	if bad == nil {
		bad = e.Invalid
		if bad != nil && bad.Reason != Invalid {
			t.Errorf("Event.Invalid is %s", bad.Reason)
		}
	} else if bad.Reason == Invalid {
		t.Error("Decode returned an invalid event as a refusal, before R3")
	}
	if bad == nil {
		t.Fatalf("accepted: %s", value)
	}
	if bad.Reason != reason || bad.Detail != detail {
		t.Errorf("\ngot  %s: %s\nwant %s: %s", bad.Reason, bad.Detail, reason, detail)
	}
}
