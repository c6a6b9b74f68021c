package store

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/rows"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

var (
	usage0 = stream.Source{Topic: stream.Usage.Topic(), Partition: 0}
	usage1 = stream.Source{Topic: stream.Usage.Topic(), Partition: 1}
	subs0  = stream.Source{Topic: stream.Subscriptions.Topic(), Partition: 0}
)

// open is a store on a database of the test's own, with the schema.
func open(t testing.TB, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)}
	for _, f := range change {
		f(&o)
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := chschema.Migrate(t.Context(), s.Conn(), chschema.Options{Database: s.Database()}); err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, s *Store, epoch uint32, c rows.Changes) {
	t.Helper()
	if err := s.Write(t.Context(), epoch, c); err != nil {
		t.Fatal(err)
	}
}

// lines are the rows of a query whose only column is a string.
func lines(t testing.TB, s *Store, query string) []string {
	t.Helper()
	var out []string
	err := s.query(context.Background(), "test", func(scan func(...any) error) error {
		var line string
		if err := scan(&line); err != nil {
			return err
		}
		out = append(out, line)
		return nil
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func want(t testing.TB, s *Store, query string, wanted ...string) {
	t.Helper()
	if got := lines(t, s, query); !slices.Equal(got, wanted) {
		t.Errorf("%s\n got %q\nwant %q", query, got, wanted)
	}
}

func seq[R any](r ...R) iter.Seq[R] { return slices.Values(r) }

func amount(text string) money.Amount {
	a, err := money.Parse(text)
	if err != nil {
		panic(err)
	}
	return a
}

func at(text string) event.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return event.TimeOf(t)
}

// ticked is progress up to next with the clock at a time.
func ticked(next stream.Offset, clock string) rows.Progress {
	return rows.Progress{NextOffset: next, Control: int64(next), Clock: at(clock), Ticked: true}
}

var chat = rows.Dimensions{Line: "api", Product: "chat-large", Segment: "enterprise", Region: "eu", Currency: "USD"}
