package explain_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"runrate/consumers/intake"
	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
	"runrate/internal/views/explain"
	chschema "runrate/schemas/clickhouse"
	"runrate/test/localtest"
	"runrate/test/oracle/gen"
	"runrate/test/sim"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) { localtest.Main(m) }

const partitions = 2

// folded is a database that holds a generated stream.
func folded(t *testing.T, seed uint64) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Address: localtest.ClickHouse(t).TCPAddr(), Database: localtest.Database(t)})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	_, err = chschema.Migrate(t.Context(), s.Conn(), chschema.Options{Database: s.Database()})
	must(t, err)
	log := gen.Stream(seed, gen.Options{Records: 600, Partitions: partitions, Days: 20}).Log()
	for _, topic := range stream.Inputs() {
		must(t, s.OpenEpoch(t.Context(), store.Record{Topic: topic, Partitions: partitions}))
		for p := range int32(partitions) {
			source := stream.Source{Topic: topic, Partition: p}
			must(t, sim.Drive(s, sim.Fold(source, partitions, intake.DefaultMemory), log[source], func() sim.Cut { return sim.FoldOn }))
		}
	}
	return s
}

// lines are the lines and currencies that have ARR at the last boundary.
func lines(t *testing.T, s *store.Store) (found []explain.Query) {
	t.Helper()
	rows, err := s.Conn().Query(t.Context(), `SELECT line, currency FROM `+s.Database().Of("arr")+` WHERE as_of = (SELECT max(as_of) FROM `+s.Database().Of("arr")+`) ORDER BY line, currency`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		q := explain.Query{Database: s.Database()}
		must(t, rows.Scan(&q.Line, &q.Currency))
		found = append(found, q)
	}
	must(t, rows.Err())
	return found
}

// walk calls f for a node and all below it.
func walk(n *explain.Node, f func(*explain.Node)) {
	f(n)
	for _, c := range n.Children {
		walk(c, f)
	}
}

// TestRead: every line's ARR comes apart into events and subscriptions, each with its
// place, its price book and its meters, and every account's part of it does.
func TestRead(t *testing.T) {
	var text bytes.Buffer
	for seed := range uint64(2) {
		s := folded(t, seed)
		seen := map[string]int{}
		for _, q := range lines(t, s) {
			q.Top, q.Open = 4, 3
			tree, err := explain.Read(t.Context(), s.Conn(), q)
			must(t, err)
			accounts := map[string]bool{}
			walk(tree, func(n *explain.Node) {
				seen[n.What]++
				if n.What == "account" {
					accounts[n.Name] = true
				}
				if n.What == "event" && (n.Record.PriceBook == "" || len(n.Children) == 0) {
					t.Errorf("%s: the event at %s has no price book or meters", q.Line, n.Record)
				}
			})
			for account := range accounts {
				of := q
				of.Account = account
				_, err := explain.Read(t.Context(), s.Conn(), of)
				must(t, err)
			}
			if seed == 1 {
				q.Top, q.Open = 2, 1
				tree, err = explain.Read(t.Context(), s.Conn(), q)
				must(t, err)
				must(t, tree.Write(&text, true))
				text.WriteString("\n")
			}
		}
		for _, what := range []string{"event", "adjustment", "meter", "subscription", "rest"} {
			if seen[what] == 0 {
				t.Errorf("seed %d: no %s is shown in %v", seed, what, seen)
			}
		}
	}
	golden(t, "testdata/explain.txt", text.String())
}

// TestReadNetNew: every line's net new ARR comes apart by movement and account, and each
// account's part into what it was made of now and then.
func TestReadNetNew(t *testing.T) {
	var text bytes.Buffer
	s := folded(t, 1)
	seen := map[string]int{}
	for _, q := range lines(t, s) {
		q.Top, q.Open = 3, 1
		tree, err := explain.ReadNetNew(t.Context(), s.Conn(), q)
		must(t, err)
		walk(tree, func(n *explain.Node) {
			seen[n.What]++
			if name, kind, ok := strings.Cut(n.Name, ", "); n.What == "account" && ok && (kind == "usage" || kind == "subscription") {
				q.Account = name
			}
		})
		must(t, tree.Write(&text, true))
		text.WriteString("\n")
		_, err = explain.ReadNetNew(t.Context(), s.Conn(), q)
		must(t, err)
	}
	for _, what := range []string{"movement", "account", "then", "usage_arr", "subscription_arr", "event", "subscription"} {
		if seen[what] == 0 {
			t.Errorf("no %s is shown in %v", what, seen)
		}
	}
	must(t, s.Conn().Exec(t.Context(), fmt.Sprintf(`INSERT INTO %[1]s SELECT * REPLACE (revenue + 1 AS revenue, version + 1 AS version) FROM %[1]s FINAL`, s.Database().Of("account_day_versions"))))
	var differs *explain.Difference
	if _, err := explain.ReadNetNew(t.Context(), s.Conn(), lines(t, s)[0]); !errors.As(err, &differs) {
		t.Errorf("account_day_versions changed: %v", err)
	}
	golden(t, "testdata/netnew.txt", text.String())
}

// TestPriceBooks: the view has every price and discount of the books in the log, as who
// rates by them reads them.
func TestPriceBooks(t *testing.T) {
	s := folded(t, 1)
	var payloads []string
	must(t, s.Conn().QueryRow(t.Context(), `SELECT groupArray(payload) FROM `+s.Database().Of("control_versions")+` FINAL WHERE partition = 0 AND kind = 'price_book'`).Scan(&payloads))
	books := map[string]*pricebook.Book{}
	for _, payload := range payloads {
		book, err := pricebook.Parse([]byte(payload))
		must(t, err)
		books[book.Version] = book
	}
	rows, err := s.Conn().Query(t.Context(), `SELECT version, entry, line, product, meter, account, toUnixTimestamp64Micro(effective_from), currency, unit, toString(price), toString(cost), toString(percent)
		FROM `+s.Database().Of("price_books"))
	must(t, err)
	defer rows.Close()
	seen := map[string]int{}
	for rows.Next() {
		var version, entry, line, product, meter, account, currency, price, cost, percent string
		var from int64
		var unit uint64
		must(t, rows.Scan(&version, &entry, &line, &product, &meter, &account, &from, &currency, &unit, &price, &cost, &percent))
		book := books[version]
		seen[entry]++
		if entry == "discount" {
			if got := book.Discount(event.Account(account), event.Time(from)); got.String() != percent {
				t.Errorf("book %s gives %s %s %%, the view %s", version, account, got, percent)
			}
			continue
		}
		p, ok := book.Product(product)
		if !ok || p.Line != line || book.Currency != currency {
			t.Fatalf("book %s has no product %s of line %s in %s", version, product, line, currency)
		}
		each, _ := p.Price(meter, event.Time(from))
		if got := [2]money.Amount{per(t, price, unit), per(t, cost, unit)}; got != [2]money.Amount{each.PerUnit, each.CostPerUnit} {
			t.Errorf("book %s, %s %s from %d: %v, the view has %s and %s for %d", version, product, meter, from, each, price, cost, unit)
		}
	}
	must(t, rows.Err())
	if len(books) == 0 || seen["price"] == 0 || seen["discount"] == 0 {
		t.Errorf("%d books, entries %v", len(books), seen)
	}
}

// per is what one unit comes to.
func per(t *testing.T, text string, unit uint64) money.Amount {
	t.Helper()
	a, err := money.Parse(text)
	must(t, err)
	each, exact := a.DivExact(unit)
	if !exact {
		t.Errorf("%s for %d is not exact", text, unit)
	}
	return each
}

// TestDiffers: a level that does not add up to the one above it is named.
func TestDiffers(t *testing.T) {
	s := folded(t, 1)
	q := lines(t, s)[0]
	var differs *explain.Difference
	for _, table := range []string{"usage_hour_versions", "usage_event_versions"} {
		must(t, s.Conn().Exec(t.Context(), fmt.Sprintf(`INSERT INTO %[1]s SELECT * REPLACE (revenue + toDecimal128('0.000000000001', 12) AS revenue, version + 1 AS version)
			FROM %[1]s FINAL WHERE line = ?`, s.Database().Of(table)), q.Line))
		if _, err := explain.Read(t.Context(), s.Conn(), q); !errors.As(err, &differs) {
			t.Errorf("%s changed: %v", table, err)
		}
	}
}

// TestCannot: what cannot be explained is said in a sentence that has the choices.
func TestCannot(t *testing.T) {
	s := folded(t, 1)
	_, err := explain.Read(t.Context(), s.Conn(), explain.Query{Database: s.Database(), Line: "no such line"})
	if err == nil || !strings.Contains(err.Error(), `line "no such line" has no ARR`) || !strings.Contains(err.Error(), lines(t, s)[0].Line) {
		t.Error(err)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", file, got)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
