package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// result is what one run of the program did.
type result struct {
	code     int
	out, err string
}

func runWith(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := execute(t.Context(), args, strings.NewReader(stdin), &out, &errOut)
	return result{code, out.String(), errOut.String()}
}

// kafka is an embedded broker with both topics, two partitions each.
func kafka(t *testing.T) (addr string, client *broker.Client) {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, stream.Usage.Topic().String(), stream.Subscriptions.Topic().String()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	client, err = broker.Open(broker.Config{Brokers: k.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return k.ListenAddrs()[0], client
}

func records(t *testing.T, c *broker.Client, topic stream.Topic) int64 {
	t.Helper()
	ranges, err := c.Offsets(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, r := range ranges {
		n += int64(r.End)
	}
	return n
}

func TestExitCodes(t *testing.T) {
	gone := "127.0.0.1:1"
	for _, tt := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"version"}, 0, ""},
		{[]string{"--help"}, 0, ""},
		{[]string{"prices", "validate", "-"}, 1, "no sound price book"},
		{[]string{"rates", "validate", "-"}, 1, "no sound set of exchange rates"},
		{[]string{"rates", "nonsense"}, exitUsage, "unknown command"},
		{[]string{"nonsense"}, exitUsage, "unknown command"},
		{[]string{"prices", "nonsense"}, exitUsage, "unknown command"},
		{[]string{"publish"}, exitUsage, "accepts 1 arg"},
		{[]string{"publish", "--nonsense", "-"}, exitUsage, "unknown flag"},
		{[]string{"publish", "--brokers", "nowhere", "-"}, exitUsage, "not host:port"},
		{[]string{"publish", "--compression", "brotli", "-"}, exitUsage, "brotli"},
		{[]string{"publish", "no/such/file"}, 1, "no such file"},
		{[]string{"publish", "--brokers", gone, "-"}, 1, "connection refused"},
		{[]string{"settle", "--topic", "x"}, exitUsage, "neither"},
		{[]string{"settle", "--timeout", "soon"}, exitUsage, "invalid argument"},
		{[]string{"settle", "--brokers", gone, "--timeout", "200ms"}, 1, "unknown: runrate.usage"},
		{[]string{"lag", "--topic-usage", "a/b"}, exitUsage, "no name of a topic"},
		{[]string{"lag", "--topic-usage", "runrate.subscriptions"}, exitUsage, "--topic-subscriptions \"runrate.subscriptions\" is another topic"},
		{[]string{"publish", "--topic-subscriptions", "runrate.snapshots", "-"}, exitUsage, "is another topic"},
		{[]string{"tick", "--interval", "0s"}, exitUsage, "above 0"},
		{[]string{"version", "--log-level", "loud"}, exitUsage, "loud"},
		{[]string{"replay-trace", "x.csv"}, exitUsage, "which product"},
		{[]string{"replay-trace", "--shift", "1h", "--start", "2026-01-01T00:00:00Z"}, exitUsage, "exclude"},
		{[]string{"replay-trace", "--shift", "0h", "--output", "-"}, 1, "no price for"},
	} {
		got := runWith(t, "", tt.args...)
		if got.code != tt.code || !strings.Contains(got.err, tt.err) {
			t.Errorf("%v: exit %d, want %d with %q:\n%s", tt.args, got.code, tt.code, tt.err, got.err)
		}
	}
}

func TestPublish(t *testing.T) {
	addr, c := kafka(t)
	good := `{"type":"usage.recorded","subject":"a"}` + "\n" + `{"type":"clock.ticked"}` + "\n"
	got := runWith(t, good, "publish", "--brokers", addr, "-")
	if got.code != 0 || !strings.Contains(got.out, "sent 2 events") || got.err != "" {
		t.Errorf("%+v", got)
	}
	if n := records(t, c, stream.Usage.Topic()); n != 3 {
		t.Errorf("%d records", n)
	}
	got = runWith(t, good+"nonsense\n"+good, "publish", "--brokers", addr, "-")
	if got.code != 1 || !strings.Contains(got.out, "sent 4 events") || !strings.Contains(got.err, "line 3: not a JSON object") {
		t.Errorf("%+v", got)
	}
}

// TestPublishWarns: a tick that is ahead of this machine's clock is sent, and
// spoken of; nothing said so, and the books closed.
func TestPublishWarns(t *testing.T) {
	addr, _ := kafka(t)
	tick := func(ahead time.Duration) string {
		return fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":%q}`+"\n", time.Now().Add(ahead).UTC().Format(time.RFC3339))
	}
	if got := runWith(t, tick(-time.Hour)+tick(30*time.Second), "publish", "--brokers", addr, "-"); got.code != 0 || got.err != "" {
		t.Errorf("of ticks that are not ahead: %+v", got)
	}
	got := runWith(t, tick(0)+tick(90*time.Second)+tick(200*24*time.Hour)+tick(time.Hour), "publish", "--brokers", addr, "-")
	if got.code != 0 || !strings.Contains(got.out, "clock.ticked           4") || !strings.Contains(got.err, "warning: ticks ahead of this machine's clock: 3, the furthest on line 3: ") {
		t.Errorf("%+v", got)
	}
}

// TestPublishErrors: --errors gets every line that could not be sent, and the
// summary names the file.
func TestPublishErrors(t *testing.T) {
	addr, _ := kafka(t)
	dir := t.TempDir()
	in, file := filepath.Join(dir, "events.ndjson"), filepath.Join(dir, "errors.ndjson")
	bad := strings.Repeat("nonsense\n", 25)
	if err := os.WriteFile(in, []byte(bad+`{"type":"clock.ticked"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runWith(t, "", "publish", "--brokers", addr, "--errors", file, in)
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.code != 1 || !strings.Contains(got.out, "sent 1 events") || !strings.Contains(got.err, "all 25 are in "+file) ||
		strings.Count(string(written), "\n") != 25 || !strings.HasPrefix(string(written), `{"line":1,"reason":"malformed","detail":"not a JSON object`) ||
		!strings.Contains(string(written), `"text":"nonsense"}`) {
		t.Errorf("%+v\n%s", got, written)
	}
	if got := runWith(t, bad, "publish", "--brokers", addr, "-"); got.code != 1 || !strings.Contains(got.err, "and 5 more: --errors FILE keeps them all") {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, `{"type":"clock.ticked"}`, "publish", "--brokers", addr, "--errors", file, "-"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if written, err := os.ReadFile(file); err != nil || len(written) > 0 {
		t.Errorf("the errors of an earlier run are kept: %q, %v", written, err)
	}
	for _, name := range []string{in, "-", filepath.Join(dir, "none", "x")} {
		if got := runWith(t, "", "publish", "--brokers", addr, "--errors", name, in); got.code == 0 || !strings.Contains(got.err, "--errors") {
			t.Errorf("--errors %s: %+v", name, got)
		}
	}
	stdin, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	var out bytes.Buffer
	if code := execute(t.Context(), []string{"publish", "--brokers", addr, "--errors", in, "-"}, stdin, &out, &out); code != exitUsage {
		t.Errorf("the events on standard input: exit %d: %s", code, &out)
	}
	if kept, err := os.ReadFile(in); err != nil || !strings.HasPrefix(string(kept), bad) {
		t.Errorf("the events were overwritten by the errors: %q, %v", kept, err)
	}
}

func TestEnvironment(t *testing.T) {
	addr, _ := kafka(t)
	t.Setenv("RUNRATE_BROKERS", addr)
	if got := runWith(t, `{"type":"clock.ticked"}`, "publish", "-"); got.code != 0 {
		t.Errorf("brokers from the environment: %+v", got)
	}
	if got := runWith(t, "", "publish", "--brokers", "127.0.0.1:1", "-"); got.code != 1 {
		t.Errorf("the flag must win: %+v", got)
	}
	t.Setenv("RUNRATE_RETRY_FOR", "soon")
	if got := runWith(t, "", "publish", "-"); got.code != exitUsage || !strings.Contains(got.err, "RUNRATE_RETRY_FOR") {
		t.Errorf("a bad value: %+v", got)
	}
	t.Setenv("RUNRATE_RETRY_FOR", "")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("p w\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{}
	cmd := publishCommand(a)
	t.Setenv("RUNRATE_KAFKA_SASL_PASSWORD_FILE", file)
	if err := fromEnvironment(cmd.Flags()); err != nil || a.kafka.SASLPassword != "p w" {
		t.Errorf("password %q from its file, %v", a.kafka.SASLPassword, err)
	}
	for args, want := range map[string]string{"--kafka-sasl-password=line": "line", "--kafka-sasl-password-file=" + file: "p w"} {
		*a = app{}
		given := publishCommand(a)
		if err := errors.Join(given.ParseFlags([]string{args}), fromEnvironment(given.Flags())); err != nil || a.kafka.SASLPassword != want {
			t.Errorf("%s beside the variable of the file: %q, %v", args, a.kafka.SASLPassword, err)
		}
	}
	given := publishCommand(&app{})
	if err := errors.Join(given.ParseFlags([]string{"--kafka-sasl-password=x", "--kafka-sasl-password-file", file}), fromEnvironment(given.Flags())); err == nil || !strings.Contains(err.Error(), "--kafka-sasl-password and --kafka-sasl-password-file are both set") {
		t.Errorf("a password and its file on the command line: %v", err)
	}
	t.Setenv("RUNRATE_KAFKA_SASL_PASSWORD", "other")
	if err := fromEnvironment(publishCommand(&app{}).Flags()); err == nil {
		t.Error("a password and its file, both accepted")
	}
	t.Setenv("RUNRATE_KAFKA_SASL_PASSWORD", "")
	t.Setenv("RUNRATE_KAFKA_SASL_PASSWORD_FILE", file+".none")
	if err := fromEnvironment(publishCommand(&app{}).Flags()); err == nil {
		t.Error("a missing password file is passed over")
	}
}

func TestSettleShowsWhatLags(t *testing.T) {
	addr, c := kafka(t)
	if got := runWith(t, "", "settle", "--brokers", addr); got.code != 0 {
		t.Errorf("an empty log: %+v", got)
	}
	if _, err := c.Append(t.Context(), stream.Usage.Topic(), 1, make([]broker.Message, 7)); err != nil {
		t.Fatal(err)
	}
	got := runWith(t, "", "settle", "--brokers", addr, "--timeout", "200ms")
	if got.code != 1 || !strings.Contains(got.err, "7 records in 1 partitions") || !strings.Contains(got.err, "none") {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, "", "settle", "--brokers", addr, "--topic", stream.Subscriptions.Topic().String()); got.code != 0 {
		t.Errorf("the other topic: %+v", got)
	}
}

func TestReplayTrace(t *testing.T) {
	addr, c := kafka(t)
	got := runWith(t, "", "replay-trace", "--brokers", addr)
	if got.code != 0 || !strings.Contains(got.out, "usage.recorded         440") || !strings.Contains(got.out, "pricebook.published    1") {
		t.Errorf("%+v", got)
	}
	sent := records(t, c, stream.Usage.Topic())
	file := filepath.Join(t.TempDir(), "events.ndjson")
	if got := runWith(t, "", "replay-trace", "--output", file); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, "", "publish", "--brokers", addr, file); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if n := records(t, c, stream.Usage.Topic()); n != 2*sent {
		t.Errorf("%d records sent directly, %d by way of a file", sent, n-sent)
	}
}

// TestPrices: the examples of price books and of exchange rates are sound, and reach
// every partition.
func TestPrices(t *testing.T) {
	addr, c := kafka(t)
	for i, what := range []string{"prices", "rates"} {
		want := int64(4 * (i + 1))
		example := runWith(t, "", what, "example")
		if example.code != 0 {
			t.Fatalf("%+v", example)
		}
		if got := runWith(t, example.out, what, "validate", "-"); got.code != 0 {
			t.Errorf("%+v", got)
		}
		if got := runWith(t, example.out, what, "publish", "--brokers", addr, "-"); got.code != 0 {
			t.Errorf("%+v", got)
		}
		if n := records(t, c, stream.Usage.Topic()) + records(t, c, stream.Subscriptions.Topic()); n != want {
			t.Errorf("%s: %d records, want one for each partition", what, n)
		}
	}
}

func TestTopics(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	addr := k.ListenAddrs()[0]
	for range 2 {
		if got := runWith(t, "", "topics", "--brokers", addr, "--partitions", "2"); got.code != 0 {
			t.Errorf("%+v", got)
		}
	}
	if got := runWith(t, "", "topics", "--brokers", addr, "--partitions", "3"); got.code != 1 || !strings.Contains(got.err, "--partitions 2") {
		t.Errorf("another number: %+v", got)
	}
}

// TestHelp: every command must be usable from its help alone.
func TestHelp(t *testing.T) {
	root := newRoot(&app{})
	for _, cmd := range root.Commands() {
		if cmd.Short == "" {
			t.Errorf("%s has no short help", cmd.Name())
		}
		if cmd.Runnable() && cmd.Example == "" && cmd.Name() != "version" && !cmd.HasSubCommands() && cmd.Name() != "help" && !cmd.Hidden {
			t.Errorf("%s has no example", cmd.Name())
		}
	}
}
