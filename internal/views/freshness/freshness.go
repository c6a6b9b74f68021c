// Package freshness reads what the consumers say of their partitions, from the view
// of that name.
package freshness

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// Partition is how a partition does, by the last word of its consumer.
type Partition struct {
	Source stream.Source
	// Status is ok, stalled or halted; unknown if nothing was said for a minute.
	Status string
	// Reason is why it is halted or, where Status is unknown, was last.
	Reason string
	Detail string    // the cause and the way out, "" where all is well
	Since  time.Time // zero if nothing was ever said
	Clock  time.Time // the highest tick, zero before the first
	Owed   time.Time // since when amendments of late events are owed, zero if none are
}

// maxAhead is how far a clock may be ahead of the wall clock before it is a wrong tick:
// as far as the alert allows, and the consumers' log.
const maxAhead = time.Minute

// Ahead is how far the clock is ahead of the wall clock, 0 where that may be. A history
// that ends in the future is ahead, too.
func (p Partition) Ahead(now time.Time) time.Duration {
	if ahead := p.Clock.Sub(now); !p.Clock.IsZero() && ahead > maxAhead {
		return ahead
	}
	return 0
}

// Halted says whether the last word was that it is halted.
func (p Partition) Halted() bool { return p.Reason != "" }

// String is "topic/partition is halted (reason): cause and way out", or the like.
func (p Partition) String() string {
	switch {
	case p.Status == "unknown" && p.Halted():
		return fmt.Sprintf("%s was last halted (%s), and its consumer is silent: %s", p.Source, p.Reason, p.Detail)
	case p.Halted():
		return fmt.Sprintf("%s is halted (%s): %s", p.Source, p.Reason, p.Detail)
	case p.Detail != "":
		return fmt.Sprintf("%s is %s: %s", p.Source, p.Status, p.Detail)
	}
	return fmt.Sprintf("%s is %s", p.Source, p.Status)
}

// Read reads the view: every partition that has ever been folded or spoken of.
func Read(ctx context.Context, conn driver.Conn, database chschema.Database) ([]Partition, error) {
	rows, err := conn.Query(ctx, `SELECT topic, partition, status, reason, detail, ifNull(toUnixTimestamp64Micro(since), 0), toUnixTimestamp64Micro(clock), ifNull(toUnixTimestamp64Micro(owed_since), 0)
FROM `+database.Of("freshness")+` ORDER BY topic, partition`)
	if err != nil {
		return nil, fmt.Errorf("read the view freshness: %w", err)
	}
	defer rows.Close()
	var all []Partition
	for rows.Next() {
		var p Partition
		var topic string
		var since, clock, owed int64
		if err := rows.Scan(&topic, &p.Source.Partition, &p.Status, &p.Reason, &p.Detail, &since, &clock, &owed); err != nil {
			return nil, fmt.Errorf("read the view freshness: %w", err)
		}
		var known bool
		if p.Source.Topic, known = stream.InputNamed(topic); !known {
			return nil, fmt.Errorf("read the view freshness: %q is no input topic", topic)
		}
		if since != 0 {
			p.Since = time.UnixMicro(since).UTC()
		}
		if clock != 0 {
			p.Clock = time.UnixMicro(clock).UTC()
		}
		if owed != 0 {
			p.Owed = time.UnixMicro(owed).UTC()
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Halted are those of the partitions that are halted, or were last.
func Halted(all []Partition) []Partition {
	var halted []Partition
	for _, p := range all {
		if p.Halted() {
			halted = append(halted, p)
		}
	}
	return halted
}
