package oracle

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"runrate/internal/stream"
)

// decodeRecord is the event of a record as an object, by DEFINITIONS E1: structured by
// its content type, binary, or JSON by its first byte.
func decodeRecord(r stream.Record) (object, bool) {
	media, binary := "", false
	for _, h := range r.Headers {
		switch h.Name {
		case "content-type":
			media, _, _ = strings.Cut(string(h.Value), ";")
		case "ce_specversion":
			binary = true
		}
	}
	media = strings.ToLower(strings.TrimSpace(media))
	var o object
	ok := false
	switch {
	case media == "application/cloudevents+json" || media == "application/cloudevents":
		o, ok = decodeObject([]byte(strings.TrimLeft(string(r.Value), " \t\r\n")))
	case strings.HasPrefix(media, "application/cloudevents"):
	case binary:
		return decodeBinary(r)
	default:
		o, ok = decodeObject(r.Value)
	}
	if !ok {
		return nil, false
	}
	return o.withBase64()
}

// decodeBinary puts an object together from headers and data.
func decodeBinary(r stream.Record) (object, bool) {
	o := object{}
	for _, name := range []string{"specversion", "type", "source", "id", "time", "subject"} {
		for _, h := range r.Headers {
			if h.Name != "ce_"+name {
				continue
			}
			if _, twice := o[name]; twice || !utf8.Valid(h.Value) {
				return nil, false
			}
			o[name] = string(h.Value)
		}
	}
	if len(r.Value) == 0 {
		return o, true
	}
	data, ok := decodeAny(string(r.Value))
	o["data"] = data
	return o, ok
}

// withBase64 is the object with the data that data_base64 holds, if it does.
func (o object) withBase64() (object, bool) {
	if o["data_base64"] == nil {
		return o, true
	}
	text, ok := o["data_base64"].(string)
	if !ok || o["data"] != nil {
		return nil, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) == 0 {
		return o, err == nil
	}
	o["data"], ok = decodeAny(string(data))
	return o, ok
}

// decodeAny reads exactly one JSON value; numbers keep their literal.
func decodeAny(text string) (any, bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}
