package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"runrate/internal/stream"
)

// script is a log with one partition a topic, written one record a line by
// the methods below. Times are short: "01T10:00" is in November 2026.
type script struct {
	log    Log
	serial int
}

func newScript() *script { return &script{log: Log{}} }

func (s *script) add(src stream.Source, key, value string) {
	offset := stream.Offset(len(s.log[src]))
	s.log[src] = append(s.log[src], stream.Record{Offset: offset, Key: []byte(key), Value: []byte(value)})
}

var (
	usage0        = stream.Source{Topic: stream.Usage.Topic()}
	subscriptions = stream.Source{Topic: stream.Subscriptions.Topic()}
)

func at(short string) string {
	switch len(short) {
	case len("01T10:00"):
		short += ":00Z"
	case len("01T10:00:00"):
		short += "Z"
	}
	if strings.Count(short, "-") < 2 {
		short = "2026-11-" + short
	}
	return short
}

func (s *script) event(src stream.Source, kind, account, when, data string) {
	s.serial++
	s.add(src, account, fmt.Sprintf(
		`{"specversion":"1.0","type":%q,"source":"test","id":"e%d","time":%q,"subject":%q,"data":%s}`,
		kind, s.serial, at(when), account, data))
}

func (s *script) usage(account, when, product, quantities string) {
	s.event(usage0, "usage.recorded", account, when,
		fmt.Sprintf(`{"product":%q,"quantities":{%s},"region":"eu"}`, product, quantities))
}

func (s *script) adjust(account, when, product, amount, currency string) {
	s.event(usage0, "adjustment.recorded", account, when,
		fmt.Sprintf(`{"product":%q,"amount":%q,"currency":%q,"reason":"refund","region":"eu"}`, product, amount, currency))
}

// change is a monthly subscription of line chat, plan team, unless extra says otherwise.
func (s *script) change(account, when, id, status string, quantity int, unit, extra string) {
	line := ""
	if !strings.Contains(extra, `"line"`) {
		line = `"line":"chat",`
	}
	if !strings.Contains(extra, `"currency"`) {
		line += `"currency":"USD",`
	}
	if !strings.Contains(extra, `"interval":`) {
		line += `"interval":"month",`
	}
	s.event(subscriptions, "subscription.changed", account, when, fmt.Sprintf(
		`{%s"subscription":%q,"plan":"team","status":%q,"quantity":%d,"unit_amount":%q%s}`, line, id, status, quantity, unit, extra))
}

// tick ticks both topics; "TIME jump" on purpose, however far.
func (s *script) tick(when string) {
	when, jump := strings.CutSuffix(when, " jump")
	for _, src := range []stream.Source{usage0, subscriptions} {
		s.add(src, "", fmt.Sprintf(`{"specversion":"1.0","type":"clock.ticked","source":"t","id":"t","time":%q,"data":{"jump":%v}}`, at(when), jump))
	}
}

const handBook = `{"version":"1","currency":"USD","products":[
 {"product":"large","line":"api","meters":{
  "in":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"2.50","cost":"0.60"},
        {"effective_from":"2026-11-01T12:00:00Z","unit":1000000,"price":"2.00","cost":"0.50"}],
  "out":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"10.00","cost":"2.40"}]}},
 {"product":"tiny","line":"api","meters":{
  "n":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"0.000000000001","cost":"0"}]}},
 {"product":"soon","line":"chat","meters":{
  "n":[{"effective_from":"2026-11-20T00:00:00Z","unit":1,"price":"1","cost":"0"}]}}],
 "discounts":[{"account":"half","effective_from":"2026-01-01T00:00:00Z","percent":"50"}]}`

func (s *script) book(data string) {
	s.add(usage0, "", `{"specversion":"1.0","type":"pricebook.published","source":"p","id":"p","time":"2026-11-01T00:00:00Z","data":`+data+`}`)
}

func (s *script) compute() Views { return Compute(s.log, 1, Options{}) }

// expect compares a view, or its rows with a prefix, with rows whose columns
// are separated by " | " and whose money may lack trailing zeros.
func expect(t *testing.T, views Views, view, prefix string, want ...string) {
	t.Helper()
	var got []string
	for _, r := range views[view] {
		if strings.HasPrefix(r, prefix) {
			got = append(got, strings.ReplaceAll(strings.ReplaceAll(r, ".000000000000", ""), "\t", " | "))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s %s\n got:\n  %s\nwant:\n  %s", view, prefix, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
