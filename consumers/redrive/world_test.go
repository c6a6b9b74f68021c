package redrive_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runrate/consumers/intake"
	"runrate/consumers/redrive"
	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/event"
	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
	"runrate/test/sim"
)

func TestMain(m *testing.M) { localtest.Main(m) }

const partitions = 2

// world is a log in memory that is folded into a real ClickHouse when told to.
type world struct {
	t      *testing.T
	tables *store.Store
	log    map[stream.Source][]stream.Record
	dies   dies
	copies []string // the payloads of those that are in the log
	queue  []queued
}

// dies says where the next run ends.
type dies string

const (
	never      dies = ""
	beforeSend dies = "before it sends"
	halfSent   dies = "after half of it is sent"
	afterSend  dies = "before it remembers what was acknowledged"
)

type queued struct {
	source  stream.Source
	account string
	headers []event.Header
	payload []byte
}

var errDied = errors.New("the process died")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, log: map[stream.Source][]stream.Record{}}
	var err error
	w.tables, err = store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)})
	w.must(err)
	t.Cleanup(func() { w.tables.Close() })
	_, err = chschema.Migrate(t.Context(), w.tables.Conn(), chschema.Options{Database: w.tables.Database()})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) append(source stream.Source, key, value []byte, headers ...event.Header) {
	at := stream.Offset(len(w.log[source]))
	w.log[source] = append(w.log[source], stream.Record{Offset: at, Time: 1_700_000_000_000_000 + int64(at), Key: key, Value: value, Headers: headers})
}

// home is where an account's usage belongs.
func home(account string) stream.Source {
	return stream.Source{Topic: stream.Usage.Topic(), Partition: stream.Partition([]byte(account), partitions)}
}

// publish appends events of accounts to where they belong.
func (w *world) publish(account, value string, headers ...event.Header) {
	w.append(home(account), []byte(account), []byte(value), headers...)
}

// control appends a control record to every partition of the usage topic.
func (w *world) control(value string) {
	for p := range int32(partitions) {
		w.append(stream.Source{Topic: stream.Usage.Topic(), Partition: p}, nil, []byte(value))
	}
}

// fold folds all of the log, as a consumer that has come to its end has.
func (w *world) fold() {
	w.t.Helper()
	for source, records := range w.log {
		w.must(sim.Drive(w.tables, sim.Fold(source, partitions, intake.DefaultMemory), records, func() sim.Cut { return sim.FoldOn }))
	}
}

// Offsets is the log's: it makes the world a redrive.Log.
func (w *world) Offsets(_ context.Context, topic stream.Topic) (map[int32]broker.Range, error) {
	ends := map[int32]broker.Range{}
	for p := range int32(partitions) {
		ends[p] = broker.Range{End: stream.Offset(len(w.log[stream.Source{Topic: topic, Partition: p}]))}
	}
	return ends, nil
}

// Fetch is the log's.
func (w *world) Fetch(_ context.Context, source stream.Source, offset stream.Offset, _ int, _ time.Duration) ([]stream.Record, stream.Offset, error) {
	all := w.log[source]
	return all[offset:], stream.Offset(len(all)), nil
}

// Send makes the world a redrive.Sender.
func (w *world) Send(_ context.Context, t event.Type, account event.Account, headers []event.Header, payload []byte) error {
	if w.dies == beforeSend {
		return errDied
	}
	kind, _ := stream.Home(t)
	source := stream.Source{Topic: kind.Topic(), Partition: stream.Partition([]byte(account), partitions)}
	w.queue = append(w.queue, queued{source, string(account), headers, payload})
	return nil
}

// Flush appends what was sent to the log.
func (w *world) Flush(context.Context) error {
	sent := w.queue
	w.queue = nil
	if w.dies == halfSent {
		sent = sent[:len(sent)/2]
	}
	for _, q := range sent {
		w.append(q.source, []byte(q.account), q.payload, q.headers...)
		w.copies = append(w.copies, string(q.payload))
	}
	if w.dies != never {
		return errDied
	}
	return nil
}

// run is a redrive that dies where it is told.
func (w *world) run(o redrive.Options) redrive.Report {
	w.t.Helper()
	if o.Most == 0 {
		o.Most = 1000
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = 10_000
	}
	report, err := redrive.Run(w.t.Context(), w.tables, w, w, o)
	if w.dies == never {
		w.must(err)
	} else if !errors.Is(err, errDied) {
		w.t.Fatalf("a run that dies %s ends with %v", w.dies, err)
	}
	w.queue, w.dies = nil, never
	return report
}

// states are the dead letters as offset, reason and state, in the order of the log.
func (w *world) states() []string {
	w.t.Helper()
	r, err := w.tables.Conn().Query(w.t.Context(), "SELECT concat(toString(offset), ' ', reason, ' ', state) FROM "+
		w.tables.Database().Of("dead_letters")+" ORDER BY topic, partition, offset")
	w.must(err)
	defer r.Close()
	var all []string
	for r.Next() {
		var line string
		w.must(r.Scan(&line))
		all = append(all, line)
	}
	w.must(r.Err())
	return all
}

func (w *world) wantStates(want ...string) {
	w.t.Helper()
	if got := w.states(); !slices.Equal(got, want) {
		w.t.Errorf("dead letters:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wantRun holds a run to what it sent and left.
func (w *world) wantRun(o redrive.Options, sent int64, left map[redrive.Why]int64) {
	w.t.Helper()
	r := w.run(o)
	if r.Sent != sent || fmt.Sprint(r.Left) != fmt.Sprint(left) {
		w.t.Errorf("sent %d and left %v, want %d and %v", r.Sent, r.Left, sent, left)
	}
}

const (
	tick     = `{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":"2026-11-02T12:00:00Z"}`
	badBook  = `{"specversion":"1.0","type":"pricebook.published","source":"t","id":"b0","time":"2026-11-01T00:00:00Z","data":{"version":"0","currency":"USD","products":[]}}`
	goodBook = `{"specversion":"1.0","type":"pricebook.published","source":"t","id":"b1","time":"2026-11-01T00:00:00Z","data":` +
		`{"version":"1","currency":"USD","products":[{"product":"chat","line":"api","meters":{"in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"2"}]}}]}}`
)

func usage(account string, n int) string {
	return fmt.Sprintf(`{"specversion":"1.0","type":"usage.recorded","source":"t","id":"%d","time":"2026-11-02T11:00:00Z","subject":"%s","data":{"product":"chat","quantities":{"in":%d}}}`, n, account, n)
}
