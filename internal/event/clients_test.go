package event

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestClients: records as clients of other languages really produce them (test/clients
// wrote them down) are the event that they were given.
func TestClients(t *testing.T) {
	files, err := filepath.Glob("testdata/clients/*.json")
	if err != nil || len(files) < 13 {
		t.Fatalf("%d records: %v", len(files), err)
	}
	var d Decoder
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Client, Key, Value string
			Headers            [][2]string
		}
		if err := json.Unmarshal(raw, &record); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var headers []Header
		for _, h := range record.Headers {
			headers = append(headers, Header{h[0], []byte(h[1])})
		}
		got, bad := d.DecodeRecord(headers, []byte(record.Value))
		want := Event{
			Type: UsageRecorded, Source: record.Client, ID: "event-7", Account: "acct_7", Time: 1_793_617_200*Second + 123*Second/1000,
			Usage: &Usage{Product: "chat", Quantities: []Quantity{{"in", 1}}},
		}
		if bad != nil || !reflect.DeepEqual(got, want) || record.Key != "acct_7" {
			t.Errorf("%s: %v\n%+v, want\n%+v", file, bad, got, want)
		}
	}
}
