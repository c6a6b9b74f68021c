package pricebook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"runrate/internal/event"
	"runrate/internal/money"
)

// Parse reads a price book (DEFINITIONS M5), YAML or the same as JSON, of at
// most MaxSize bytes. The error is an *Error with all that is wrong with it.
func Parse(data []byte) (*Book, error) {
	r := &reader{}
	if root := r.document(data); root != nil {
		if book := r.book(root); len(r.list) == 0 {
			return book, nil
		}
	}
	return nil, r.err()
}

// document is the root of the one YAML document in data.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > MaxSize {
		r.add(0, "the price book has %d bytes, more than %d", len(data), MaxSize)
		return nil
	}
	if !r.isText(data) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(yamlEscapes(data)))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if err == nil {
		switch err = dec.Decode(&second); {
		case err == nil:
			r.add(second.Line, "the price book ends here: a second document follows")
			return nil
		case errors.Is(err, io.EOF):
			return doc.Content[0]
		}
	}
	if errors.Is(err, io.EOF) {
		r.add(0, "the price book is empty")
		return nil
	}
	// yaml.v3 says "yaml: line 7: …", without a line when that is the first;
	// of some errors its line is the one before.
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	r.add(line, "no YAML near here: %s", text)
	return nil
}

// isText notes the first byte that no text has. yaml.v3 would refuse it too,
// but without its line.
func (r *reader) isText(data []byte) bool {
	line := 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.add(line, "a byte that is no UTF-8")
			return false
		case c == '\n':
			line++
		case c != '\r' && c != '\t' && c != '\u0085' && unicode.IsControl(c):
			r.add(line, "a control character")
			return false
		}
		i += size
	}
	return true
}

func (r *reader) book(n *yaml.Node) *Book {
	f, ok := r.fields(n, "", []string{"version", "currency", "products"}, []string{"discounts"})
	if !ok {
		return nil
	}
	b := &Book{products: map[string]*Product{}}
	b.Version, _ = r.name(f["version"], "version")
	b.Currency, ok = r.text(f["currency"], "currency")
	if ok && !money.IsCurrency(b.Currency) {
		r.add(f["currency"].Line, "currency %s is no ISO 4217 code in force, in upper case, such as USD", scalar(f["currency"]))
	}
	lines := map[string]int{} // where a product is first given
	for i, item := range r.items(f["products"], "products") {
		path := index("products", i)
		p, at := r.product(item, path)
		if p == nil {
			continue
		}
		if line, twice := lines[p.Name]; twice {
			r.add(at, "%s.product %q is also that of line %d", path, p.Name, line)
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
	f, ok := r.fields(n, path, []string{"product", "line", "meters"}, nil)
	if !ok {
		return nil, 0
	}
	p = &Product{meters: map[string][]price{}}
	name, named := r.name(f["product"], path+".product")
	p.Name = name
	p.Line, _ = r.name(f["line"], path+".line")
	if p.Line == event.AllLines {
		r.add(f["line"].Line, "%s.line %q stands for all lines in the views: give the line a name of its own", path, p.Line)
	}

	meters, at := f["meters"], path+".meters"
	if r.isKind(meters, at, yaml.MappingNode, "a mapping") {
		if len(meters.Content) == 0 {
			r.add(meters.Line, "%s is empty", at)
		}
		for key, value := range r.pairs(meters, at) {
			if r.isName(key, at+": the name of a meter", key.Value) {
				p.meters[key.Value] = r.prices(value, join(at, key.Value))
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
	for i, item := range r.items(n, path) {
		at := index(path, i)
		f, ok := r.fields(item, at, []string{"effective_from", "unit", "price"}, []string{"cost"})
		if !ok {
			continue
		}
		var p price
		p.from, ok = r.from(f["effective_from"], at, lines)
		unit, whole := r.unit(f["unit"], at+".unit")
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
	s, ok := r.text(n, path)
	if !ok {
		return amount, each
	}
	amount, err := money.Parse(s)
	switch {
	case err != nil:
		r.add(n.Line, "%s %v", path, err)
	case amount.Sign() < 0:
		r.add(n.Line, "%s %q is negative", path, s)
	case amount.Cmp(MaxAmount) > 0:
		r.add(n.Line, "%s %q is above 10^15: prices are in the main unit, dollars and not cents", path, s)
	case whole:
		if each, ok = amount.DivExact(unit); !ok {
			r.add(n.Line, "%s %q / unit %d is not exact at 12 decimals: choose them so that the price of one has no more", path, s, unit)
		}
	}
	return amount, each
}

// from is an effective_from below path that is not among lines yet, where it
// notes it.
func (r *reader) from(n *yaml.Node, path string, lines map[event.Time]int) (at event.Time, ok bool) {
	path += ".effective_from"
	at, ok = r.instant(n, path)
	if !ok {
		return 0, false
	}
	if line, twice := lines[at]; twice {
		r.add(n.Line, "%s %s is also that of line %d", path, at, line)
		return 0, false
	}
	lines[at] = n.Line
	return at, true
}

// discounts is the discounts by account, each ascending by time.
func (r *reader) discounts(n *yaml.Node) map[event.Account][]discount {
	if !r.isKind(n, "discounts", yaml.SequenceNode, "a list") || len(n.Content) == 0 {
		return nil
	}
	discounts := map[event.Account][]discount{}
	lines := map[event.Account]map[event.Time]int{}
	for i, item := range n.Content {
		at := index("discounts", i)
		f, ok := r.fields(item, at, []string{"account", "effective_from", "percent"}, nil)
		if !ok {
			continue
		}
		name, named := r.name(f["account"], at+".account")
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
		if s, ok := r.text(f["percent"], at+".percent"); ok {
			var err error
			if percent, err = money.ParsePercent(s); err != nil {
				r.add(f["percent"].Line, "%s.percent %v", at, err)
			}
		}
		discounts[account] = append(discounts[account], discount{from, percent})
	}
	for _, list := range discounts {
		slices.SortFunc(list, func(a, b discount) int { return compare(a.from, b.from) })
	}
	return discounts
}
