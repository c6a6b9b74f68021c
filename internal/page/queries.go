package page

import (
	"strings"
	"time"

	chschema "runrate/schemas/clickhouse"
)

// query is what a panel reads.
type query struct {
	name  string        // of the file in sql/
	every time.Duration // how often it is read, at most
}

// queries are all panels' queries. What tells of trouble is read more often than what
// changes by the hour.
var queries = []query{
	{"clock", time.Second},
	{"partitions", time.Second},
	{"refusals", 2 * time.Second},
	{"records", 2 * time.Second},
	{"usage", 2 * time.Second},
	{"arr", 2 * time.Second},
	{"bridge", 5 * time.Second},
	{"arr_over_time", 5 * time.Second},
	{"active", 5 * time.Second},
	{"definitions", 5 * time.Second},
}

// of is the query's text for a database.
func (q query) of(d chschema.Database) string {
	text, err := files.ReadFile("sql/" + q.name + ".sql")
	if err != nil {
		panic(err) // it is embedded; a test reads them all
	}
	name := d.SQL()
	if d.String() == chschema.DefaultDatabase {
		name = chschema.DefaultDatabase // as one would type it
	}
	return strings.ReplaceAll(string(text), "{db}", name)
}
