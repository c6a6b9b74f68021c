// Package history keeps in ClickHouse what the monitor read of the partitions, the table
// lag_history, and gives back what was read in the past minutes.
//
// Start at Write and Read.
package history

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
	chschema "runrate/schemas/clickhouse"
)

const table = "lag_history"

// columns are those of the table, in the order of Write and Read.
var columns = strings.Join([]string{"at", "topic", "partition", "kafka_topic", "monitor", "consumer_group", "status", "since", "reason", "sentence",
	"log_start", "committed", "log_end", "lag", "lag_seconds", "clock", "catch_up_seconds", "changed",
	"owner", "rebalancing", "generation", "folded", "spoke", "halted"}, ", ")

// Span is how far back Read goes: as long as the judge looks.
const Span = judge.Kept * monitor.Every

// owners are what the table calls them.
var owners = map[judge.Owner]string{judge.OwnerUnknown: "unknown", judge.Unowned: "unowned", judge.Owned: "owned"}

// Name is what this process is called as a monitor.
func Name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// Write adds what a monitor of that name read.
func Write(ctx context.Context, conn driver.Conn, database chschema.Database, name string, all []monitor.Reading) error {
	b, err := conn.PrepareBatch(ctx, "INSERT INTO "+database.Of(table)+" ("+columns+")")
	if err != nil {
		return fmt.Errorf("write lag_history: %w", err)
	}
	for _, r := range all {
		row, s := r.Row, r.Sample
		if err := b.Append(s.At.UTC(), row.Topic, row.Partition, r.Kafka, name, row.Group, string(row.Status), row.Since.UTC(), row.Reason, row.Sentence,
			row.Start, row.Committed, row.End, row.Lag, row.LagSeconds, row.Clock, row.CatchUp, bit(r.Changed),
			owners[s.Owner], bit(s.Rebalancing), s.Generation, bit(s.Rows), bit(s.Spoke), s.Halted); err != nil {
			_ = b.Abort() // closes the connection, and with it the insert
			return fmt.Errorf("write lag_history: %w", err)
		}
	}
	if err := b.Send(); err != nil {
		return fmt.Errorf("write lag_history: %w", err)
	}
	return nil
}

func bit(is bool) uint8 {
	if is {
		return 1
	}
	return 0
}

// Read gives back what the monitor that wrote last read of the partitions in the past
// Span, the oldest first.
func Read(ctx context.Context, conn driver.Conn, database chschema.Database) ([]monitor.Reading, error) {
	of := database.Of(table)
	since := time.Now().Add(-Span).UTC()
	rows, err := conn.Query(ctx, "SELECT "+columns+" FROM "+of+` FINAL
WHERE at >= ? AND monitor = (SELECT argMax(l.monitor, l.at) FROM `+of+` AS l WHERE l.at >= ? AND l.log_end IS NOT NULL) ORDER BY at`, since, since)
	if err != nil {
		return nil, fmt.Errorf("read lag_history: %w", err)
	}
	defer rows.Close()
	var all []monitor.Reading
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read lag_history: %w", err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read lag_history: %w", err)
	}
	return all, nil
}

func scan(rows driver.Rows) (r monitor.Reading, err error) {
	var name, status, owner string
	var changed, rebalancing, folded, spoke uint8
	row, s := &r.Row, &r.Sample
	err = rows.Scan(&s.At, &row.Topic, &row.Partition, &r.Kafka, &name, &row.Group, &status, &row.Since, &row.Reason, &row.Sentence,
		&row.Start, &row.Committed, &row.End, &row.Lag, &row.LagSeconds, &row.Clock, &row.CatchUp, &changed,
		&owner, &rebalancing, &s.Generation, &folded, &spoke, &s.Halted)
	row.Status, r.Changed = judge.Status(status), changed == 1
	s.Rebalancing, s.Rows, s.Spoke = rebalancing == 1, folded == 1, spoke == 1
	for is, called := range owners {
		if called == owner {
			s.Owner = is
		}
	}
	if row.End == nil || row.Start == nil {
		s.Unread = row.Sentence
		return r, err
	}
	s.Start, s.End = *row.Start, *row.End
	if s.Committed = row.Committed != nil; s.Committed {
		s.Commit = *row.Committed
	}
	return r, err
}
