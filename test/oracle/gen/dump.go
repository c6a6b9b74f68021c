package gen

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	ours "runrate/internal/event"
	"runrate/internal/stream"
)

// line is one record in a dump. Value is for reading, Bytes is what counts
// where the value is not UTF-8 text.
type line struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Time      int64  `json:"time"` // microseconds
	Key       []byte `json:"key"`
	Account   string `json:"account"` // the key as text, for reading
	Value     []byte `json:"value"`
	Text      string `json:"text"` // the value as text, for reading
	Skipped   bool   `json:"skipped,omitempty"`

	Headers []ours.Header `json:"headers,omitempty"`
}

// Describe is a sentence that is enough to make the stream again.
func (g Generated) Describe() string {
	return fmt.Sprintf("gen.Stream(seed %d): %d records, %d partitions a topic", g.Seed, len(g.Entries), g.Partitions)
}

// Dump writes the stream as NDJSON, a record a line in the order they were
// appended, for Load to read and a person to look at.
func (g Generated) Dump(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, e := range g.Entries {
		err := enc.Encode(line{e.Source.Topic.String(), e.Source.Partition, int64(e.Record.Offset), e.Record.Time,
			e.Record.Key, string(e.Record.Key), e.Record.Value, string(e.Record.Value), e.Record.Skipped, e.Record.Headers})
		if err != nil {
			return fmt.Errorf("dump %s@%d: %w", e.Source, e.Record.Offset, err)
		}
	}
	return nil
}

// Load reads what Dump wrote of a stream with that many partitions a topic.
func Load(r io.Reader, partitions int32) (Generated, error) {
	g := Generated{Partitions: partitions}
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var l line
		if err := dec.Decode(&l); err == io.EOF {
			return g, nil
		} else if err != nil {
			return g, fmt.Errorf("load record %d: %w", len(g.Entries), err)
		}
		topic, ok := stream.InputNamed(l.Topic)
		if !ok {
			return g, fmt.Errorf("load record %d: %q is no input topic", len(g.Entries), l.Topic)
		}
		g.Entries = append(g.Entries, Entry{
			Source: stream.Source{Topic: topic, Partition: l.Partition},
			Record: stream.Record{Offset: stream.Offset(l.Offset), Time: l.Time, Key: l.Key, Value: l.Value, Skipped: l.Skipped, Headers: l.Headers},
		})
	}
}
