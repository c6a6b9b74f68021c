package event

import "bytes"

// looks are the first bytes of what is sent in place of an event, what that is
// called, and the way out.
var looks = []struct{ first, what, wayOut string }{
	{"\x1f\x8b", "gzip", uncompressed},
	{"\x28\xb5\x2f\xfd", "zstd", uncompressed},
	{"\x04\x22\x4d\x18", "lz4", uncompressed},
	{"\xff\x06\x00\x00sNaPpY", "snappy", uncompressed},
	{"\x82SNAPPY\x00", "snappy", uncompressed},
	{"BZh", "bzip2", uncompressed},
	{"PK\x03\x04", "a zip file", uncompressed},
	{"\xff\xfe", "UTF-16 or UTF-32", inUTF8},
	{"\xfe\xff", "UTF-16", inUTF8},
	{"{\x00", "UTF-16", inUTF8},
	{"\x00{", "UTF-16", inUTF8},
	{"Obj\x01", "Avro", "send JSON, or the message runrate.events.v1.Event"},
	{"\xac\xed\x00\x05", "a serialized Java object", "give the producer a serializer of bytes or strings"},
	{"\"{", "JSON inside a JSON string", "serialize it once: give the producer a serializer of bytes or strings"},
	{"eyJ", "JSON in base64", "send it as it is, without base64"},
	{"<", "XML or HTML", "send JSON, or the message runrate.events.v1.Event"},
	// Last: a zero byte and a schema's number, before JSON, Protobuf or Avro.
	{"\x00", "the wire format of a schema registry", "use a serializer without one: a value is the event alone"},
}

const (
	uncompressed = "send it uncompressed; Kafka's own compression (compression.type) is transparent"
	inUTF8       = "send it in UTF-8"
)

// LooksLike names what a value that is no event looks like by its first bytes,
// and the way out; both are "" when that is not known.
func LooksLike(value []byte) (what, wayOut string) {
	for _, l := range looks {
		if bytes.HasPrefix(value, []byte(l.first)) {
			return l.what, l.wayOut
		}
	}
	return "", ""
}
