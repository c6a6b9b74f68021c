package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"runrate/schemas/definitions"
)

// monthsShown is how many months of movements the table has; the JSON has all.
const monthsShown = 6

// Write writes the report as tables, amounts rounded to cents unless exact.
func (r *Report) Write(w io.Writer, exact bool) error {
	p := &printer{exact: exact}
	p.linef("As of %s UTC. All before that moment counts, nothing after it.", r.AsOf.Format("2006-01-02 15:04"))
	if !exact {
		p.linef("Amounts are exact and rounded to cents only here; --exact shows all decimals.")
	}
	p.usage(r)
	p.active(r)
	p.recurring(r)
	p.arr(r)
	p.retained(r)
	p.linef("")
	if len(r.Sentences) == 0 {
		p.linef("No ARR as of then. What came since appears when the clock has passed its hour.")
	}
	for _, s := range r.Sentences {
		p.linef("%s", s)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// usage is what was used: by product and meter, and in windows.
func (p *printer) usage(r *Report) {
	t := p.table("Usage of the past 30 days, by product", 2, "line", "product", "calls", "meter", "count", "", "revenue", "cost", "margin")
	for _, x := range r.Products {
		// A row for each meter, as there may be many.
		meters := slices.Sorted(maps.Keys(x.Meters))
		meter, count := "", ""
		if len(meters) > 0 {
			meter, count = meters[0], digits(x.Meters[meters[0]])
		}
		t.row(x.Line, x.Product, number(x.Calls), meter, count, x.Currency, p.money(x.Revenue), p.money(x.Cost), margin(x.Revenue, x.Cost))
		for _, m := range meters[min(1, len(meters)):] {
			t.row("", "", "", m, digits(x.Meters[m]))
		}
	}
	t.end()

	t = p.table("Usage, rolling", 2, "line", "window", "calls", "", "revenue", "cost", "margin")
	for _, x := range r.Windows {
		t.row(x.Line, x.Window, number(x.Calls), x.Currency, p.money(x.Revenue), p.money(x.Cost), margin(x.Revenue, x.Cost))
	}
	t.end()
}

// active is the accounts that were, by window.
func (p *printer) active(r *Report) {
	t := p.table("Active accounts as of "+midnight(r), 1, append([]string{"line"}, activeWindows()...)...)
	for _, x := range r.Active {
		row := []string{x.Line}
		if x.Line == "*" {
			row[0] = "all lines"
		}
		for _, window := range activeWindows() {
			row = append(row, number(x.Accounts[window]))
		}
		t.row(row...)
	}
	t.end()
}

// recurring is what is subscribed to: MRR, and how it came about.
func (p *printer) recurring(r *Report) {
	t := p.table("Subscriptions: MRR now, and all movements that led there", 1,
		"line", "paying", "", "MRR", "new", "expansion", "reactivation", "contraction", "churned MRR", "churns")
	for _, x := range r.Recurring {
		t.row(slices.Concat([]string{x.Line, number(x.Subscriptions), x.Currency, p.money(x.MRR)}, p.movements(x.Movements), []string{number(x.Churned)})...)
	}
	t.end()

	t = p.table("MRR movements by month, the last "+strconv.Itoa(monthsShown), 2,
		"line", "month", "", "new", "expansion", "reactivation", "contraction", "churned MRR", "churns", "MRR at the end")
	first := r.AsOf.AddDate(0, 1-monthsShown, 1-r.AsOf.Day()).Format("2006-01")
	for _, x := range r.Months {
		if x.Month >= first {
			t.row(slices.Concat([]string{x.Line, x.Month, x.Currency}, p.movements(x.Movements), []string{number(x.Churned), p.money(x.MRR)})...)
		}
	}
	t.end()
}

// arr is ARR, and the bridge to it.
func (p *printer) arr(r *Report) {
	t := p.table(fmt.Sprintf("ARR: %d x usage of %d days, and 12 x MRR", r.ARRMultiplier, r.ARRWindowDays), 1,
		"line", "", "usage ARR", "subscription ARR", "ARR", "each midnight of 30 days")
	for _, x := range r.ARR {
		t.row(x.Line, x.Currency, p.money(x.Usage), p.money(x.Subscription), p.money(x.ARR), r.courseOf(x.Line, x.Currency))
	}
	t.end()

	t = p.table(fmt.Sprintf("Net new ARR of the %d days up to %s", definitions.NetNewDays, midnight(r)), 1,
		"line", "", "opening", "new", "expansion", "reactivation", "contraction", "churn", "closing", "net new")
	for _, x := range r.NetNew {
		t.row(x.Line, x.Currency, p.money(x.Opening), p.money(x.New), p.money(x.Expansion), p.money(x.Reactivation),
			p.money(x.Contraction), p.money(x.Churn), p.money(x.Closing), p.money(x.NetNew))
	}
	t.end()
}

// midnight is the report's, as its headings have it.
func midnight(r *Report) string { return r.Midnight.Format("2006-01-02") }

// printer builds the text.
type printer struct {
	exact bool
	out   strings.Builder
}

func (p *printer) linef(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

func (p *printer) money(a Amount) string { return Money(a.Amount, p.exact) }

func (p *printer) movements(m Movements) []string {
	return []string{p.money(m.New), p.money(m.Expansion), p.money(m.Reactivation), p.money(m.Contraction), p.money(m.Churn)}
}

// grid is one table.
type grid struct {
	p       *printer
	w       table.Writer
	columns int
}

// table begins a table whose first columns are names, and the others numbers.
func (p *printer) table(title string, names int, columns ...string) grid {
	p.linef("\n%s", title)
	g := grid{p, table.NewWriter(), len(columns)}
	style := table.StyleLight
	style.Format.Header = text.FormatDefault
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	g.w.SetStyle(style)
	header := make(table.Row, len(columns))
	var configs []table.ColumnConfig
	for i, c := range columns {
		header[i] = c
		if i >= names && c != "" && c != "meter" {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	g.w.AppendHeader(header)
	g.w.SetColumnConfigs(configs)
	return g
}

func (g grid) row(cells ...string) {
	row := make(table.Row, g.columns)
	for i := range row {
		row[i] = ""
		if i < len(cells) {
			row[i] = cells[i]
		}
	}
	g.w.AppendRow(row)
}

func (g grid) end() {
	if g.w.Length() == 0 {
		g.p.linef("  none")
		return
	}
	g.p.linef("%s", g.w.Render())
}

func number(n uint64) string { return group(strconv.FormatUint(n, 10)) }

func digits(s string) string { return group(s) }
