package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/rows"
	"runrate/test/schema"
)

// byHand are the tables that are of no flush: they get a row at a time, are the monitor's, or are of
// a program before this one.
var byHand = []string{statusTable, "epoch_entries", "epoch_gaps", "definition_versions", "mrr_status_versions", redriveTable, "topics", "epoch_switches", "lag_history"}

// TestWriteFitsTheSchema holds what Write inserts against the migrations: every
// table, and every column that the server does not fill in, by its type. It needs
// no server.
func TestWriteFitsTheSchema(t *testing.T) {
	tables, err := schema.Tables()
	if err != nil {
		t.Fatal(err)
	}
	server := &paper{tables: tables}
	s := &Store{shard: &shard{conn: server}, chunkRows: 10, chunkBytes: 1 << 20, timeout: time.Minute, inserts: make(chan *chunk, 1)}
	s.inserts <- new(chunk)
	if err := s.Write(t.Context(), 1, schema.OneOfEach(usage0)); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, table := range rows.Tables() {
		want = append(want, table.Name)
	}
	if !slices.Equal(server.written, want) {
		t.Errorf("written %v, want %v", server.written, want)
	}
	for name := range tables {
		if !slices.Contains(byHand, name) && !slices.Contains(want, name) {
			t.Errorf("nobody writes %s", name)
		}
	}
}

// paper is a ClickHouse that has its schema and keeps nothing.
type paper struct {
	driver.Conn
	tables  map[string][]schema.Column
	written []string
}

var insertInto = regexp.MustCompile("^INSERT INTO `revenue`\\.(\\w+) \\(`(.*)`\\)$")

// PrepareBatch refuses an INSERT that leaves out a column of the table, or names
// one that it does not have.
func (p *paper) PrepareBatch(_ context.Context, query string, _ ...driver.PrepareBatchOption) (driver.Batch, error) {
	m := insertInto.FindStringSubmatch(query)
	if m == nil {
		return nil, fmt.Errorf("what is %q?", query)
	}
	given, types := strings.Split(m[2], "`, `"), map[string]string{}
	for _, c := range p.tables[m[1]] {
		types[c.Name] = c.Type
		if !c.Default && !slices.Contains(given, c.Name) {
			return nil, fmt.Errorf("%s: no value for the column %s", m[1], c.Name)
		}
	}
	b := &paperBatch{}
	for _, name := range given {
		to, err := column.Type(types[name]).Column(name, &column.ServerContext{Timezone: time.UTC})
		if err != nil {
			return nil, fmt.Errorf("%s: column %s: %w", m[1], name, err)
		}
		b.columns = append(b.columns, to)
	}
	p.written = append(p.written, m[1])
	return b, nil
}

type paperBatch struct {
	driver.Batch
	columns []column.Interface
}

func (b *paperBatch) Columns() []column.Interface { return b.columns }
func (b *paperBatch) Abort() error                { return nil }
func (b *paperBatch) Send() error                 { return nil }
