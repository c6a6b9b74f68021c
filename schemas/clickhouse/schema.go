// Package chschema is the ClickHouse schema of runrate: numbered migrations
// for the tables, and one file per view.
//
// Tables hold versioned rows (ReplacingMergeTree) and are created by the files
// NNNN_name.sql, each applied once and never changed afterwards. Views are what
// analysts rely on (DEFINITIONS V1 to V27) and are created again by every Migrate
// from the files in views/, so that changing one takes no migration.
//
// All statements are idempotent: two Migrates at once, or one that stopped half
// way, do no harm. Start at Migrate.
package chschema

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/schemas/definitions"
)

// Options say where the schema goes.
type Options struct {
	Database Database
	// Cluster is the name of a ClickHouse cluster, or {macro} of the server asked. Empty: the
	// one that the database remembers, and a single server if that is none. The servers'
	// macros {shard} and {replica} make the tables' paths.
	Cluster string
	// Server connects to one server of a cluster by its host:port. A cluster needs it.
	Server func(ctx context.Context, address string) (driver.Conn, error)

	gates  bool // views show the progress of Gate
	shards int  // of the cluster
}

var clusterName = regexp.MustCompile(`^[A-Za-z0-9_{][A-Za-z0-9_.{}-]*$`)

func (o Options) check() error {
	if o.Cluster != "" && !clusterName.MatchString(o.Cluster) {
		return fmt.Errorf("cluster name %q: letters, digits, _, . and - only", o.Cluster)
	}
	return nil
}

// sqlText is what the templates of the .sql files are rendered with.
type sqlText struct {
	Options
	Usage, Subscriptions          string // topics
	DefaultARR                    definitions.ARR
	DefaultStatuses               definitions.Statuses
	RollingWindows, ActiveWindows string // by name, in a sentence
	NetNewDays                    int
	Now                           bool // the view is to show the latest as_of only
}

// DB is the quoted database name.
func (t sqlText) DB() string { return t.Database.SQL() }

// OnCluster follows the name of the thing created.
func (t sqlText) OnCluster() string {
	if t.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + t.Cluster + "'"
}

// Remembered ends the comment of the table of migrations.
func (t sqlText) Remembered() string {
	if t.Cluster == "" {
		return ""
	}
	return remembers + t.Cluster
}

// Replacing is the engine of a table whose highest version wins.
func (t sqlText) Replacing(version string) string {
	if t.Cluster == "" {
		return "ReplacingMergeTree(" + version + ")"
	}
	return "ReplicatedReplacingMergeTree(" + somewhere + ", " + version + ")"
}

// somewhere stands for path and name of a replica until it is known which table it is.
const somewhere = "{path}"

// everywhere are the tables that every server has whole. The others hold rows by source
// partition, and are those of a shard.
var everywhere = map[string]bool{
	"migrations": true, "topics": true, "epochs": true, "epoch_switches": true, "epoch_entries": true, "epoch_gaps": true,
	"definition_versions": true, "mrr_status_versions": true, "redrive_versions": true, "partition_status_versions": true, "lag_history": true,
}

var creates = regexp.MustCompile("^CREATE TABLE IF NOT EXISTS `[^`]+`\\.(\\w+)")

// placed gives the table of a statement its path in the keeper.
func placed(statement string) string {
	m := creates.FindStringSubmatch(statement)
	if m == nil {
		return statement
	}
	place := "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
	if everywhere[m[1]] {
		place = "'/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}'"
	}
	return strings.Replace(statement, somewhere, place, 1)
}

// Settings are those of every table: an acknowledged insert is on disk, and a
// row that is written again always lands, as versions make that harmless and
// block deduplication could swallow a row whose predecessor was replaced.
func (t sqlText) Settings() string {
	return "fsync_after_insert = 1, fsync_part_directory = 1, " +
		"non_replicated_deduplication_window = 0, replicated_deduplication_window = 0"
}

// Epoch is a scalar: the logic epoch that views show of a topic, the highest that
// was switched to, 0 when none ever was. No clock has a say in it.
func (t sqlText) Epoch(topic string) string {
	return fmt.Sprintf("(SELECT max(e.epoch) FROM %s.epoch_entries AS e WHERE e.topic = '%s' AND e.entry = 'switched')", t.DB(), topic)
}

// Passed is a scalar: the second up to which the clocks of all partitions of a
// topic have passed in its current epoch; 1970-01-01, before any as_of, while
// one of them has no clock or the epoch's record does not tell their number.
func (t sqlText) Passed(topic string) string {
	partitions := fmt.Sprintf("(SELECT max(n.partitions) FROM %s.epoch_entries AS n FINAL WHERE n.topic = '%s' AND n.entry = 'opened' AND n.epoch = %s)",
		t.DB(), topic, t.Epoch(topic))
	table := "progress_versions"
	if t.gates {
		table = Gate
	}
	return strings.NewReplacer("PROGRESS", table, "TOPIC", topic, "PARTITIONS", partitions, "EPOCH", t.Epoch(topic), "DB", t.DB()).Replace(
		"(SELECT if(PARTITIONS > 0 AND countIf(c.ticked = 1) = PARTITIONS, toDateTime(min(c.clock), 'UTC'), toDateTime(0, 'UTC'))" +
			" FROM DB.PROGRESS AS c FINAL" +
			" WHERE c.topic = 'TOPIC' AND c.epoch = EPOCH AND c.partition < PARTITIONS)")
}

// Suffix ends the name of a view with an as_of.
func (t sqlText) Suffix() string {
	if t.Now {
		return now
	}
	return ""
}

// Only begins the comment of a view with an as_of.
func (t sqlText) Only() string {
	if t.Now {
		return "At the latest as_of passed only, also if that gives no row: "
	}
	return ""
}

// Hours follows an as_of that is an hour boundary: which of them a view shows, of
// those that the clocks of all partitions of the topics have passed.
func (t sqlText) Hours(topics ...string) string { return t.shown("toStartOfHour", topics) }

// Midnights is Hours for an as_of that is a midnight.
func (t sqlText) Midnights(topics ...string) string { return t.shown("toStartOfDay", topics) }

func (t sqlText) shown(latest string, topics []string) string {
	passed := make([]string, len(topics))
	for i, topic := range topics {
		passed[i] = t.Passed(topic)
	}
	instant := strings.Join(passed, ", ")
	if len(passed) > 1 {
		instant = "least(" + instant + ")"
	}
	if t.Now {
		return "= " + latest + "(" + instant + ")"
	}
	return "<= " + instant
}

// Ratio is amount / of in floating point, null where of is 0 (DEFINITIONS A10): divided
// exactly to 12 decimals, then cut.
func (t sqlText) Ratio(amount, of string) string {
	return "if(" + of + " = 0, NULL, toFloat64(divideDecimal(toDecimal256(" + amount + ", 12), toDecimal256(if(" + of + " = 0, toDecimal128(1, 12), " + of + "), 12), 12)))"
}
