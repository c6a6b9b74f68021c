package freshness

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/stream"
	chschema "runrate/schemas/clickhouse"
)

// Epoch is what the epoch of a topic that views show is folded from, by its record.
type Epoch struct {
	Topic      stream.Topic // by its name in the contract
	Kafka      string       // what it is called in Kafka
	Partitions int
}

// Epochs reads the view epochs. A topic that was never folded has none.
func Epochs(ctx context.Context, conn driver.Conn, database chschema.Database) ([]Epoch, error) {
	rows, err := conn.Query(ctx, `SELECT topic, kafka_topic, toInt64(partitions) FROM `+database.Of("epochs")+` WHERE shown AND partitions > 0 ORDER BY topic`)
	if err != nil {
		return nil, fmt.Errorf("read the view epochs: %w", err)
	}
	defer rows.Close()
	var all []Epoch
	for rows.Next() {
		var e Epoch
		var topic string
		var partitions int64
		if err := rows.Scan(&topic, &e.Kafka, &partitions); err != nil {
			return nil, fmt.Errorf("read the view epochs: %w", err)
		}
		var known bool
		if e.Topic, known = stream.InputNamed(topic); !known {
			return nil, fmt.Errorf("read the view epochs: %q is no input topic", topic)
		}
		e.Partitions = int(partitions)
		all = append(all, e)
	}
	return all, rows.Err()
}
