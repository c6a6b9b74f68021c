// Package readback reads every view from ClickHouse as text, in the form of
// package oracle, so that the two can be compared row by row.
package readback

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	chschema "runrate/schemas/clickhouse"
	"runrate/test/oracle"
)

// How columns are written: see the doc comment of package oracle.
const (
	micros  = "formatDateTime(%s, '%%Y-%%m-%%dT%%H:%%i:%%S.%%fZ', 'UTC')"
	seconds = "formatDateTime(%s, '%%Y-%%m-%%dT%%H:%%i:%%SZ', 'UTC')"
	money   = "toDecimalString(%s, 12)"
	ratio   = "ifNull(toString(reinterpretAsUInt64(%s)), '')"
	plain   = "toString(%s)"
	missing = "ifNull(toDecimalString(%s, 12), '')"
	meters  = "arrayStringConcat(arrayMap(m -> concat(m.1, '=', toString(m.2)), arraySort(m -> m.1, CAST(%s, 'Array(Tuple(String, UInt64))'))), ',')"
	clock   = "if(toUnixTimestamp64Micro(%[1]s) = 0, '', formatDateTime(%[1]s, '%%Y-%%m-%%dT%%H:%%i:%%S.%%fZ', 'UTC'))"
)

type column struct{ name, form string }

// columns of form are those columns, all written in that form.
func columns(form, names string) []column {
	var out []column
	for name := range strings.FieldsSeq(names) {
		out = append(out, column{name, form})
	}
	return out
}

var views = map[string][]column{
	"usage_events": slices.Concat(columns(plain, "account"), columns(micros, "time"), columns(plain, "line product segment region currency"),
		columns(meters, "quantities"), columns(money, "revenue cost"), columns(plain, "source id type one_off price_book")),
	"usage_hourly": slices.Concat(columns(seconds, "hour"), columns(plain, "line product segment region currency"),
		columns(money, "revenue cost"), columns(plain, "events")),
	"rolling_revenue": slices.Concat(columns(seconds, "as_of"), columns(plain, "window line product segment region currency"),
		columns(money, "revenue cost"), columns(plain, "events")),
	"active_accounts": slices.Concat(columns(seconds, "as_of"), columns(plain, "window line accounts")),
	"account_daily":   slices.Concat(columns(plain, "account line currency day"), columns(money, "revenue one_off cost"), columns(plain, "events")),
	"subscriptions": slices.Concat(columns(plain, "subscription account line plan status segment region currency"),
		columns(money, "mrr"), columns(micros, "since")),
	"mrr_movements": slices.Concat(columns(micros, "time"), columns(plain, "account line currency subscription movement"), columns(money, "amount")),
	"mrr": slices.Concat(columns(seconds, "as_of"), columns(plain, "line plan segment region currency"),
		columns(money, "mrr"), columns(plain, "subscriptions")),
	"arr": slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"), columns(money, "usage_arr subscription_arr arr")),
	"net_new_arr": slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"),
		columns(money, "opening new expansion reactivation contraction churn closing net_new")),
	"dead_letters": columns(plain, "topic partition offset reason"),
	"accounting":   columns(plain, "topic partition first_offset next_offset accepted duplicate refused control skipped lost"),
	"freshness":    slices.Concat(columns(plain, "topic partition"), columns(clock, "clock"), columns(plain, "next_offset")),
	"arr_in":       slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"), columns(money, "usage_arr subscription_arr arr")),
	"net_new_arr_in": slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"),
		columns(money, "opening new expansion reactivation contraction churn closing net_new fx")),
	"retention_30d": slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"), columns(ratio, "nrr grr quick_ratio")),
	"account_arr":   slices.Concat(columns(plain, "account line currency"), columns(money, "usage_arr subscription_arr arr")),
	"arr_bridge": slices.Concat(columns(plain, "account line currency kind"), columns(money, "before now"), columns(plain, "movement"),
		columns(money, "amount")),
	"retention": slices.Concat(columns(plain, "line currency"), columns(money, "opening new expansion reactivation contraction churn closing"),
		columns(ratio, "nrr grr quick_ratio"), columns(plain, "accounts_opening accounts_new accounts_reactivated accounts_churned accounts_closing"),
		columns(ratio, "logo_churn"), columns(missing, "arpa")),
	"cohorts":      slices.Concat(columns(plain, "cohort month currency accounts active"), columns(money, "arr"), columns(ratio, "arr_share")),
	"restatements": slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency"), columns(seconds, "known_on"), columns(money, "before after")),
	"fx_missing":   slices.Concat(columns(seconds, "as_of"), columns(plain, "line currency")),
}

// Sample says which as_of of a view to read: with n above 1, one hour in n and
// all hours of one day in n; else all.
type Sample int64

// Keep is the sample for oracle.Options.AsOf.
func (n Sample) Keep(micros int64) bool {
	hour := micros / 3_600_000_000
	return n <= 1 || hour%int64(n) == 0 || hour/24%int64(n) == 0
}

func (n Sample) where(view []column) string {
	if n <= 1 || view[0].name != "as_of" {
		return ""
	}
	return fmt.Sprintf(" WHERE intDiv(toUnixTimestamp(as_of), 3600) %% %[1]d = 0 OR intDiv(toUnixTimestamp(as_of), 86400) %% %[1]d = 0", n)
}

// Views reads every view of a database.
func Views(ctx context.Context, conn driver.Conn, database chschema.Database, sample Sample) (oracle.Views, error) {
	out := oracle.Views{}
	for name, view := range views {
		if slices.Contains(oracle.OverAccounts, name) {
			continue
		}
		rows, err := read(ctx, conn, chschema.Ask{Currency: oracle.Asked}.Of(database.Of(name)), view, sample.where(view))
		if err != nil {
			return nil, fmt.Errorf("read the view %s: %w", name, err)
		}
		out[name] = rows
	}
	return out, nil
}

// Accounts reads the views over accounts, as of a midnight and days back, or those at the
// latest if ask is nil; condition follows WHERE.
func Accounts(ctx context.Context, conn driver.Conn, database chschema.Database, ask *chschema.Ask, condition string) (oracle.Views, error) {
	out := oracle.Views{}
	for _, name := range oracle.OverAccounts {
		from := database.Of(name + "_now")
		if ask != nil {
			from = ask.Of(database.Of(name))
		}
		rows, err := read(ctx, conn, from, views[name], " WHERE "+condition)
		if err != nil {
			return nil, fmt.Errorf("read the view %s: %w", name, err)
		}
		out[name] = rows
	}
	return out, nil
}

// read is the rows of what stands after FROM, in byte order.
func read(ctx context.Context, conn driver.Conn, from string, view []column, where string) ([]string, error) {
	parts := make([]string, len(view))
	for i, c := range view {
		parts[i] = fmt.Sprintf(c.form, "v.`"+c.name+"`")
	}
	query := fmt.Sprintf("SELECT arrayStringConcat([%s], '\\t') FROM %s AS v%s", strings.Join(parts, ", "), from, where)
	r, err := conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rows := []string{}
	for r.Next() {
		var row string
		if err := r.Scan(&row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	slices.Sort(rows)
	return rows, r.Err()
}
