package oracle

import (
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OverAccounts are the views that Accounts fills, in the order of DEFINITIONS V24 to V27.
var OverAccounts = []string{"account_arr", "arr_bridge", "retention", "cohorts"}

// Accounts is the views over accounts as of a midnight (microseconds), looking back that many
// days.
func Accounts(log Log, partitions int32, opts Options, asOf int64, days int) Views {
	w, _ := read(log, partitions, opts)
	parts := w.parts()
	from := asOf - int64(days)*day
	views := Views{
		"account_arr": accountARR(parts, asOf),
		"arr_bridge":  bridge(parts, from, asOf),
		"retention":   retention(parts, from, asOf),
		"cohorts":     cohorts(parts, asOf),
	}
	for _, name := range OverAccounts {
		slices.Sort(views[name])
	}
	return views
}

// Latest is the last midnight (microseconds) that the clocks of both topics have passed, 0 if
// there is none.
func Latest(log Log, partitions int32) int64 {
	w, _ := read(log, partitions, Options{})
	return max(w.bothPassed()/day*day, 0)
}

// part is the ARR of an account in a line and currency, of a kind, at every midnight.
type part struct {
	account, line, currency, kind string
	holding
}

// parts are those of all accounts.
func (w *world) parts() []part {
	pairs, usage, changes := w.lineFacts()
	account := func(f *fact) string { return f.account }
	var all []part
	for _, pair := range pairs {
		line, currency, _ := strings.Cut(pair, "\t")
		for name, facts := range groups(usage[pair], account) {
			all = append(all, part{name, line, currency, "usage", hold(facts, w.bothPassed(), func(m int64) *big.Int { return w.usageRevenue(facts, m) })})
		}
		for name, facts := range groups(changes[pair], account) {
			all = append(all, part{name, line, currency, "subscription", hold(facts, w.bothPassed(), func(m int64) *big.Int { return recurring(facts, pair, m) })})
		}
	}
	return all
}

func accountARR(parts []part, asOf int64) (out []string) {
	for key, of := range groups(parts, func(p part) string { return row(p.account, p.line, p.currency) }) {
		kinds := map[string]*big.Int{"usage": {}, "subscription": {}}
		some := false
		for _, p := range of {
			kinds[p.kind].Add(kinds[p.kind], p.at(asOf))
			some = some || p.at(asOf).Sign() != 0
		}
		if some {
			out = append(out, row(key, text(kinds["usage"]), text(kinds["subscription"]), text(new(big.Int).Add(kinds["usage"], kinds["subscription"]))))
		}
	}
	return out
}

// movements are what classify returns, in words.
var movements = [...]string{isNew: "new", isExpansion: "expansion", isReactivation: "reactivation", isContraction: "contraction", isChurn: "churn"}

func bridge(parts []part, from, asOf int64) (out []string) {
	for _, p := range parts {
		before, now := p.at(from), p.at(asOf)
		if before.Sign() == 0 && now.Sign() == 0 {
			continue
		}
		movement := movements[classify(before, now, p.first(), from)]
		if before.Cmp(now) == 0 {
			movement = "unchanged"
		}
		out = append(out, row(p.account, p.line, p.currency, p.kind, text(before), text(now), movement, text(new(big.Int).Sub(now, before))))
	}
	return out
}

// sum is the ARR of an account before and now, over some of its parts.
type sum struct {
	before, now big.Int
	first       int64
}

func sumOf(parts []part, from, asOf int64) (s sum) {
	s.first = endOfTime
	for _, p := range parts {
		s.before.Add(&s.before, p.at(from))
		s.now.Add(&s.now, p.at(asOf))
		s.first = min(s.first, p.first())
	}
	return s
}

// retained is a row of retention.
type retained struct {
	opening, closing                 big.Int
	moved                            [5]big.Int
	accounts                         [5]int64
	accountsOpening, accountsClosing int64
	line, currency                   string
}

func (r *retained) move(s *sum, from int64) {
	m := &r.moved[classify(&s.before, &s.now, s.first, from)]
	m.Add(m, new(big.Int).Sub(&s.now, &s.before))
	r.opening.Add(&r.opening, &s.before)
	r.closing.Add(&r.closing, &s.now)
}

func (r *retained) count(s *sum, from int64) {
	r.accounts[classify(&s.before, &s.now, s.first, from)]++
	if s.before.Sign() > 0 {
		r.accountsOpening++
	}
	if s.now.Sign() > 0 {
		r.accountsClosing++
	}
}

func retention(parts []part, from, asOf int64) (out []string) {
	held := slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.at(from).Sign() == 0 && p.at(asOf).Sign() == 0 })
	for _, there := range groups(held, func(p part) string { return row(p.line, p.currency) }) {
		r := retained{line: there[0].line, currency: there[0].currency}
		for _, p := range there {
			s := sumOf([]part{p}, from, asOf)
			r.move(&s, from)
		}
		for _, account := range groups(there, func(p part) string { return p.account }) {
			s := sumOf(account, from, asOf)
			r.count(&s, from)
		}
		out = append(out, r.row())
	}
	for currency, all := range groups(held, func(p part) string { return p.currency }) {
		r := retained{line: "*", currency: currency}
		for _, account := range groups(all, func(p part) string { return p.account }) {
			s := sumOf(account, from, asOf)
			r.move(&s, from)
			r.count(&s, from)
		}
		out = append(out, r.row())
	}
	return out
}

func (r *retained) row() string {
	added := func(of ...*big.Int) *big.Int {
		n := new(big.Int)
		for _, x := range of {
			n.Add(n, x)
		}
		return n
	}
	m := &r.moved
	lost := added(&m[isContraction], &m[isChurn])
	logo, arpa := "", ""
	if r.accountsOpening > 0 {
		logo = strconv.FormatUint(math.Float64bits(float64(r.accounts[isChurn])/float64(r.accountsOpening)), 10)
	}
	if r.accountsClosing > 0 {
		arpa = text(round(new(big.Rat).SetFrac(&r.closing, times(scale, r.accountsClosing))))
	}
	return row(r.line, r.currency, text(&r.opening), text(&m[isNew]), text(&m[isExpansion]), text(&m[isReactivation]), text(&m[isContraction]),
		text(&m[isChurn]), text(&r.closing), ratio(added(&r.opening, &m[isExpansion], lost), &r.opening), ratio(added(&r.opening, lost), &r.opening),
		ratio(added(&m[isNew], &m[isExpansion], &m[isReactivation]), new(big.Int).Neg(lost)), itoa(r.accountsOpening), itoa(r.accounts[isNew]),
		itoa(r.accounts[isReactivation]), itoa(r.accounts[isChurn]), itoa(r.accountsClosing), logo, arpa)
}

func cohorts(parts []part, asOf int64) (out []string) {
	type customer struct {
		parts  []part
		cohort time.Time
	}
	month := func(micros int64) time.Time {
		t := time.UnixMicro(micros).UTC()
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	cohorts := map[string][]customer{}
	for _, of := range groups(parts, func(p part) string { return row(p.account, p.currency) }) {
		first := endOfTime
		for _, p := range of {
			first = min(first, p.first())
		}
		if first <= asOf {
			key := row(of[0].currency, month(first).Format(time.DateOnly))
			cohorts[key] = append(cohorts[key], customer{of, month(first)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(cohorts)) {
		customers := cohorts[key]
		currency, cohort, _ := strings.Cut(key, "\t")
		var opening *big.Int
		for i, at := 0, customers[0].cohort; at.UnixMicro() <= asOf; i, at = i+1, at.AddDate(0, 1, 0) {
			end := min(at.AddDate(0, 1, -1).UnixMicro(), asOf)
			arr, active := new(big.Int), int64(0)
			for _, c := range customers {
				s := sumOf(c.parts, end, end)
				arr.Add(arr, &s.now)
				if s.now.Sign() > 0 {
					active++
				}
			}
			if opening == nil {
				opening = arr
			}
			out = append(out, row(cohort, itoa(int64(i)), currency, itoa(int64(len(customers))), itoa(active), text(arr), ratio(arr, opening)))
		}
	}
	return out
}
