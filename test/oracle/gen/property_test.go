package gen

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"runrate/test/oracle"
)

// money reads an amount of a row, in units of 10^-12.
func money(t *testing.T, s string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(strings.Replace(s, ".", "", 1), 10)
	if !ok {
		t.Fatalf("%q is no amount", s)
	}
	return n
}

// sums adds up a money column of a view by some of its other columns.
func sums(t *testing.T, rows []string, amount int, by ...int) map[string]*big.Int {
	m := map[string]*big.Int{}
	for _, r := range rows {
		columns := strings.Split(r, "\t")
		var key []string
		for _, i := range by {
			key = append(key, columns[i])
		}
		k := strings.Join(key, "\t")
		if m[k] == nil {
			m[k] = new(big.Int)
		}
		m[k].Add(m[k], money(t, columns[amount]))
	}
	return m
}

func same(t *testing.T, g Generated, what string, a, b map[string]*big.Int) {
	t.Helper()
	for key := range a {
		if b[key] == nil && a[key].Sign() != 0 || b[key] != nil && a[key].Cmp(b[key]) != 0 {
			t.Fatalf("%s: %s: %v here is %v there, of %q", g.Describe(), what, a[key], b[key], key)
		}
	}
}

// TestIdentities holds what DEFINITIONS S7, A3 and A7 say of the views' sums.
func TestIdentities(t *testing.T) {
	for seed := range uint64(60) {
		g := Stream(seed, Options{})
		v := oracle.Compute(g.Log(), g.Partitions, oracle.Options{})

		// All movements of an account, line and currency make its MRR now.
		moved := sums(t, v["mrr_movements"], 6, 1, 2, 3)
		now := sums(t, v["subscriptions"], 8, 1, 2, 7)
		same(t, g, "movements", moved, now)
		same(t, g, "movements", now, moved)

		// The panes of a line and currency make its events.
		panes := sums(t, v["usage_hourly"], 6, 1, 2, 3, 4, 5)
		same(t, g, "panes", panes, sums(t, v["usage_events"], 8, 2, 3, 4, 5, 6))

		// A year's MRR is arr's subscription part.
		parts := sums(t, v["arr"], 4, 0, 1, 2)
		for key, monthly := range sums(t, v["mrr"], 6, 0, 1, 5) {
			monthly.Mul(monthly, big.NewInt(12))
			if parts[key] != nil && parts[key].Cmp(monthly) != 0 {
				t.Fatalf("%s: arr at %q is %v, 12 months are %v", g.Describe(), key, parts[key], monthly)
			}
		}

		// net_new_arr closes on arr, and its five columns are its change.
		closing := sums(t, v["net_new_arr"], 9, 0, 1, 2)
		arr := sums(t, v["arr"], 5, 0, 1, 2)
		same(t, g, "closing", closing, arr)
		for _, r := range v["net_new_arr"] {
			c := strings.Split(r, "\t")
			net := new(big.Int)
			for _, amount := range c[4:9] {
				net.Add(net, money(t, amount))
			}
			change := new(big.Int).Sub(money(t, c[9]), money(t, c[3]))
			if net.Cmp(change) != 0 || net.Cmp(money(t, c[10])) != 0 {
				t.Fatalf("%s: the five come to %v: %s", g.Describe(), net, r)
			}
		}
	}
}

// TestAsOf holds that a limit on as_of drops rows and changes none.
func TestAsOf(t *testing.T) {
	g := Stream(3, Options{})
	all := oracle.Compute(g.Log(), g.Partitions, oracle.Options{})
	noon := oracle.Compute(g.Log(), g.Partitions, oracle.Options{AsOf: func(at int64) bool { return at%day == 12*hour }})
	want := oracle.Views{}
	for name, rows := range all {
		for _, r := range rows {
			asOf := name == "rolling_revenue" || name == "active_accounts" || name == "mrr" || name == "arr" || name == "net_new_arr" || name == "restatements" || slices.Contains(oracle.Converted, name)
			if !asOf || strings.Contains(strings.Split(r, "\t")[0], "T12:00:00Z") {
				want[name] = append(want[name], r)
			}
		}
	}
	if d := oracle.Diff(noon, want); d != "" {
		t.Error(d)
	}
}
