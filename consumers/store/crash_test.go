package store

import (
	"fmt"
	"os"
	"testing"
	"time"

	"runrate/deploy/local"
	"runrate/internal/fault"
	"runrate/internal/rows"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// ClickHouse is killed while flushes are written. The write under way fails as
// one to try again, what was acknowledged is there when ClickHouse is back, and
// the same store goes on with the same flush.
func TestWriteThroughAKill(t *testing.T) {
	config := local.Config{Dir: t.TempDir(), Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")}
	start := func() *local.ClickHouse {
		t.Helper()
		ch, err := local.StartClickHouse(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ch.Kill() })
		return ch
	}
	ch := start()
	if _, err := fmt.Sscanf(ch.TCPAddr(), "127.0.0.1:%d", &config.TCPPort); err != nil { // to come back on the same port
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Address: ch.TCPAddr(), Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := chschema.Migrate(t.Context(), s.Conn(), chschema.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := s.OpenEpoch(t.Context(), Record{Topic: usage0.Topic, Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	const each = 1000
	flush := func(i int) rows.Changes {
		return rows.Changes{Source: usage0, Progress: ticked(stream.Offset(i+1), "2026-01-01T00:00:00Z"),
			UsageEvents: generate(each, func(k int) rows.UsageEvent {
				return usageEvent(fmt.Sprint("acct_", k), at("2026-01-01T00:00:00Z"), fmt.Sprint(i), stream.Offset(i))
			})}
	}
	acknowledged := 0
	time.AfterFunc(700*time.Millisecond, func() { ch.Kill() })
	for err == nil {
		if err = s.Write(t.Context(), 0, flush(acknowledged)); err == nil {
			acknowledged++
		}
	}
	if fault.KindOf(err) != fault.Retry || acknowledged == 0 {
		t.Fatalf("after %d writes: kind %v: %v", acknowledged, fault.KindOf(err), err)
	}
	t.Logf("%d acknowledged, then: %v", acknowledged, err)
	ch.Wait()
	start()
	want(t, s, fmt.Sprintf("SELECT toString(count()) FROM revenue.usage_events WHERE toInt32(id) < %d", acknowledged), fmt.Sprint(acknowledged*each))
	for range 2 {
		write(t, s, 0, flush(acknowledged))
	}
	want(t, s, "SELECT toString(count()) FROM revenue.usage_events", fmt.Sprint((acknowledged+1)*each))
	want(t, s, "SELECT toString(next_offset) FROM revenue.freshness", fmt.Sprint(acknowledged+1))
}
