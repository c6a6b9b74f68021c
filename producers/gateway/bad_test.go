package gateway_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"runrate/internal/event"
	"runrate/producers/gateway"
	"runrate/test/sentences"
)

// TestBadRequests is the table of bad requests with status and words: testdata/bad.txt.
func TestBadRequests(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	const one, batch, lines = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
	many := "[" + strings.Repeat("{},", 1000) + "{}]"
	var said []sentences.Said
	for _, b := range []struct {
		name, contentType string
		body              []byte
		headers           []string
		query             string
	}{
		{"an empty body", one, nil, nil, ""},
		{"white space", lines, []byte("\n \n"), nil, ""},
		{"a cut off object", one, []byte(`{"specversion":`), nil, ""},
		{"two objects", one, []byte("{} {}"), nil, ""},
		{"a string", "application/json", []byte(`"x"`), nil, ""},
		{"not JSON", "application/json", []byte(`id=1&subject=a`), nil, ""},
		{"a broken array", batch, []byte("[" + usage("1", "a") + ",]"), nil, ""},
		{"an array that does not end", batch, []byte("[" + usage("1", "a")), nil, ""},
		{"a batch as one event", one, []byte("[]"), nil, ""},
		{"one event as a batch", batch, []byte("{}"), nil, ""},
		{"an object without attributes", one, []byte("{}"), nil, ""},
		{"numbers in an array", batch, []byte("[1,null,[]]"), nil, ""},
		{"a line that is broken", lines, []byte(`{"a":` + "\n[]\n" + `{}x`), nil, ""},
		{"a gzip in lines", lines, zipped(t, "x"), nil, ""},
		{"no time", one, []byte(strings.Replace(usage("1", "a"), `"time":"2026-11-23T07:31:05.123Z",`, "", 1)), nil, ""},
		{"a type that is none", one, []byte(strings.Replace(usage("1", "a"), "usage.recorded", "usage", 1)), nil, ""},
		{"an empty subject", one, []byte(usage("1", "")), nil, ""},
		{"a quantity below 0", one, []byte(strings.Replace(usage("1", "a"), `"in":1`, `"in":-1`, 1)), nil, ""},
		{"a member twice", one, []byte(strings.Replace(usage("1", "a"), `"in":1`, `"in":1,"in":2`, 1)), nil, ""},
		{"an event of 64 KiB and a byte", one, large(64<<10 + 1), nil, ""},
		{"an event 33 deep", one, deep(33), nil, ""},
		{"1,001 events", batch, []byte(many), nil, ""},
		{"1,001 lines", lines, []byte(strings.Repeat("{}\n", 1001)), nil, ""},
		{"4 MiB and a byte", lines, bytes.Repeat([]byte(" "), 4<<20+1), nil, ""},
		{"4 MiB and a byte, in gzip", lines, zipped(t, strings.Repeat(" ", 4<<20+1)), []string{"Content-Encoding", "gzip"}, ""},
		{"4 MiB and a byte, in zstd", lines, zstandard(t, strings.Repeat(" ", 4<<20+1)), []string{"Content-Encoding", "zstd"}, ""},
		{"no gzip", one, []byte("{}"), []string{"Content-Encoding", "gzip"}, ""},
		{"half a gzip", one, zipped(t, usage("1", "a"))[:40], []string{"Content-Encoding", "gzip"}, ""},
		{"no zstd", one, []byte("{}"), []string{"Content-Encoding", "zstd"}, ""},
		{"brotli", one, []byte("{}"), []string{"Content-Encoding", "br"}, ""},
		{"no content type", "", []byte("{}"), nil, ""},
		{"a form", "application/x-www-form-urlencoded", []byte("a=b"), nil, ""},
		{"CloudEvents as Avro", "application/cloudevents+avro", []byte("x"), nil, ""},
		{"a tick", one, []byte(tick), nil, ""},
		{"binary without data", "application/json", nil, []string{"ce-specversion", "1.0", "ce-type", "usage.recorded", "ce-source", "s", "ce-id", "1", "ce-time", "2026-11-23T07:31:05Z", "ce-subject", "a"}, ""},
		{"binary without a time", "application/json", []byte(`{}`), []string{"ce-specversion", "1.0", "ce-type", "usage.recorded", "ce-source", "s", "ce-id", "1", "ce-subject", "a"}, ""},
		{"binary with an id twice", "application/json", []byte(`{}`), []string{"ce-specversion", "1.0", "ce-id", "1", "ce-id", "2"}, ""},
		{"binary with half of JSON", "application/json", []byte(`{`), []string{"ce-specversion", "1.0", "ce-id", "1"}, ""},
		{"large headers", one, []byte("{}"), []string{"X-Large", strings.Repeat("x", 16<<10)}, ""},
		{"partial=yes", one, []byte("{}"), nil, "?partial=yes"},
		{"a key in the URL", one, []byte("{}"), nil, "?key=rr_1_2"},
	} {
		got := post(t, url+b.query, b.contentType, b.body, b.headers...)
		if got.status < 400 || got.status > 499 {
			t.Errorf("%s: answered %d", b.name, got.status)
		}
		said = append(said, sentences.Said{Of: b.name, Sentence: words(got)})
	}
	sentences.Check(t, "testdata/bad.txt", said)
	tabled(t, said)
	if n := len(logged(t, c)); n != 0 {
		t.Errorf("%d events are in the log", n)
	}
}

// page is where people read of bad requests; between head and the next heading is the table.
const (
	page = "../../docs/HTTP.md"
	head = "| sent | code | reason | it says |\n|---|---|---|---|\n"
)

// tabled holds the table of bad requests in docs/HTTP.md to what is answered. -table writes
// it anew.
func tabled(t *testing.T, said []sentences.Said) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("%s has no table %s", page, head)
	}
	had, after, _ := strings.Cut(rest, "\n\n")
	var want strings.Builder
	for _, s := range said {
		want.WriteString(row(s))
	}
	if *table {
		if err := os.WriteFile(page, []byte(before+head+want.String()+"\n"+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if had+"\n" != want.String() {
		t.Errorf("the table of %s (go test ./producers/gateway -run TestBadRequests -table writes it) is not:\n%s", page, want.String())
	}
}

var table = flag.Bool("table", false, "write the table of bad requests in docs/HTTP.md anew")

// row is the answer to a bad request as a row: of an event that is refused, its first
// result says why.
func row(s sentences.Said) string {
	lines := strings.Split(s.Sentence, "\n")
	code, of, _ := strings.Cut(lines[0], " ")
	kind, detail, _ := strings.Cut(of, ": ")
	reason := strings.TrimPrefix(kind, "/problems/")
	for _, line := range lines[1:] {
		if rest, ok := strings.CutPrefix(line, "0 "+code+" "); ok {
			reason, rest, _ = strings.Cut(rest, " at ")
			_, detail, _ = strings.Cut(rest, ": ")
		}
	}
	return fmt.Sprintf("| %s | %s | `%s` | %s |\n", s.Of, code, reason, strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(detail))
}

// words are what a client sees of a problem: of many results the first three.
func words(r reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s: %s\n", r.status, r.Type, r.Detail)
	for _, name := range []string{"Accept-Post", "Accept-Encoding", "Allow", "Retry-After", "WWW-Authenticate"} {
		if value := r.header.Get(name); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	for i, of := range r.Results[:min(len(r.Results), 3)] {
		pointer := ""
		if of.Pointer != nil {
			pointer = *of.Pointer
		}
		fmt.Fprintf(&b, "%d %d %s at %q: %s\n", i, of.Status, of.Reason, pointer, of.Detail)
	}
	return b.String()
}

// large is an event of so many bytes.
func large(size int) []byte {
	e := strings.Replace(usage("1", "a"), `"data":{`, `"data":{"note":"NOTE",`, 1)
	return []byte(strings.Replace(e, "NOTE", strings.Repeat("x", size-len(e)+4), 1))
}

// deep is an event with so many objects in one another.
func deep(depth int) []byte {
	inner := strings.Repeat(`{"x":`, depth-2) + "1" + strings.Repeat("}", depth-2)
	return []byte(strings.Replace(usage("1", "a"), `"data":{`, `"data":{"note":`+inner+`,`, 1))
}

// TestAtTheLimits: what is just within the limits is taken.
func TestAtTheLimits(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	var lines strings.Builder
	for i := range 1000 {
		lines.WriteString(usage(fmt.Sprint(i), fmt.Sprint("acct_", i%50)) + "\n")
	}
	for name, body := range map[string][]byte{
		"64 KiB": large(64 << 10), "32 deep": deep(32), "1,000 events": []byte(lines.String()),
		"4 MiB": append([]byte(usage("1", "a")+"\n"), bytes.Repeat([]byte(" "), 4<<20-len(usage("1", "a"))-1)...),
	} {
		if got := post(t, url, "application/x-ndjson", body); got.status != http.StatusAccepted {
			t.Errorf("%s: answered %d: %.300s", name, got.status, got.body)
		}
	}
}

// TestProblemsAreExplained: each type of problem, and each reason of an event, has a page.
func TestProblemsAreExplained(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c})
	for _, name := range []string{"events_refused", "broken_request", "not_acknowledged", "overloaded", string(event.Malformed), string(event.UnpricedMeter)} {
		resp, err := http.Get(url + "/problems/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), name) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
	for path, want := range map[string]int{"/problems/none": 404, "/v1/nothing": 404, "/v1/events": 405} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := do(t, req); got.status != want {
			t.Errorf("%s is answered %d", path, got.status)
		}
	}
	for _, path := range []string{"/problems/not_found", "/openapi.json", "/readyz"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := do(t, req); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("DELETE %s is answered %d, Allow: %q", path, got.status, got.header.Get("Allow"))
		}
	}
}
