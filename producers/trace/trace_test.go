package trace

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/deploy/prices"
	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/producers/publish"
)

func text(name, product, csv string) Input {
	return Input{Name: name, Product: product, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(csv)), nil }}
}

const head = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"

// play runs a replay and decodes what it sends.
func play(t *testing.T, r Replay) []event.Event {
	t.Helper()
	s, err := Scan(r.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Run(t.Context(), s, NewNDJSON(&out)); err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	var d event.Decoder
	for line := range bytes.Lines(out.Bytes()) {
		e, refusal := d.Decode(bytes.TrimSpace(line))
		if refusal != nil || e.Invalid != nil {
			t.Fatalf("%s: %v %v", line, refusal, e.Invalid)
		}
		events = append(events, e)
	}
	return events
}

func at(s string) event.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return event.TimeOf(t)
}

func TestReplay(t *testing.T) {
	r := Replay{
		Inputs: []Input{
			text("a_conv", ConversationProduct, head+"2023-11-16 18:59:58.1234567,374,44\r\n2023-11-16 19:02:30.0000000,396,109"),
			text("b_code", CodeProduct, head+"2023-11-16 19:00:00.0000000,4808,10\r\n"),
		},
		Accounts: 10, Repeat: 2, Tick: event.Minute, Every: event.Day,
	}
	var got []string
	ticks := 0
	for _, e := range play(t, r) {
		if e.Type == event.ClockTicked {
			if ticks++; e.Jump != (ticks == 1) {
				t.Errorf("tick %d: jump is %v", ticks, e.Jump)
			}
		}
		what := e.Time.String()
		if e.Type == event.UsageRecorded {
			what += fmt.Sprintf(" %s %s %d", e.ID, e.Usage.Product, e.Usage.Quantities[0].Count)
		}
		got = append(got, what)
	}
	want := []string{
		"2023-11-16T18:59:00Z", "2023-11-16T18:59:58.123456Z a_conv-1 chat-large 374",
		"2023-11-16T19:00:00Z", "2023-11-16T19:00:00Z b_code-1 code-completion 4808",
		"2023-11-16T19:01:00Z", "2023-11-16T19:02:00Z", "2023-11-16T19:02:30Z a_conv-2 chat-large 396",
	}
	want = append(want, "2023-11-16T19:03:00Z") // then the full hours of the pause, while more than one is left
	for h := event.Time(20); h < 43; h++ {
		want = append(want, (at("2023-11-16T00:00:00Z") + h*event.Hour).String())
	}
	i := slices.Index(got, want[len(want)-1])
	if i < 0 || !slices.Equal(got[:i+1], want) {
		t.Fatalf("got\n%s\nwant it to begin\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	tail := []string{
		"2023-11-17T19:02:00Z", "2023-11-17T19:02:30Z a_conv-2-r2 chat-large 396", "2023-11-17T20:00:00Z", "2023-11-18T00:00:00Z",
	}
	if !slices.Equal(got[len(got)-4:], tail) {
		t.Errorf("ends %v, want %v", got[len(got)-4:], tail)
	}
	var last event.Time
	for _, g := range got {
		instant, _, _ := strings.Cut(g, " ")
		if at(instant) < last {
			t.Errorf("%s comes after %s", g, last)
		}
		last = at(instant)
	}
}

func TestSampleIsPricedAndTheSameEachTime(t *testing.T) {
	book, err := pricebook.Parse(prices.Example)
	if err != nil {
		t.Fatal(err)
	}
	r := Replay{Inputs: Sample(), Accounts: 100, Repeat: 1, Tick: event.Minute, Book: book, Shift: 1096 * event.Day}
	events := play(t, r)
	if events[0].Type != event.PricebookPublished || events[1].Type != event.ClockTicked {
		t.Error("the price book and a tick come first")
	}
	s, err := Scan(r.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	var sum Summary
	ids := map[string]bool{}
	for _, e := range events {
		if e.Type != event.UsageRecorded {
			continue
		}
		sum.Calls++
		sum.Input += e.Usage.Quantities[0].Count
		sum.Output += e.Usage.Quantities[1].Count
		ids[e.ID] = true
	}
	if sum.Calls != 440 || len(ids) != 440 || sum.Calls != s.Calls || sum.Input != s.Input || sum.Output != s.Output {
		t.Errorf("sent %+v with %d ids, the files hold %+v", sum, len(ids), s)
	}
	again := play(t, r)
	for i := range events {
		if string(events[i].AppendJSON(nil)) != string(again[i].AppendJSON(nil)) {
			t.Fatalf("event %d differs in a second run", i)
		}
	}
}

func TestAccountsAreSkewed(t *testing.T) {
	counts := map[event.Account]int{}
	for row := range int64(100_000) {
		c := CustomerOf("conv", row, 1000)
		counts[c.Account]++
		if c.Account < "acct_00001" || c.Account > "acct_01000" {
			t.Fatal(c)
		}
	}
	if n := counts["acct_00001"]; n < 9_000 || n > 11_000 {
		t.Errorf("the busiest account has %d of 100,000", n)
	}
	if len(counts) != 1000 {
		t.Errorf("%d accounts", len(counts))
	}
	// Pinned: another rule would make other events of the same trace.
	if got := CustomerOf("azure_llm_inference_2023_conv", 1, 1000); got != pinned {
		t.Errorf("row 1 is %+v", got)
	}
}

func TestPace(t *testing.T) {
	var waits []time.Duration
	r := Replay{
		Inputs:   []Input{text("conv", ConversationProduct, head+"2023-11-16 18:00:00,1,1\n2023-11-16 18:01:00,1,1")},
		Accounts: 1, Repeat: 1, Speed: 2,
		Wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
	}
	play(t, r)
	if len(waits) != 1 || waits[0] > 30*time.Second || waits[0] < 25*time.Second {
		t.Errorf("waits %v, want one of 30s: a minute at twice the speed", waits)
	}
}

func TestRefusedSettings(t *testing.T) {
	book, err := pricebook.Parse(prices.Example)
	if err != nil {
		t.Fatal(err)
	}
	good := Replay{Inputs: Sample(), Accounts: 1, Repeat: 1}
	s, err := Scan(good.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Replay){
		"accounts":         func(r *Replay) { r.Accounts = 0 },
		"repeat":           func(r *Replay) { r.Repeat = 0 },
		"speed":            func(r *Replay) { r.Speed = -1 },
		"5m at most":       func(r *Replay) { r.Tick = 6 * event.Minute },
		"has no price for": func(r *Replay) { r.Book = book },
		"has no product":   func(r *Replay) { r.Book = book; r.Inputs = []Input{text("x", "other", head)} },
		"out of the range": func(r *Replay) { r.Shift = 80 * 365 * event.Day },
	} {
		r := good
		change(&r)
		sink := NewNDJSON(io.Discard)
		if err := r.Run(t.Context(), s, sink); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for csv, want := range map[string]string{
		"":                                 "read the header",
		"time,in,out\n":                    `column 1 is "time"`,
		head:                               "no calls",
		head + "yesterday,1,1":             "x:2: TIMESTAMP",
		head + "2023-11-16 18:00:00,-1,1":  `x:2: ContextTokens "-1"`,
		head + "2023-11-16 18:00:00,1,1.5": `x:2: GeneratedTokens "1.5"`,
		head + "2023-11-16 18:00:00,1\n":   "wrong number of fields",
		head + "2023-11-16 18:00:00,1,99999999999999999": "too large",
	} {
		if _, err := Scan([]Input{text("x", "p", csv)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", csv, err, want)
		}
	}
}

func TestFiles(t *testing.T) {
	got, err := Files([]string{"a/x_conv.csv", "b/code.csv", "y.csv=chat-small"})
	if err != nil || len(got) != 3 || got[0].Name != "x_conv" || got[0].Product != "chat-large" ||
		got[1].Product != "code-completion" || got[2].Name != "y" || got[2].Product != "chat-small" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]string{{"x.csv"}, {"a/conv.csv", "b/conv.csv"}} {
		if _, err := Files(bad); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
}

var _ Sink = (*publish.Publisher)(nil)

var pinned = Customer{Account: "acct_00043", Segment: "business", Region: "us"}
