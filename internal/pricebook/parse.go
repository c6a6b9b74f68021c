package pricebook

import (
	"slices"

	"gopkg.in/yaml.v3"

	"runrate/internal/document"
	"runrate/internal/event"
	"runrate/internal/money"
)

// Parse reads a price book (DEFINITIONS M5), YAML or the same as JSON, of at
// most MaxSize bytes. The error is a *document.Error with all that is wrong with it.
func Parse(data []byte) (*Book, error) {
	r := &reader{document.New("the price book", MaxSize)}
	if root := r.Document(data); root != nil {
		if book := r.book(root); r.Sound() {
			return book, nil
		}
	}
	return nil, r.Err()
}

// reader is a document's reader that knows what a price book holds.
type reader struct{ *document.Reader }

func (r *reader) book(n *yaml.Node) *Book {
	f, ok := r.Fields(n, "", []string{"version", "currency", "products"}, []string{"discounts"})
	if !ok {
		return nil
	}
	b := &Book{products: map[string]*Product{}}
	b.Version, _ = r.Name(f["version"], "version")
	b.Currency, ok = r.Text(f["currency"], "currency")
	if ok && !money.IsCurrency(b.Currency) {
		r.Add(f["currency"].Line, "currency %s is no ISO 4217 code in force, in upper case, such as USD", document.Scalar(f["currency"]))
	}
	lines := map[string]int{} // where a product is first given
	for i, item := range r.Items(f["products"], "products") {
		path := document.Index("products", i)
		p, at := r.product(item, path)
		if p == nil {
			continue
		}
		if line, twice := lines[p.Name]; twice {
			r.Add(at, "%s.product %q is also that of line %d", path, p.Name, line)
			continue
		}
		lines[p.Name], b.products[p.Name] = at, p
	}
	if f["discounts"] != nil {
		b.discounts = r.discounts(f["discounts"])
	}
	return b
}

// product is a product and the line of its name; nil without a name.
func (r *reader) product(n *yaml.Node, path string) (p *Product, line int) {
	f, ok := r.Fields(n, path, []string{"product", "line", "meters"}, nil)
	if !ok {
		return nil, 0
	}
	p = &Product{meters: map[string][]price{}}
	name, named := r.Name(f["product"], path+".product")
	p.Name = name
	p.Line, _ = r.Name(f["line"], path+".line")
	if p.Line == event.AllLines {
		r.Add(f["line"].Line, "%s.line %q stands for all lines in the views: give the line a name of its own", path, p.Line)
	}

	meters, at := f["meters"], path+".meters"
	if r.IsKind(meters, at, yaml.MappingNode, "a mapping") {
		if len(meters.Content) == 0 {
			r.Add(meters.Line, "%s is empty", at)
		}
		for key, value := range r.Pairs(meters, at) {
			if r.IsName(key, at+": the name of a meter", key.Value) {
				p.meters[key.Value] = r.prices(value, document.Join(at, key.Value))
			}
		}
	}
	if !named {
		return nil, 0
	}
	return p, f["product"].Line
}

// prices is the prices of a meter, ascending by time.
func (r *reader) prices(n *yaml.Node, path string) []price {
	var prices []price
	lines := map[event.Time]int{}
	for i, item := range r.Items(n, path) {
		at := document.Index(path, i)
		f, ok := r.Fields(item, at, []string{"effective_from", "unit", "price"}, []string{"cost"})
		if !ok {
			continue
		}
		var p price
		p.from, ok = r.from(f["effective_from"], at, lines)
		unit, whole := r.Unit(f["unit"], at+".unit")
		p.unit = unit
		p.amount, p.each.PerUnit = r.amount(f["price"], at+".price", unit, whole)
		p.cost, p.each.CostPerUnit = r.amount(f["cost"], at+".cost", unit, whole)
		if ok {
			prices = append(prices, p)
		}
	}
	slices.SortFunc(prices, func(a, b price) int { return compare(a.from, b.from) })
	return prices
}

// amount is a price or cost for unit units, and for one; 0 when not given.
func (r *reader) amount(n *yaml.Node, path string, unit uint64, whole bool) (amount, each money.Amount) {
	s, ok := r.Text(n, path)
	if !ok {
		return amount, each
	}
	amount, err := money.Parse(s)
	switch {
	case err != nil:
		r.Add(n.Line, "%s %v", path, err)
	case amount.Sign() < 0:
		r.Add(n.Line, "%s %q is negative", path, s)
	case amount.Cmp(MaxAmount) > 0:
		r.Add(n.Line, "%s %q is above 10^15: prices are in the main unit, dollars and not cents", path, s)
	case whole:
		if each, ok = amount.DivExact(unit); !ok {
			r.Add(n.Line, "%s %q / unit %d is not exact at 12 decimals: choose them so that the price of one has no more", path, s, unit)
		}
	}
	return amount, each
}

// from is an effective_from below path that is not among lines yet, where it
// notes it.
func (r *reader) from(n *yaml.Node, path string, lines map[event.Time]int) (at event.Time, ok bool) {
	path += ".effective_from"
	at, ok = r.Instant(n, path)
	if !ok {
		return 0, false
	}
	if line, twice := lines[at]; twice {
		r.Add(n.Line, "%s %s is also that of line %d", path, at, line)
		return 0, false
	}
	lines[at] = n.Line
	return at, true
}

// discounts is the discounts by account, each ascending by time.
func (r *reader) discounts(n *yaml.Node) map[event.Account][]discount {
	if !r.IsKind(n, "discounts", yaml.SequenceNode, "a list") || len(n.Content) == 0 {
		return nil
	}
	discounts := map[event.Account][]discount{}
	lines := map[event.Account]map[event.Time]int{}
	for i, item := range n.Content {
		at := document.Index("discounts", i)
		f, ok := r.Fields(item, at, []string{"account", "effective_from", "percent"}, nil)
		if !ok {
			continue
		}
		name, named := r.Name(f["account"], at+".account")
		account := event.Account(name)
		if named && lines[account] == nil {
			lines[account] = map[event.Time]int{}
		}
		seen := lines[account]
		if !named {
			seen = map[event.Time]int{}
		}
		from, _ := r.from(f["effective_from"], at, seen)
		var percent money.Percent
		if s, ok := r.Text(f["percent"], at+".percent"); ok {
			var err error
			if percent, err = money.ParsePercent(s); err != nil {
				r.Add(f["percent"].Line, "%s.percent %v", at, err)
			}
		}
		discounts[account] = append(discounts[account], discount{from, percent})
	}
	for _, list := range discounts {
		slices.SortFunc(list, func(a, b discount) int { return compare(a.from, b.from) })
	}
	return discounts
}
