package chschema

import (
	"context"
	"strings"
)

// Gate is the table, of each server of its own, that says which progress a server may
// show: that whose rows it certainly has. It is there where there are replicas,
// so that one may lack what the others have; writers raise it (consumers/store).
const Gate = "progress_shown"

// gated is how many replicas a shard has where one may lack acknowledged rows: of three, one
// that is behind; of two, one with a new disk, which fetches all rows anew.
const gated = 2

const gateTable = `
CREATE TABLE IF NOT EXISTS {{.DB}}.` + Gate + `{{.OnCluster}}
(
    topic     LowCardinality(String) COMMENT 'Source topic',
    epoch     UInt32                 COMMENT 'Logic epoch',
    partition Int32                  COMMENT 'Source partition',
    clock     DateTime64(6, 'UTC')   COMMENT 'Its clock, as of version; 1970-01-01 if ticked is 0',
    ticked    UInt8                  COMMENT '1 once a tick was seen, else 0',
    version   UInt64                 COMMENT 'Offset up to which this server has all rows'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (topic, epoch, partition)
COMMENT 'What this server has all rows of, and so may show; not replicated'
`

// gate makes the gates if a shard has so many replicas, and has the views use them.
func (o Options) gate(ctx context.Context, hosts []host) (Options, error) {
	replicas := map[string]int{}
	for _, h := range hosts {
		if replicas[h.shard]++; replicas[h.shard] >= gated {
			o.gates = true
		}
	}
	if o.shards > 1 { // whose writers wait for all replicas of a shard
		o.gates = false
	}
	if !o.gates {
		return o, nil
	}
	return o, exec(ctx, hosts[0].conn, o, "gate", gateTable)
}

// ClusterOf is the cluster that the comment of the table of migrations remembers.
func ClusterOf(comment string) string {
	_, cluster, _ := strings.Cut(comment, remembers)
	return cluster
}
