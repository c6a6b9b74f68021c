package event

import "testing"

// benchUsage is a usage event of some 250 bytes, as an API gateway publishes it.
const benchUsage = `{"specversion":"1.0","type":"usage.recorded","source":"api-gateway/eu-1","id":"01JD8ZK5Y3W5T7",` +
	`"time":"2026-11-23T07:31:05.123Z","subject":"acct_42","data":{"product":"chat-large",` +
	`"quantities":{"input_tokens":1234,"output_tokens":567},"segment":"ent","region":"eu"}}`

func BenchmarkDecodeJSON(b *testing.B) { benchmarkDecode(b, []byte(benchUsage)) }

func BenchmarkDecodeProto(b *testing.B) {
	var d Decoder
	e, bad := d.Decode([]byte(benchUsage))
	if bad != nil {
		b.Fatal(bad)
	}
	value, err := e.AppendProto(nil)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkDecode(b, value)
}

func benchmarkDecode(b *testing.B, value []byte) {
	var d Decoder
	b.ReportAllocs()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		e, bad := d.Decode(value)
		if bad != nil || e.Invalid != nil {
			b.Fatal(bad, e.Invalid)
		}
	}
}

func BenchmarkIdentity(b *testing.B) {
	var d Decoder
	e, bad := d.Decode([]byte(benchUsage))
	if bad != nil {
		b.Fatal(bad)
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Identity()
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	var d Decoder
	e, bad := d.Decode([]byte(benchUsage))
	if bad != nil {
		b.Fatal(bad)
	}
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = e.AppendJSON(dst[:0])
	}
}
