package program

import (
	"slices"
	"strings"
	"testing"
	"time"

	chschema "runrate/schemas/clickhouse"
	"runrate/test/oracle"
)

// latest are the views with an as_of, by what it is a multiple of, and the topics
// whose clocks hold it back.
var latest = map[string]struct {
	grid   time.Duration
	topics []string
}{
	"rolling_revenue": {time.Hour, []string{"runrate.usage"}},
	"active_accounts": {24 * time.Hour, []string{"runrate.usage"}},
	"mrr":             {time.Hour, []string{"runrate.subscriptions"}},
	"arr":             {time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"net_new_arr":     {24 * time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"restatements":    {24 * time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"fx_missing":      {time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"retention_30d":   {24 * time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"arr_in":          {time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
	"net_new_arr_in":  {24 * time.Hour, []string{"runrate.usage", "runrate.subscriptions"}},
}

// checkNow holds each view that ends in _now to the oracle's rows at the last
// boundary that the clocks of that many partitions have passed. Those that convert do
// it to the reference, dollars in the streams, and have no row without rates.
func (p *pipeline) checkNow(t *testing.T, log oracle.Log, want oracle.Views, partitions int32) {
	t.Helper()
	p.checkAccountsNow(t, log, partitions)
	p.checkKnown(t, log, partitions)
	inDollars := oracle.Compute(log, partitions, oracle.Options{In: "USD"})
	if p.query(t, "SELECT count() FROM control_records WHERE kind = 'rates' AND topic = 'runrate.usage' AND partition = 0")[0] == "0" {
		inDollars["arr_in"], inDollars["net_new_arr_in"] = nil, nil
	}
	for view, of := range latest {
		from := want
		if strings.HasSuffix(view, "_in") {
			from = inDollars
		}
		var rows []string
		if passed, ok := passed(t, want, of.topics, int(partitions)); ok {
			asOf := passed.Truncate(of.grid).Format("2006-01-02T15:04:05Z") + "\t"
			for _, row := range from[view] {
				if strings.HasPrefix(row, asOf) {
					rows = append(rows, row)
				}
			}
		}
		got := p.query(t, "SELECT "+selected(view)+" FROM "+view+"_now", "date_time_output_format=iso", "output_format_decimal_trailing_zeros=1")
		slices.Sort(got)
		if !slices.Equal(got, rows) {
			t.Errorf("%s_now:\n%s\nwant:\n%s", view, strings.Join(got, "\n"), strings.Join(rows, "\n"))
		}
	}
}

// checkAccountsNow holds the views over accounts to the oracle at the latest midnight.
func (p *pipeline) checkAccountsNow(t *testing.T, log oracle.Log, partitions int32) {
	t.Helper()
	want := oracle.Accounts(log, partitions, oracle.Options{}, oracle.Latest(log, partitions), 30)
	for _, view := range oracle.OverAccounts {
		got := p.query(t, "SELECT "+selected(view)+" FROM "+view+"_now", "output_format_decimal_trailing_zeros=1")
		slices.Sort(got)
		if !slices.Equal(got, want[view]) {
			t.Errorf("%s_now:\n%s\nwant:\n%s", view, strings.Join(got, "\n"), strings.Join(want[view], "\n"))
		}
	}
}

// checkKnown holds arr_as_known to the oracle: as of the latest midnight and ones before it,
// as known then, later, and now, which is also that of arr_as_known_now.
func (p *pipeline) checkKnown(t *testing.T, log oracle.Log, partitions int32) {
	t.Helper()
	latest := time.UnixMicro(oracle.Latest(log, partitions)).UTC()
	asKnown := oracle.AsKnown(log, partitions, oracle.Options{})
	compare := func(from string, asOf, knownOn time.Time) {
		got := p.query(t, "SELECT "+selected(oracle.AskedByTwo)+" FROM "+from, "output_format_decimal_trailing_zeros=1")
		slices.Sort(got)
		if want := asKnown(asOf.UnixMicro(), knownOn.UnixMicro()); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant:\n%s", from, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	end := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	compare(oracle.AskedByTwo+"_now", latest, end)
	if latest.Unix() == 0 {
		return
	}
	for _, back := range []int{0, 1, 2, 5, 12, 30} {
		for _, later := range []int{0, 1, 4, 40} {
			asOf := latest.AddDate(0, 0, -back)
			knownOn := asOf.AddDate(0, 0, later)
			compare(chschema.Ask{AsOf: asOf.Format(time.DateOnly), KnownOn: knownOn.Format(time.DateOnly)}.Of(oracle.AskedByTwo), asOf, knownOn)
		}
	}
	within := latest.Add(time.Hour) // of a day: all that is folded on it is known
	compare(chschema.Ask{AsOf: latest.Format(time.DateOnly), KnownOn: within.Format(time.DateTime)}.Of(oracle.AskedByTwo), latest, latest.AddDate(0, 0, 1))
	early := chschema.Ask{AsOf: latest.Format(time.DateOnly), KnownOn: latest.Add(-time.Hour).Format(time.DateTime)}.Of(oracle.AskedByTwo)
	if _, said := p.tryQuery(t, "SELECT * FROM "+early); !strings.Contains(said, "is before as_of") {
		t.Errorf("%s: %s", early, said)
	}
}

// passed is the lowest clock of topics, by the oracle's freshness; not ok if a
// partition has none.
func passed(t *testing.T, want oracle.Views, topics []string, partitions int) (lowest time.Time, ok bool) {
	t.Helper()
	ticked := 0
	for _, row := range want["freshness"] {
		cells := strings.Split(row, "\t")
		if !slices.Contains(topics, cells[0]) || cells[2] == "" {
			continue
		}
		clock, err := time.Parse("2006-01-02T15:04:05Z", cells[2])
		if err != nil {
			t.Fatal(err)
		}
		if ticked++; ticked == 1 || clock.Before(lowest) {
			lowest = clock
		}
	}
	return lowest, ticked == partitions*len(topics)
}
