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
	{"\xef\xbb\xbf", "text after a byte order mark", "leave that out, so that { is the first byte"},
	{"\xff\xfe", "UTF-16 or UTF-32", "write it in UTF-8"},
	{"\xfe\xff", "UTF-16", "write it in UTF-8"},
	{"{\x00", "UTF-16", "write it in UTF-8"},
	{"\x00{", "UTF-16", "write it in UTF-8"},
	{"[", "a JSON array", "send each event as a record of its own"},
	{"\"{", "JSON inside a JSON string", "serialize it once, by a serializer of strings or bytes"},
	{"eyJ", "JSON in base64", "send it as it is"},
	{"<", "XML or HTML", "write it in JSON"},
	{"Obj\x01", "Avro", "write it in JSON"},
	{"\xac\xed\x00\x05", "a serialized Java object", "use a serializer of strings or bytes"},
	// After UTF-16: a zero byte and a schema's number, then JSON, Protobuf or Avro.
	{"\x00", "the wire format of a schema registry", "use a serializer without one, so that the value is the event alone"},
}

const uncompressed = "send it uncompressed; Kafka's own compression is transparent"

// LooksLike names what a value that is no event looks like, and the way out;
// both are "" when that is not known.
func LooksLike(value []byte) (what, wayOut string) {
	for _, l := range looks {
		if bytes.HasPrefix(value, []byte(l.first)) {
			return l.what, l.wayOut
		}
	}
	trimmed := bytes.TrimLeft(value, " \t\r\n")
	switch {
	case len(trimmed) == 0 || trimmed[0] == '{' && len(trimmed) == len(value):
		return "", ""
	case trimmed[0] == '{' || trimmed[0] == '[':
		return "JSON after white space", "leave that out, so that { is the first byte"
	}
	return "", ""
}

// isText says whether the first bytes are printable ASCII.
func isText(b []byte) bool {
	for _, c := range b[:min(len(b), 64)] {
		if (c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
