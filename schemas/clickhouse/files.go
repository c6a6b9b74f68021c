package chschema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"runrate/schemas/definitions"
	"runrate/schemas/topics"
)

// Files are the migrations, NNNN_name.sql, and the views, views/name.sql, as
// templates.
//
//go:embed *.sql views/*.sql
var Files embed.FS

// Views are the names of all views, in the order in which they are created: one
// that reads another comes after it.
func Views() []string { return slices.Clone(viewOrder) }

// now ends the name of a view that shows another's rows at the latest as_of passed,
// and is made from the other's file.
const now = "_now"

var viewOrder = []string{
	"definitions",
	"epochs",
	"usage_events",
	"usage_hourly",
	"rolling_revenue", "rolling_revenue_now",
	"active_accounts", "active_accounts_now",
	"account_daily",
	"subscriptions",
	"mrr_movements",
	"mrr", "mrr_now",
	"arr", "arr_now",
	"net_new_arr", "net_new_arr_now",
	"retention_30d", "retention_30d_now",
	"account_arr", "account_arr_now",
	"arr_bridge", "arr_bridge_now",
	"retention", "retention_now",
	"cohorts", "cohorts_now",
	"arr_as_known", "arr_as_known_now",
	"restatements", "restatements_now",
	"dead_letters",
	"accounting",
	"freshness",
	"control_records",
	"losses",
	"price_books",
	"fx_rates",
	"arr_in", "arr_in_now",
	"net_new_arr_in", "net_new_arr_in_now",
	"fx_missing", "fx_missing_now",
}

// migration is one numbered file.
type migration struct {
	number   uint32
	name     string // without number and extension
	checksum string // SHA-256 of the file, hexadecimal
	text     string // a template
}

// String is the migration as NNNN_name.
func (m migration) String() string { return fmt.Sprintf("%04d_%s", m.number, m.name) }

// migrations are the numbered files in their order: 1, 2, 3, … without a gap.
func migrations(from fs.FS) ([]migration, error) {
	names, err := fs.Glob(from, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []migration
	for i, file := range names {
		digits, name, ok := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
		number, err := strconv.ParseUint(digits, 10, 32)
		if !ok || len(digits) != 4 || err != nil || number != uint64(i+1) {
			return nil, fmt.Errorf("migration file %s: want %04d_name.sql", file, i+1)
		}
		text, err := fs.ReadFile(from, file)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		out = append(out, migration{uint32(number), name, hex.EncodeToString(sum[:]), string(text)})
	}
	return out, nil
}

// render turns a file into those statements that make the thing of that name.
func render(name, text string, o Options) ([]string, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("schema file %s: %w", name, err)
	}
	var b strings.Builder
	err = t.Execute(&b, sqlText{
		Options:       o,
		Now:           strings.HasSuffix(name, now),
		Usage:         topics.Usage,
		Subscriptions: topics.Subscriptions,
		DefaultARR:    definitions.DefaultARR,

		DefaultStatuses: definitions.DefaultStatuses,

		RollingWindows: definitions.Names(definitions.Rolling[:]),
		ActiveWindows:  definitions.Names(definitions.Active[:]),
		NetNewDays:     definitions.NetNewDays,
	})
	if err != nil {
		return nil, fmt.Errorf("schema file %s: %w", name, err)
	}
	list := statements(b.String())
	if o.shards > 1 {
		for i, s := range list {
			if strings.HasPrefix(s, "CREATE OR REPLACE VIEW") {
				list[i] = OverShards(s)
			}
		}
	}
	return list, nil
}

// statements splits at a semicolon that ends a line. Lines that begin with --
// are comments.
func statements(text string) []string {
	var out []string
	var current strings.Builder
	flush := func() {
		if s := strings.TrimSpace(current.String()); s != "" {
			out = append(out, placed(s))
		}
		current.Reset()
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		body, ends := strings.CutSuffix(line, ";")
		current.WriteString(body + "\n")
		if ends {
			flush()
		}
	}
	flush()
	return out
}
