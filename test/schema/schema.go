// Package schema is what those are held against who must know every table: the
// tables as the migrations make them, read from their text, and a flush with a
// row in each. It needs no server, so that a table that somebody forgets fails a
// test at once.
package schema

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	chschema "runrate/schemas/clickhouse"
)

// Column is one column of a table.
type Column struct {
	Name, Type string
	Default    bool // the server fills it in
}

var (
	create = regexp.MustCompile(`(?s)CREATE TABLE IF NOT EXISTS \{\{\.DB\}\}\.(\w+)\{\{\.OnCluster\}\}\n\(\n(.*?)\n\)\n`)
	alter  = regexp.MustCompile(`(?m)^ALTER TABLE \{\{\.DB\}\}\.(\w+)\{\{\.OnCluster\}\}\s+ADD COLUMN IF NOT EXISTS (.*)$`)
	remark = regexp.MustCompile(`(?m)^ALTER TABLE \{\{\.DB\}\}\.\w+\{\{\.OnCluster\}\}\s+COMMENT COLUMN `) // changes no column
	rename = regexp.MustCompile(`(?m)^RENAME TABLE IF EXISTS \{\{\.DB\}\}\.(\w+) TO \{\{\.DB\}\}\.(\w+)\{\{\.OnCluster\}\};$`)
	column = regexp.MustCompile("^\\s*`?(\\w+)`?\\s+(.+?)\\s+(DEFAULT|COMMENT) ")
)

// Tables are the columns of every table that the migrations make, by name. A
// statement that it cannot read is an error.
func Tables() (map[string][]Column, error) {
	names, err := fs.Glob(chschema.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	tables := map[string][]Column{}
	for _, name := range names {
		text, err := fs.ReadFile(chschema.Files, name)
		if err != nil {
			return nil, err
		}
		if err := read(tables, string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return tables, nil
}

func read(tables map[string][]Column, text string) error {
	creates, alters := create.FindAllStringSubmatch(text, -1), alter.FindAllStringSubmatch(text, -1)
	if want := strings.Count(text, "CREATE TABLE") + strings.Count(text, "ALTER TABLE"); len(creates)+len(alters)+len(remark.FindAllString(text, -1)) != want {
		return fmt.Errorf("%d of %d statements that change tables can be read", len(creates)+len(alters), want)
	}
	for _, m := range slices.Concat(creates, alters) {
		for line := range strings.Lines(m[2]) {
			if strings.HasPrefix(strings.TrimSpace(line), "INDEX ") {
				continue
			}
			c := column.FindStringSubmatch(line)
			if c == nil {
				return fmt.Errorf("table %s: no column in %q", m[1], line)
			}
			tables[m[1]] = append(tables[m[1]], Column{Name: c[1], Type: c[2], Default: c[3] == "DEFAULT"})
		}
	}
	for _, m := range rename.FindAllStringSubmatch(text, -1) {
		tables[m[2]] = tables[m[1]]
		delete(tables, m[1])
	}
	return nil
}
