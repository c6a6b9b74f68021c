package gen

import (
	"encoding/base64"
	"encoding/json"
	"slices"

	ours "runrate/internal/event"
	"runrate/internal/stream"
)

// inForm is a record in another form of its event, some of them broken. Records that
// are no JSON, or whose attributes are no strings, stay as they are.
func (g *generator) inForm(r stream.Record) stream.Record {
	var members map[string]json.RawMessage
	if g.form == nil || g.form.IntN(2) == 0 || json.Unmarshal(r.Value, &members) != nil {
		return r
	}
	switch g.form.IntN(5) {
	case 0:
		media := []string{"application/cloudevents+json", "application/cloudevents+json; charset=UTF-8", "Application/CloudEvents+JSON", "application/cloudevents",
			"application/cloudevents-batch+json", "application/cloudevents+avro"}
		r.Headers = []ours.Header{{Name: "content-type", Value: []byte(media[g.form.IntN(2+g.form.IntN(5))])}}
		if g.form.IntN(4) == 0 {
			r.Value = append([]byte(" \n"), r.Value...)
		}
	case 1:
		data := members["data"]
		if data == nil {
			return r
		}
		if g.form.IntN(12) > 0 { // else both are given
			delete(members, "data")
		}
		text := base64.StdEncoding.EncodeToString(data)
		if g.form.IntN(12) == 0 {
			text += "="
		}
		members["data_base64"] = json.RawMessage(quote(text))
		r.Value = object(members)
	default:
		g.inHeaders(&r, members)
	}
	return r
}

// inHeaders puts a record into binary mode.
func (g *generator) inHeaders(r *stream.Record, members map[string]json.RawMessage) {
	var headers []ours.Header
	for _, name := range []string{"id", "source", "specversion", "subject", "time", "type"} {
		raw, ok := members[name]
		if !ok {
			continue
		}
		var text *string
		if json.Unmarshal(raw, &text) != nil || text == nil {
			return
		}
		headers = append(headers, ours.Header{Name: "ce_" + name, Value: []byte(*text)})
	}
	switch g.form.IntN(16) {
	case 0:
		headers = append(headers, headers[0])
	case 1:
		headers[0].Value = []byte("\xff")
	case 2:
		headers = append(headers, ours.Header{Name: "content-type", Value: []byte("application/json; charset=utf-8")}, ours.Header{Name: "ce_note", Value: []byte("\xff")})
	}
	r.Headers, r.Value = headers, slices.Clone(members["data"])
}

// object is JSON, its members in the order of their names.
func object(members map[string]json.RawMessage) []byte {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // they were decoded
	}
	return text
}
