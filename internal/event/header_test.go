package event

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"runrate/test/sentences"
)

// inHeaders is an example in binary mode, as Kafka's binding has it.
func inHeaders(t testing.TB, example string) (headers []Header, value []byte) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(example), &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time"} {
		if raw, ok := members[name]; ok {
			headers = append(headers, Header{"ce_" + name, []byte(strings.Trim(string(raw), `"`))})
		}
	}
	return headers, members["data"]
}

// TestForms: each form of an event is that event.
func TestForms(t *testing.T) {
	var d Decoder
	for name, example := range exampleJSON {
		want, bad := new(Decoder).Decode([]byte(example))
		if bad != nil {
			t.Fatal(bad)
		}
		type record struct {
			headers []Header
			value   []byte
		}
		forms := map[string]record{"other headers": {[]Header{{"traceparent", []byte("00-1")}, {"content-type", []byte("application/json")}}, []byte(example)}}
		for _, media := range []string{"application/cloudevents+json", "application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON ;a=b", "application/cloudevents"} {
			forms["structured, "+media] = record{[]Header{{"content-type", []byte(media)}}, []byte(" \n" + example)}
		}
		headers, data := inHeaders(t, example)
		forms["binary"] = record{headers, data}
		for _, media := range []string{"application/json", "application/json; charset=utf-8", ""} {
			forms["binary, "+media] = record{append([]Header{{"content-type", []byte(media)}, {"ce_extension", []byte("\xff")}}, headers...), data}
		}
		if data != nil {
			in64 := `"data_base64":"` + base64.StdEncoding.EncodeToString(data) + `"`
			forms["data_base64"] = record{nil, []byte(strings.Replace(example, `"data":`+string(data), in64, 1))}
			forms["data_base64 beside null"] = record{nil, []byte(strings.Replace(example, `"data":`+string(data), `"data":null,`+in64, 1))}
			forms["null data_base64"] = record{nil, []byte(strings.Replace(example, `"data":`, `"data_base64":null,"data":`, 1))}
		}
		for form, r := range forms {
			got, bad := d.DecodeRecord(r.headers, r.value)
			if bad != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %v\n%+v, want\n%+v", name, form, bad, got, want)
			}
		}
	}
}

// TestRefuseRecords: what is said of records whose headers are not right.
func TestRefuseRecords(t *testing.T) {
	headers, data := inHeaders(t, usageJSON)
	without := func(name string) (out []Header) {
		for _, h := range headers {
			if h.Name != name {
				out = append(out, h)
			}
		}
		return out
	}
	set := func(name string, value []byte) []Header { return append(without(name), Header{name, value}) }
	media := func(m string) []Header { return []Header{{"content-type", []byte(m)}} }
	var said []sentences.Said
	var d Decoder
	for _, test := range []struct {
		name    string
		headers []Header
		value   string
		reason  Reason
	}{
		{"a batch", media("application/cloudevents-batch+json"), "[" + usageJSON + "]", Malformed},
		{"Avro", media("application/cloudevents+avro"), "Obj\x01", Malformed},
		{"their Protobuf", media("application/cloudevents+protobuf; a=b"), "\x0a", Malformed},
		{"structured without a value", media("application/cloudevents+json"), "", Malformed},
		{"structured, no object", media("application/cloudevents+json"), "5", Malformed},
		{"structured, twice serialized", media("application/cloudevents+json"), `"{}"`, Malformed},
		{"structured before binary", append(media("application/cloudevents+json"), headers...), string(data), Malformed},
		{"no id", without("ce_id"), string(data), Malformed},
		{"no time", without("ce_time"), string(data), Malformed},
		{"no subject", without("ce_subject"), string(data), Malformed},
		{"null source", set("ce_source", nil), string(data), Malformed},
		{"another version", set("ce_specversion", []byte("0.3")), string(data), Malformed},
		{"twice", append(headers, Header{"ce_id", []byte("x")}), string(data), Malformed},
		{"no UTF-8", set("ce_id", []byte("\xff")), string(data), Malformed},
		{"a time in numbers", set("ce_time", []byte("1795419065")), string(data), Malformed},
		{"an unknown type", set("ce_type", []byte("usage")), string(data), UnknownType},
		{"an empty id", set("ce_id", []byte{}), string(data), Invalid},
		{"an empty subject", set("ce_subject", []byte{}), string(data), Invalid},
		{"no data", headers, "", Malformed},
		{"data no object", headers, "[]", Malformed},
		{"data cut off", headers, string(data[:9]), Malformed},
		{"data with something behind", headers, string(data) + "{}", Malformed},
		{"data of Avro", append(media("application/avro"), headers...), "\x00\x01", Malformed},
		{"data twice serialized", headers, `"{}"`, Malformed},
		{"a whole event in binary mode", headers, usageJSON, Malformed},
		{"a negative quantity", headers, strings.Replace(string(data), "1234", "-1", 1), Invalid},
		{"headers as in HTTP", []Header{{"ce-specversion", []byte("1.0")}, {"ce-id", []byte("1")}}, string(data), Malformed},
		{"no ce_specversion", without("ce_specversion"), string(data), Malformed},
		{"headers as in AMQP", []Header{{"cloudEvents:id", []byte("1")}}, string(data), Malformed},
	} {
		e, bad := d.DecodeRecord(test.headers, []byte(test.value))
		if bad == nil {
			bad = e.Invalid
		}
		if bad == nil || bad.Reason != test.reason {
			t.Errorf("%s: %v, want %s", test.name, bad, test.reason)
			continue
		}
		said = append(said, sentences.Said{Of: test.name, Sentence: bad.Error()})
	}
	sentences.Check(t, "testdata/sentences/headers.txt", said)
}

// TestAttributes: they are read of what is refused, too.
func TestAttributes(t *testing.T) {
	var d Decoder
	headers, _ := inHeaders(t, usageJSON)
	all := examples(t)
	e := all["usage.recorded"]
	proto, err := e.AppendProto(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Attributes{"usage.recorded", "api-gateway/eu-1", "01JD8", "acct_42", "2026-11-23T07:31:05.123Z"}
	for name, got := range map[string]Attributes{
		"binary":   d.Attributes(headers, []byte("{")),
		"cut off":  d.Attributes(nil, []byte(usageJSON[:len(usageJSON)-40])),
		"Protobuf": d.Attributes(nil, proto),
	} {
		if got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := d.Attributes(nil, []byte("\xff")); got != (Attributes{}) {
		t.Errorf("nothing that can be read: %+v", got)
	}
}
