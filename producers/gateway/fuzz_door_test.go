package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers/gateway"
	"runrate/producers/gateway/keys"
)

// kept is a log in memory that takes everything.
type kept struct {
	mu  sync.Mutex
	new []record // since taken was called
	at  stream.Offset
}

type record struct {
	source  stream.Source
	message broker.Message
}

func (k *kept) Partitions(context.Context, stream.Topic) (int32, error) { return partitions, nil }

func (k *kept) Append(_ context.Context, topic stream.Topic, partition int32, messages []broker.Message) (stream.Offset, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.at
	for _, m := range messages {
		k.new = append(k.new, record{stream.Source{Topic: topic, Partition: partition}, m})
	}
	k.at += stream.Offset(len(messages))
	return at, nil
}

func (k *kept) taken() []record {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken := k.new
	k.new = nil
	return taken
}

// requested is a request with its head, as it is on the wire, and its body; nil if Go's server
// does not hand such a head to the door.
func requested(head, body string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n")))
	if err != nil || r.Method == http.MethodConnect || !strings.HasPrefix(r.RequestURI, "/") {
		return nil
	}
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	if slices.Contains(r.TransferEncoding, "chunked") {
		r.ContentLength = -1
	}
	return r
}

// FuzzDoor: whatever a request is, the door answers as it is described to, in the log is what it
// says is accepted, in place and as the consumer takes it, what is to be judged only writes nothing
// and is judged alike, nobody without a key gets in, and nothing stays held.
func FuzzDoor(f *testing.F) {
	seedDoor(f)
	log := &kept{}
	open := gateway.New(gateway.Options{Log: log})
	file, err := keys.Open(keysOf(f))
	if err != nil {
		f.Fatal(err)
	}
	locked := gateway.New(gateway.Options{Log: log, Keys: file})
	f.Fuzz(func(t *testing.T, head, body string) {
		ask := func(d *gateway.Door, target string) (*http.Request, answered) {
			r := requested(head, body)
			if r == nil {
				t.Skip()
			}
			if target != "" {
				r.URL.Path = target
			}
			a := serveOne(t, d, r)
			if !d.Idle() {
				t.Errorf("%q: memory or a place of the requests in flight stays held", head)
			}
			return r, a
		}
		r, a := ask(open, "")
		if taken := log.taken(); r.URL.EscapedPath() != "/v1/events:validate" || len(taken) > 0 {
			holds(t, a, taken)
		}
		if r.Method != http.MethodPost || r.URL.EscapedPath() != "/v1/events" {
			return
		}
		if _, judged := ask(open, "/v1/events:validate"); len(log.taken()) > 0 || !reflect.DeepEqual(judged.placeless(), a.placeless()) {
			t.Errorf("judged %+v, and then %+v", judged, a)
		}
		// Headers that are too large are refused before that.
		if _, refused := ask(locked, ""); len(log.taken()) > 0 || refused.status != http.StatusUnauthorized && refused.status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("without a key it is answered %+v", refused)
		}
	})
}

// keysOf is a file with one key, which nobody knows.
func keysOf(f *testing.F) (path string) {
	path = filepath.Join(f.TempDir(), "keys.yaml")
	key, _, err := keys.New(keys.Key{Name: "nobody"})
	if err == nil {
		err = keys.Change(path, func(s *keys.Set) error { s.Keys = []keys.Key{key}; return nil })
	}
	if err != nil {
		f.Fatal(err)
	}
	return path
}

// answered is what the door says.
type answered struct {
	status            int
	Accepted, Refused int
	Results           []gateway.Result
}

// placeless is the answer without where events are in the log.
func (a answered) placeless() answered {
	a.Results = slices.Clone(a.Results)
	for i := range a.Results {
		a.Results[i].Topic, a.Results[i].Partition, a.Results[i].Offset = "", nil, nil
	}
	return a
}

// serveOne has a door answer a request, as it is described to.
func serveOne(t *testing.T, d *gateway.Door, r *http.Request) (a answered) {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	a.status = w.Code
	if w.Code >= 500 {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
	if path := r.URL.EscapedPath(); path != "/v1/events" && path != "/v1/events:validate" {
		return a
	}
	described(t, r, w.Result(), w.Body.Bytes())
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return a
}

// holds holds what is in the log to the answer.
func holds(t *testing.T, a answered, log []record) {
	t.Helper()
	var said, there []string
	for i, r := range a.Results {
		switch {
		case r.Status == http.StatusAccepted:
			said = append(said, *r.ID)
		case r.Reason == "" || r.Detail == "":
			t.Errorf("%d is refused, and nobody says why: %+v", i, r)
		}
	}
	var d event.Decoder
	for _, r := range log {
		e, bad := d.DecodeRecord(r.message.Headers, r.message.Value)
		if bad == nil {
			bad = e.Invalid
		}
		if bad != nil || e.Type.Control() {
			t.Fatalf("in the log, and the consumer says %v of %v %q", bad, r.message.Headers, r.message.Value)
		}
		kind, _ := stream.Home(e.Type)
		if string(r.message.Key) != string(e.Account) || r.source.Topic.Kind() != kind || r.source.Partition != stream.Partition(r.message.Key, partitions) {
			t.Errorf("an event of %q is in %s with the key %q", e.Account, r.source, r.message.Key)
		}
		there = append(there, e.ID)
	}
	slices.Sort(said)
	slices.Sort(there)
	if !slices.Equal(said, there) || a.Accepted != len(there) {
		t.Errorf("answered %+v, and in the log are %q", a, there)
	}
}

// seedDoor has the fuzzer begin with requests of every form.
func seedDoor(f *testing.F) {
	const post = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: "
	binary := "application/json\r\nce-specversion: 1.0\r\nce-type: usage.recorded\r\nce-id: 1%20\r\nce-source: s\r\nce-subject: %E2%82%AC\r\nce-time: 2026-11-23T07:31:05Z"
	for _, seed := range [][2]string{
		{post + "application/cloudevents+json", usage("1", "a")},
		{post + "application/cloudevents-batch+json; charset=utf-8\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b", "[" + usage("1", "a") + "," + subscription + "]"},
		{post + "application/x-ndjson\r\nTransfer-Encoding: chunked", usage("1", "a") + "\n{}\n[]\n" + subscription + "\n" + usage("1", "a")},
		{post + "application/json\r\nAuthorization: Bearer rr_x_y", "[" + usage("1", "a") + "," + tick + "]"},
		{post + binary, `{"product":"chat","quantities":{"in":1}}`},
		{post + "application/json\r\nContent-Encoding: gzip", string(zipped(f, "["+usage("1", "a")+","+subscription+"]"))},
		{post + "application/json\r\nContent-Encoding: zstd", string(zstandard(f, "["+usage("1", "a")+","+tick+"]"))},
		{strings.Replace(post, "events", "events?partial=accept", 1) + "application/json", "[" + usage("1", "a") + ",{}]"},
		{strings.Replace(post, "events", "events:validate", 1) + "application/json", usage("1", "a")},
		{"GET /problems/malformed HTTP/1.0", ""},
	} {
		f.Add(seed[0], seed[1])
	}
}
