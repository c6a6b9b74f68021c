package chschema

import (
	"fmt"
	"regexp"
)

// DefaultDatabase is the name of the database that analysts know.
const DefaultDatabase = "revenue"

var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Database is the name of a database that may stand in SQL. The zero value is
// DefaultDatabase; any other comes from ParseDatabase.
type Database struct{ name string }

// ParseDatabase is the database of a name, which must be letters, digits and _;
// "" is DefaultDatabase.
func ParseDatabase(name string) (Database, error) {
	if name != "" && !databaseName.MatchString(name) {
		return Database{}, fmt.Errorf("database %q is no name of letters, digits and _", name)
	}
	return Database{name}, nil
}

// String is the name as it is.
func (d Database) String() string {
	if d.name == "" {
		return DefaultDatabase
	}
	return d.name
}

// SQL is the name as it stands in a statement.
func (d Database) SQL() string { return "`" + d.String() + "`" }

// Of is a table or view of the database as it stands in a statement.
func (d Database) Of(table string) string { return d.SQL() + "." + table }
