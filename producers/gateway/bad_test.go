package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/producers/gateway"
	"runrate/producers/gateway/keys"
	"runrate/producers/gateway/request"
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
	if n := len(logged(t, c)); n != 0 {
		t.Errorf("%d events are in the log", n)
	}
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
}

// TestSlowBody: a body that does not come in time is told so; nothing of it is taken.
func TestSlowBody(t *testing.T) {
	_, c := kafka(t)
	limits := gateway.DefaultLimits
	limits.BodyTime = 50 * time.Millisecond
	url := serve(t, gateway.Options{Log: c, Limits: limits})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408") || !strings.Contains(string(answer), "/problems/slow") {
		t.Errorf("%v: %s", err, answer)
	}
}

// TestBusy: beyond the requests or the memory in flight 503 is answered, and when they
// are done all is as before.
func TestBusy(t *testing.T) {
	_, c := kafka(t)
	for _, limits := range []gateway.Limits{
		func(l gateway.Limits) gateway.Limits { l.Requests = 1; return l }(gateway.DefaultLimits),
		func(l gateway.Limits) gateway.Limits { l.Memory = 1000; return l }(gateway.DefaultLimits),
	} {
		held := &holding{Log: c, begun: make(chan struct{}), resume: make(chan struct{})}
		url := serve(t, gateway.Options{Log: held, Limits: limits}) + "/v1/events"
		first := make(chan reply)
		body := []byte("[" + usage("1", "a") + "," + usage("2", "a") + "," + usage("3", "a") + "]")
		go func() { first <- post(t, url, "application/json", body) }()
		<-held.begun
		if got := post(t, url, "application/json", body); got.status != http.StatusServiceUnavailable || got.Type != "/problems/overloaded" || got.header.Get("Retry-After") == "" {
			t.Errorf("answered %d: %s", got.status, got.body)
		}
		close(held.resume)
		if got := <-first; got.status != http.StatusAccepted {
			t.Errorf("the first is answered %d: %s", got.status, got.body)
		}
		if got := post(t, url, "application/json", body); got.status != http.StatusAccepted {
			t.Errorf("afterwards: answered %d: %s", got.status, got.body)
		}
	}
}

// TestKeys: who has no valid key is not let in, and who has one only with what it may
// send; what is spent is told; no key is in an answer.
func TestKeys(t *testing.T) {
	_, c := kafka(t)
	path := filepath.Join(t.TempDir(), "keys.yaml")
	secrets := map[string]string{}
	var set keys.Set
	for _, k := range []keys.Key{
		{Name: "all"}, {Name: "usage", Types: []string{"usage.recorded"}, Accounts: []string{"acct_"}, Sources: []string{"test"}, Rate: 0.001},
		{Name: "revoked", Revoked: time.Unix(1, 0)}, {Name: "expired", NotAfter: time.Unix(1, 0)},
	} {
		made, secret, err := keys.New(k)
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, made)
		secrets[k.Name] = secret
	}
	if err := keys.Change(path, func(s *keys.Set) error { *s = set; return nil }); err != nil {
		t.Fatal(err)
	}
	file, err := keys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, gateway.Options{Log: c, Keys: file}) + "/v1/events"
	send := func(authorization, body string) reply {
		t.Helper()
		got := post(t, url, "application/json", []byte(body), "Authorization", authorization)
		for _, secret := range secrets {
			if strings.Contains(got.body, secret[12:]) || strings.Contains(fmt.Sprint(got.header), secret[12:]) {
				t.Errorf("a key is in an answer: %s", got.body)
			}
		}
		return got
	}
	for _, authorization := range []string{"", "Bearer", "Bearer x", "Basic " + secrets["all"], "Bearer " + secrets["all"] + "0", "Bearer rr_nobody_00",
		"Bearer " + secrets["revoked"], "Bearer " + secrets["expired"], "Bearer " + strings.Replace(secrets["all"], secrets["all"][3:11], secrets["usage"][3:11], 1)} {
		got := send(authorization, usage("1", "acct_1"))
		if got.status != http.StatusUnauthorized || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%.20s: answered %d: %s", authorization, got.status, got.body)
		}
	}
	for _, x := range []struct {
		key, body string
		want      int
	}{
		{"all", usage("1", "x"), 202}, {"all", tick, 403}, {"all", subscription, 202},
		{"usage", usage("1", "acct_1"), 202}, {"usage", usage("1", "x"), 403}, {"usage", subscription, 403},
		{"usage", strings.Replace(usage("1", "acct_1"), `"test"`, `"other"`, 1), 403},
		{"usage", "[" + usage("2", "acct_1") + "," + usage("1", "x") + "]", 403},
	} {
		if got := send("Bearer "+secrets[x.key], x.body); got.status != x.want {
			t.Errorf("%s with %s: answered %d: %s", x.body, x.key, got.status, got.body)
		}
	}
	// 1,000 may come at once, and one has.
	var many []string
	for i := range 600 {
		many = append(many, usage(fmt.Sprint(i), "acct_1"))
	}
	for _, want := range []struct {
		status int
		left   string
	}{{202, `"events";r=399;`}, {429, `"events";r=399;`}} {
		got := send("Bearer "+secrets["usage"], "["+strings.Join(many, ",")+"]")
		if got.status != want.status || !strings.HasPrefix(got.header.Get("RateLimit"), want.left) || got.header.Get("RateLimit-Policy") != `"events";q=1000;w=1000000` {
			t.Errorf("answered %d, want %d: %v: %.300s", got.status, want.status, got.header, got.body)
		}
		if after := got.header.Get("Retry-After"); (after != "") != (want.status == 429) {
			t.Errorf("Retry-After is %q", after)
		}
	}
	if n := len(logged(t, c)); n != 3+600 {
		t.Errorf("%d events are in the log", n)
	}
}

// TestKeysAreReloaded: a change is taken over, a broken file is not.
func TestKeysAreReloaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.yaml")
	made, secret, err := keys.New(keys.Key{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Change(path, func(s *keys.Set) error { s.Keys = append(s.Keys, made); return nil }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte(secret[12:])) {
		t.Errorf("the file has the key: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
	for _, bad := range []string{"keys: [{id: a}]", "keyz: []", "keys: [{id: A_, sha256: " + made.SHA256 + "}]",
		"keys: [{id: a, rat: 1, sha256: " + made.SHA256 + "}]", "keys: [{id: a, types: [clock.ticked], sha256: " + made.SHA256 + "}]",
		"keys: [{id: a, sha256: " + made.SHA256 + "},{id: a, sha256: " + made.SHA256 + "}]"} {
		if _, err := keys.Parse([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// FuzzRead: whatever a body is, its events are judged as the consumer judges the records
// that they become, and none panics.
func FuzzRead(f *testing.F) {
	for form := request.Structured; form <= request.Binary; form++ {
		f.Add(byte(form), []byte(usage("1", "a")))
		f.Add(byte(form), []byte("["+usage("1", "a")+","+tick+"]"))
		f.Add(byte(form), []byte(usage("1", "a")+"\n{}\n[]\n"+subscription))
		f.Add(byte(form), []byte(`{"product":"chat","quantities":{"in":1}}`))
	}
	attributes := request.Attributes(map[string][]string{"Ce-Specversion": {"1.0"}, "Ce-Type": {"usage.recorded"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Subject": {"a"}, "Ce-Time": {"2026-11-23T07:31:05Z"}})
	var consumer event.Decoder
	f.Fuzz(func(t *testing.T, form byte, body []byte) {
		if form < byte(request.Structured) || form > byte(request.Binary) {
			return
		}
		headers := attributes
		if request.Form(form) != request.Binary {
			headers = nil
		}
		reader := request.Reader{Limits: request.DefaultLimits}
		items, err := reader.Read(request.Form(form), headers, body)
		if err != nil && len(items) > 0 {
			t.Fatalf("%v, and %d events", err, len(items))
		}
		for _, item := range items {
			e, bad := consumer.DecodeRecord(item.Headers, item.Value)
			if bad == nil {
				bad = e.Invalid
			}
			if item.Refusal == nil && (bad != nil || e.ID != item.ID || e.Type != item.Event.Type) {
				t.Fatalf("taken, and the consumer says %v of %s", bad, item.Value)
			}
			if _, err := json.Marshal(item.Refusal); err != nil {
				t.Fatal(err)
			}
		}
	})
}
