package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
)

func exampleLine(i int) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"api-gateway/eu-1","id":"01JD8%d","time":"2026-11-23T07:31:05.123Z","subject":"acct_%d","data":{"product":"chat-large","quantities":{"input_tokens":1234,"output_tokens":567},"segment":"enterprise","region":"eu"}}`, i, i%97)
}

func start(t testing.TB, partitions int32, o Options) (*kfake.Cluster, *broker.Client, *Publisher) {
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
	p, err := New(context.Background(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return k, c, p
}

// logged is every record of a topic, by partition.
func logged(t testing.TB, c *broker.Client, topic stream.Topic) [][]stream.Record {
	t.Helper()
	ranges, err := c.Offsets(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	all := make([][]stream.Record, len(ranges))
	for p := range all {
		for next := stream.Offset(0); next < ranges[int32(p)].End; {
			rs, _, err := c.Fetch(context.Background(), stream.Source{Topic: topic, Partition: int32(p)}, next, 1<<20, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			all[p] = append(all[p], rs...)
			next += stream.Offset(len(rs))
		}
	}
	return all
}

// expect is what the file must become, by topic and partition.
func expect(lines []string, partitions int32) map[stream.Topic][][]string {
	want := map[stream.Topic][][]string{
		stream.Usage.Topic(): make([][]string, partitions), stream.Subscriptions.Topic(): make([][]string, partitions),
	}
	for _, line := range lines {
		var r router
		route, bad := r.route([]byte(line))
		if bad != nil {
			continue
		}
		for _, topic := range stream.Inputs() {
			if !topic.Kind().Holds(route.Type) {
				continue
			}
			for p := range partitions {
				if route.Type.Control() || stream.Partition([]byte(route.Subject), partitions) == p {
					want[topic][p] = append(want[topic][p], line)
				}
			}
		}
	}
	return want
}

func check(t *testing.T, c *broker.Client, lines []string, partitions int32) {
	t.Helper()
	for topic, want := range expect(lines, partitions) {
		for p, rs := range logged(t, c, topic) {
			if len(rs) != len(want[p]) {
				t.Errorf("%s/%d: %d records, want %d", topic, p, len(rs), len(want[p]))
				continue
			}
			for i, r := range rs {
				if string(r.Value) != want[p][i] {
					t.Fatalf("%s/%d: record %d is\n%s\nwant\n%s", topic, p, i, r.Value, want[p][i])
				}
				if control := strings.Contains(want[p][i], "clock.ticked"); control != (r.Key == nil) {
					t.Fatalf("%s/%d: record %d has key %q", topic, p, i, r.Key)
				}
				if r.Key != nil && stream.Partition(r.Key, partitions) != int32(p) {
					t.Fatalf("%s/%d: record %d has key %q", topic, p, i, r.Key)
				}
			}
		}
	}
}

func mixedLines(n int) []string {
	var lines []string
	for i := range n {
		switch {
		case i%50 == 49:
			lines = append(lines, fmt.Sprintf(`{"type":"clock.ticked","id":"%d"}`, i))
		case i%7 == 3:
			lines = append(lines, fmt.Sprintf(`{"type":"subscription.changed","subject":"acct_%d","id":"%d"}`, i%97, i))
		default:
			lines = append(lines, exampleLine(i))
		}
	}
	return lines
}

func TestLinesKeepTheirOrder(t *testing.T) {
	lines := mixedLines(5000)
	_, c, p := start(t, 3, Options{BatchBytes: 8 << 10, Memory: 64 << 10})
	if err := Lines(t.Context(), p, strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	check(t, c, lines, 3)
	r := p.Report()
	if r.Sent() != 5000 || r.Rejected != 0 || r.Events(event.ClockTicked) != 100 {
		t.Errorf("report: %+v, %d events", r, r.Sent())
	}
	if p.pending != 0 {
		t.Errorf("%d bytes pending", p.pending)
	}
}

func TestRetriesDoNotReorder(t *testing.T) {
	lines := mixedLines(2000)
	k, c, p := start(t, 2, Options{BatchBytes: 8 << 10})
	var n atomic.Int64
	k.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		if n.Add(1)%3 != 0 {
			return nil, nil, false
		}
		produce := req.(*kmsg.ProduceRequest)
		res := produce.ResponseKind().(*kmsg.ProduceResponse)
		part := kmsg.NewProduceResponseTopicPartition()
		part.Partition, part.ErrorCode = produce.Topics[0].Partitions[0].Partition, kerr.NotEnoughReplicas.Code
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.Partitions = produce.Topics[0].Topic, []kmsg.ProduceResponseTopicPartition{part}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	if err := Lines(t.Context(), p, strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	check(t, c, lines, 2)
	if got := p.Report().Sent(); got != 2000 {
		t.Errorf("sent %d", got)
	}
}

func TestLinesThatCannotBeSent(t *testing.T) {
	big := `{"type":"usage.recorded","subject":"a","x":"` + strings.Repeat("x", 3000) + `"}`
	huge := `{"type":"usage.recorded","subject":"a","x":"` + strings.Repeat("x", 9000) + `"}`
	file := "\xef\xbb\xbf  " + exampleLine(1) + " \r\n\n" + // lines 1, 2
		"nonsense\n" + exampleLine(2) + "\n" + // 3, 4
		`{"type":"usage.recorded"}` + "\n" + big + "\n" + huge + "\n" + // 5, 6, 7
		exampleLine(3) // 8, no line break
	_, c, p := start(t, 1, Options{MaxRecord: 2000})
	if err := Lines(t.Context(), p, strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	r := p.Report()
	if r.Sent() != 3 || r.Rejected != 4 || len(r.Rejections) != 4 {
		t.Fatalf("report %+v", r)
	}
	for i, line := range []int64{3, 5, 6, 7} {
		if r.Rejections[i].Line != line {
			t.Errorf("rejection %d: %+v, want line %d", i, r.Rejections[i], line)
		}
	}
	if want := fmt.Sprintf("the event has %d bytes", len(huge)+1); !strings.HasPrefix(r.Rejections[3].Detail, want) {
		t.Errorf("%q, want %s", r.Rejections[3].Detail, want)
	}
	check(t, c, []string{exampleLine(1), exampleLine(2), exampleLine(3)}, 1)
	var out bytes.Buffer
	if _, err := r.WriteRejections(&out, ""); err != nil || !strings.Contains(out.String(), "line 3: not a JSON object") {
		t.Errorf("%s %v", &out, err)
	}
}

// TestErrorsHasEveryLine: what cannot be sent is written as it is found, each
// line with its number, reason, sentence and text, more than a report shows.
func TestErrorsHasEveryLine(t *testing.T) {
	pad := strings.Repeat("x", 1_500_000)
	var lines []string
	for i := range 3 * MaxRejections {
		lines = append(lines, exampleLine(i), fmt.Sprintf("nonsense <%d>", i))
	}
	long := `{"type":"usage.recorded","subject":"a","x":"` + strings.Repeat("y", 4<<20) + `"}`
	lines = append(lines, `{"type":"usage.deleted","subject":"é"}`, `{"type":"usage.recorded"}`, "\xff\xfe",
		`{"type":"usage.recorded","subject":"acct_0","x":"`+pad+`"}`, long, `{"type":"clock.ticked","x":"`+pad+`"}`)
	var file bytes.Buffer
	_, _, p := start(t, 2, Options{MaxRecord: 2 << 20, Errors: &file})
	if err := Lines(t.Context(), p, strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	r := p.Report()
	if r.Rejected != 3*MaxRejections+6 || len(r.Rejections) != MaxRejections {
		t.Fatalf("%d rejected, %d in the report", r.Rejected, len(r.Rejections))
	}
	found := map[int64]rejected{}
	for line := range strings.Lines(file.String()) {
		var x rejected
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&x); err != nil || x.Detail == "" || strings.Contains(line, `\u003c`) {
			t.Fatalf("%.200s: %v", line, err)
		}
		found[x.Line] = x
	}
	if int64(len(found)) != r.Rejected {
		t.Errorf("%d lines, want %d", len(found), r.Rejected)
	}
	for i, line := range lines {
		x, bad := found[int64(i+1)]
		if sound := line == exampleLine(i/2); bad == sound {
			t.Errorf("line %d: %.100s is in the file: %v", i+1, line, bad)
		}
		want := line
		switch n := i - 6*MaxRejections; {
		case !bad:
			continue
		case n == 2:
			want = "\ufffd\ufffd"
		case n == 4:
			want = line[:len(x.Text)]
			if len(x.Text) < 2<<20 {
				t.Errorf("only %d bytes of a long line", len(x.Text))
			}
		}
		if x.Text != want {
			t.Errorf("line %d: the text is %.100q, want %.100q", i+1, x.Text, want)
		}
	}
	for line, want := range map[int64]event.Reason{2: event.Malformed, 121: event.UnknownType, 122: event.Malformed, 124: event.Invalid, 125: event.Invalid, 126: event.Invalid} {
		if found[line].Reason != want {
			t.Errorf("line %d: %s, want %s", line, found[line].Reason, want)
		}
	}
}

// TestErrorsThatCannotBeWritten: a full disk ends the run; a line that is
// reported nowhere would be lost.
func TestErrorsThatCannotBeWritten(t *testing.T) {
	_, _, p := start(t, 1, Options{Errors: full{}})
	err := Lines(t.Context(), p, strings.NewReader("nonsense\n"+exampleLine(1)))
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
}

// full is a disk that is.
type full struct{}

// Write fails.
func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestTooLargeForTheBroker(t *testing.T) {
	pad := strings.Repeat("x", 1_500_000)
	lines := []string{exampleLine(0), `{"type":"usage.recorded","subject":"acct_0","x":"` + pad + `"}`, exampleLine(97), `{"type":"clock.ticked","x":"` + pad + `"}`, exampleLine(194)}
	_, c, p := start(t, 2, Options{MaxRecord: 4 << 20, BatchBytes: 8 << 20})
	if err := Lines(t.Context(), p, strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	r := p.Report()
	if r.Sent() != 3 || r.Rejected != 2 || r.Rejections[0].Line != 2 || r.Rejections[1].Line != 4 {
		t.Errorf("report %+v", r)
	}
	check(t, c, []string{lines[0], lines[2], lines[4]}, 2)
}

func TestFailureStopsThePublisher(t *testing.T) {
	k, _, p := start(t, 2, Options{})
	k.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		produce := req.(*kmsg.ProduceRequest)
		res := produce.ResponseKind().(*kmsg.ProduceResponse)
		part := kmsg.NewProduceResponseTopicPartition()
		part.Partition, part.ErrorCode = produce.Topics[0].Partitions[0].Partition, kerr.TopicAuthorizationFailed.Code
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.Partitions = produce.Topics[0].Topic, []kmsg.ProduceResponseTopicPartition{part}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	err := Lines(t.Context(), p, strings.NewReader(exampleLine(1)))
	if err == nil || !strings.Contains(err.Error(), "Topic Authorization Failed") {
		t.Errorf("error %v", err)
	}
	if got := p.Report().Sent(); got != 0 {
		t.Errorf("sent %d", got)
	}
}

func TestCanceledWhileTheBrokerIsGone(t *testing.T) {
	k, _, p := start(t, 1, Options{})
	k.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if err := p.Send(ctx, 1, []byte(exampleLine(1))); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("flush: %v", err)
	}
}

func BenchmarkLines(b *testing.B) {
	var file bytes.Buffer
	for i := range 200_000 {
		file.WriteString(exampleLine(i))
		file.WriteByte('\n')
	}
	_, _, p := start(b, 4, Options{})
	b.SetBytes(int64(file.Len()))
	var n int64
	for b.Loop() {
		if err := Lines(context.Background(), p, io.Reader(bytes.NewReader(file.Bytes()))); err != nil {
			b.Fatal(err)
		}
		n += 200_000
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
