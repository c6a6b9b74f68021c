package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	"runrate/producers/gateway"
)

const partitions = 3

// kafka is a broker with both topics, and a client of it.
func kafka(t *testing.T) (*kfake.Cluster, *broker.Client) {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	c, err := broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return k, c
}

// serve is the address of a door.
func serve(t *testing.T, o gateway.Options) string {
	t.Helper()
	if o.Limits == (gateway.Limits{}) {
		o.Limits = gateway.DefaultLimits
	}
	s := httptest.NewUnstartedServer(nil)
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	s.Config = gateway.NewServer(gateway.New(o), o.Limits, o.Logger)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// reply is what is answered, with the fields of a success and of a problem.
type reply struct {
	status int
	header http.Header
	body   string

	Type, Title, Detail string
	Status              int
	Accepted, Refused   *int
	Results             []gateway.Result
}

func post(t *testing.T, url, contentType string, body []byte, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) reply {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: string(text)}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	described(t, req, resp, text)
	want := "application/json"
	if r.status >= 300 {
		want = "application/problem+json"
		if r.Status != r.status {
			t.Errorf("the problem says %d, the answer %d", r.Status, r.status)
		}
	}
	if got := resp.Header.Get("Content-Type"); got != want {
		t.Errorf("%d is answered as %s", r.status, got)
	}
	return r
}

func usage(id, account string) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"test","id":%q,"time":"2026-11-23T07:31:05.123Z","subject":%q,"data":{"product":"chat","quantities":{"in":1}}}`, id, account)
}

const subscription = `{"specversion":"1.0","type":"subscription.changed","source":"test","id":"s1","time":"2026-11-23T07:31:05Z","subject":"acct_9","data":{"subscription":"sub_9","line":"chat","plan":"team","status":"active","quantity":25,"unit_amount":"30.00","currency":"USD","interval":"month"}}`

const tick = `{"specversion":"1.0","type":"clock.ticked","source":"test","id":"t","time":"2026-11-23T07:31:05Z"}`

// logged are the events in the log, by place, as the consumer decodes them; each must lie
// on the partition of its account.
func logged(t *testing.T, c *broker.Client) map[string]event.Event {
	t.Helper()
	all := map[string]event.Event{}
	var d event.Decoder
	for _, topic := range stream.Inputs() {
		ranges, err := c.Offsets(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		for p, r := range ranges {
			source := stream.Source{Topic: topic, Partition: p}
			for at := r.First; at < r.End; {
				got, _, err := c.Fetch(t.Context(), source, at, 1<<20, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				for _, record := range got {
					e, bad := d.DecodeRecord(record.Headers, record.Value)
					if bad != nil || e.Invalid != nil {
						t.Errorf("%s@%d is refused: %v %v", source, record.Offset, bad, e.Invalid)
					}
					if string(record.Key) != string(e.Account) || stream.Partition(record.Key, partitions) != p {
						t.Errorf("%s@%d has the key %q, account %q", source, record.Offset, record.Key, e.Account)
					}
					all[stream.Place{Source: source, Offset: record.Offset}.String()] = e
					at = record.Offset + 1
				}
			}
		}
	}
	return all
}

func zipped(t testing.TB, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, body); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, body string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll([]byte(body), nil)
}

// TestForms: every form of body is taken, and each event is in the log where the answer
// says, and where it belongs.
func TestForms(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	binary := []string{"ce-specversion", "1.0", "ce-type", "usage.recorded", "ce-source", "test%2Fbinary", "ce-id", "b1", "ce-time", "2026-11-23T07:31:05Z", "ce-subject", "acct%20Euro%E2%82%AC", "ce-extension", "x"}
	for _, c := range []struct {
		name, contentType string
		body              []byte
		headers           []string
		events            int
	}{
		{"structured", "application/cloudevents+json", []byte(usage("1", "a")), nil, 1},
		{"structured, with a parameter", "application/cloudevents+json; charset=utf-8", []byte(" " + usage("2", "a") + "\n"), nil, 1},
		{"a subscription", "APPLICATION/CloudEvents+JSON", []byte(subscription), nil, 1},
		{"batch", "application/cloudevents-batch+json;charset=UTF-8", []byte("[" + usage("3", "a") + " , " + usage("4", "b") + "]"), nil, 2},
		{"an empty batch", "application/cloudevents-batch+json", []byte("[]"), nil, 0},
		{"lines", "application/x-ndjson", []byte(usage("5", "c") + "\r\n\n" + usage("6", "d") + "\n"), nil, 2},
		{"an object", "application/json", []byte(usage("7", "a")), nil, 1},
		{"an array", "application/json", []byte("[" + usage("8", "a") + "]"), nil, 1},
		{"binary", "application/json", []byte(`{"product":"chat","quantities":{"in":1}}`), binary, 1},
		{"gzip", "application/json", zipped(t, "["+usage("9", "a")+"]"), []string{"Content-Encoding", "gzip"}, 1},
		{"zstd", "application/json", zstandard(t, "["+usage("10", "a")+"]"), []string{"Content-Encoding", "zstd"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := post(t, url, c.contentType, c.body, c.headers...)
			if got.status != http.StatusAccepted || len(got.Results) != c.events || *got.Accepted != c.events || *got.Refused != 0 {
				t.Fatalf("answered %d: %s", got.status, got.body)
			}
			for i, r := range got.Results {
				if r.Index != i || r.Status != http.StatusAccepted || r.ID == nil || r.Partition == nil || r.Offset == nil || r.Topic == "" {
					t.Errorf("result %d: %s", i, got.body)
				}
			}
		})
	}
	all := logged(t, c)
	if len(all) != 12 {
		t.Errorf("%d events are in the log", len(all))
	}
	for place, e := range all {
		if e.ID == "b1" && (e.Source != "test/binary" || e.Account != "acct Euro€") {
			t.Errorf("%s: %+v", place, e)
		}
	}
}

// TestPartly: the good events of a request are in the log, where the answer says, and the
// others are refused in the words of the consumer.
func TestPartly(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	lines := usage("1", "a") + "\n" + `{"specversion":"1.0","type":"usage.recorded","source":"s","id":"no-time","subject":"a","data":{}}` + "\nnonsense\n" + usage("", "b") + "\n" + usage("2", "c")
	got := post(t, url, "application/x-ndjson", []byte(lines))
	if got.status != http.StatusUnprocessableEntity || *got.Accepted != 2 || *got.Refused != 3 || got.Type != "/problems/events_refused" {
		t.Fatalf("answered %d: %s", got.status, got.body)
	}
	all := logged(t, c)
	for i, want := range []event.Reason{"", event.Malformed, event.Malformed, event.Invalid, ""} {
		r := got.Results[i]
		if r.Index != i || r.Reason != want || (want == "") != (r.Status == http.StatusAccepted) {
			t.Errorf("%d: %+v", i, r)
		}
		if want != "" {
			if r.Status != http.StatusUnprocessableEntity || r.Detail == "" || r.Pointer == nil || !strings.HasPrefix(*r.Pointer, fmt.Sprintf("/%d", i)) || r.Offset != nil {
				t.Errorf("%d: %+v", i, r)
			}
			continue
		}
		if place := fmt.Sprintf("%s/%d@%d", r.Topic, *r.Partition, *r.Offset); all[place].ID != *r.ID {
			t.Errorf("%d: at %s there is %+v", i, place, all[place])
		}
	}
	if id := got.Results[1].ID; id == nil || *id != "no-time" || got.Results[2].ID != nil {
		t.Errorf("ids: %s", got.body)
	}
	if len(all) != 2 {
		t.Errorf("%d events are in the log", len(all))
	}
	if got := post(t, url+"?partial=accept", "application/x-ndjson", []byte(lines)); got.status != http.StatusOK || *got.Accepted != 2 || *got.Refused != 3 || len(got.Results) != 5 {
		t.Errorf("?partial=accept is answered %d: %s", got.status, got.body)
	}
	for path, want := range map[string]int{":validate": http.StatusUnprocessableEntity, ":validate?partial=accept": http.StatusOK} {
		if got := post(t, url+path, "application/x-ndjson", []byte(lines)); got.status != want || *got.Accepted != 2 || *got.Refused != 3 || got.Results[0].Offset != nil {
			t.Errorf("%s is answered %d: %s", path, got.status, got.body)
		}
	}
	if n := len(logged(t, c)); n != 4 {
		t.Errorf("%d events are in the log after all", n)
	}
}

// TestForbidden: one event that no key may send, and nothing of the request is taken.
func TestForbidden(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c}) + "/v1/events"
	for _, path := range []string{"", ":validate"} {
		got := post(t, url+path, "application/json", []byte("["+usage("1", "a")+","+tick+"]"))
		if got.status != http.StatusForbidden || len(got.Results) != 1 || got.Results[0].Index != 1 || got.Results[0].Status != http.StatusForbidden {
			t.Errorf("answered %d: %s", got.status, got.body)
		}
	}
	if n := len(logged(t, c)); n != 0 {
		t.Errorf("%d events are in the log", n)
	}
}

// away is a Kafka that is not there.
type away struct{ err error }

func (a away) Append(context.Context, stream.Topic, int32, []broker.Message) (stream.Offset, error) {
	return 0, a.err
}

func (a away) Partitions(context.Context, stream.Topic) (int32, error) { return partitions, nil }

// TestNotAcknowledged: what Kafka has not acknowledged is never answered as accepted.
func TestNotAcknowledged(t *testing.T) {
	limits := gateway.DefaultLimits
	limits.Total = 100 * time.Millisecond
	for _, err := range []error{io.ErrUnexpectedEOF, fmt.Errorf("no grant")} {
		url := serve(t, gateway.Options{Log: away{err}, Limits: limits}) + "/v1/events"
		got := post(t, url, "application/json", []byte("["+usage("1", "a")+",{}]"))
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || *got.Accepted != 0 || *got.Refused != 1 ||
			got.Results[0].Status != http.StatusServiceUnavailable || got.Results[1].Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: answered %d: %s", err, got.status, got.body)
		}
		if got := post(t, url+":validate", "application/json", []byte(usage("1", "a"))); got.status != http.StatusAccepted {
			t.Errorf("%v: :validate is answered %d: %s", err, got.status, got.body)
		}
	}
}
