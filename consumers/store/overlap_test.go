package store

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// slowInserts is a pool whose inserts take a while; it remembers how they overlap.
type slowInserts struct {
	driver.Conn
	mu          sync.Mutex
	open, most  int  // inserts under way, now and at most
	besides     int  // inserts under way when progress began
	hasProgress bool // it was written
}

func (s *slowInserts) PrepareBatch(ctx context.Context, query string, options ...driver.PrepareBatchOption) (driver.Batch, error) {
	b, err := s.Conn.PrepareBatch(ctx, query, options...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(query, progress.name()) {
		s.besides, s.hasProgress = s.open, true
	}
	s.open++
	s.most = max(s.most, s.open)
	return slowInsert{b, s}, nil
}

type slowInsert struct {
	driver.Batch
	of *slowInserts
}

func (b slowInsert) Send() error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		b.of.mu.Lock()
		others := b.of.most > 1 || b.of.hasProgress
		b.of.mu.Unlock()
		if others { // another one has been under way beside it, or none is to come
			break
		}
	}
	err := b.Batch.Send()
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.open--
	return err
}

// The inserts of a flush overlap, but for that of progress, which begins when all are over.
func TestProgressWaits(t *testing.T) {
	s := open(t)
	slow := &slowInserts{Conn: s.conn}
	s.conn = slow
	write(t, s, 0, usageRows())
	if slow.most < 2 || slow.besides != 0 || !slow.hasProgress {
		t.Errorf("%d inserts at a time at most, %d under way when progress began (written: %v)", slow.most, slow.besides, slow.hasProgress)
	}
}

// Blocks are compressed where they leave the machine, or where the DSN says so.
func TestCompression(t *testing.T) {
	for address, want := range map[string]clickhouse.CompressionMethod{
		"127.0.0.1:9000":                               clickhouse.CompressionNone,
		"localhost:9000,[::1]:9000":                    clickhouse.CompressionNone,
		"127.0.0.1:9000,ch-2:9000":                     clickhouse.CompressionLZ4,
		"10.0.0.1:9000":                                clickhouse.CompressionLZ4,
		"clickhouse://u:p@127.0.0.1:9000":              clickhouse.CompressionNone,
		"clickhouse://127.0.0.1:9000/?compress=lz4":    clickhouse.CompressionLZ4,
		"clickhouse://10.0.0.1:9000/?compress=zstd":    clickhouse.CompressionZSTD,
		"clickhouse://ch-1.example.com:9440/?secure=1": clickhouse.CompressionLZ4,
	} {
		options, err := clickhouseOptions(Options{Address: address, Timeout: time.Minute})
		if err != nil || options.Compression.Method != want {
			t.Errorf("%s: %v, %v; want %v", address, options.Compression.Method, err, want)
		}
	}
}
