package fx

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"runrate/internal/document"
	"runrate/internal/event"
	"runrate/internal/money"
)

// Parse reads a set of rates (DEFINITIONS F1), YAML or the same as JSON, of at most
// MaxSize bytes. The error is a *document.Error with all that is wrong with it.
func Parse(data []byte) (*Set, error) {
	r := reader{document.New("the set of rates", MaxSize)}
	if root := r.Document(data); root != nil {
		if set := r.set(root); r.Sound() {
			return set, nil
		}
	}
	return nil, r.Err()
}

// reader is a document's reader that knows what a set of rates holds.
type reader struct{ *document.Reader }

func (r reader) set(n *yaml.Node) *Set {
	f, ok := r.Fields(n, "", []string{"version", "reference", "rates"}, nil)
	if !ok {
		return nil
	}
	s := &Set{}
	s.Version, _ = r.Name(f["version"], "version")
	s.Reference, _ = r.currency(f["reference"], "reference")
	if !r.IsKind(f["rates"], "rates", yaml.SequenceNode, "a list") {
		return nil
	}
	type key struct {
		currency string
		from     event.Time
	}
	lines := map[key]int{} // where a rate is first given
	for i, item := range f["rates"].Content {
		one, whole := r.rate(item, document.Index("rates", i), s.Reference)
		if !whole {
			continue
		}
		k := key{one.currency, one.from}
		if line, twice := lines[k]; twice {
			r.Add(item.Line, "%s: a rate of %s from %s is also in line %d", document.Index("rates", i), one.currency, one.from, line)
			continue
		}
		lines[k] = item.Line
		s.rates = append(s.rates, one)
	}
	slices.SortFunc(s.rates, func(a, b rate) int {
		return cmp.Or(strings.Compare(a.currency, b.currency), cmp.Compare(a.from, b.from))
	})
	return s
}

// rate is an entry; ok is false if it is not whole.
func (r reader) rate(n *yaml.Node, path, reference string) (one rate, ok bool) {
	f, ok := r.Fields(n, path, []string{"currency", "effective_from", "rate"}, nil)
	if !ok {
		return one, false
	}
	var sound [3]bool
	one.currency, sound[0] = r.currency(f["currency"], path+".currency")
	if sound[0] && one.currency == reference {
		r.Add(f["currency"].Line, "%s.currency %q is the reference, whose rate is always 1: leave it out", path, one.currency)
	}
	one.from, sound[1] = r.Instant(f["effective_from"], path+".effective_from")
	if sound[1] && (one.from < event.MinTime || one.from >= event.MaxTime) {
		r.Add(f["effective_from"].Line, "%s.effective_from %s is not from 1970 until before 2100", path, document.Scalar(f["effective_from"]))
	}
	one.worth, sound[2] = r.worth(f["rate"], path+".rate")
	return one, sound == [3]bool{true, true, true}
}

func (r reader) currency(n *yaml.Node, path string) (code string, ok bool) {
	code, ok = r.Text(n, path)
	if ok && !money.IsCurrency(code) {
		r.Add(n.Line, "%s %s is no ISO 4217 code in force, in upper case, such as EUR", path, document.Scalar(n))
		return code, false
	}
	return code, ok
}

// worth is a rate: above 0, at most MaxRate, with at most 12 decimals.
func (r reader) worth(n *yaml.Node, path string) (worth money.Amount, ok bool) {
	text, ok := r.Text(n, path)
	if !ok {
		return worth, false
	}
	worth, err := money.Parse(text)
	switch {
	case err != nil:
		r.Add(n.Line, "%s %v", path, err)
	case worth.Sign() <= 0:
		r.Add(n.Line, "%s %q is not above 0", path, text)
	case worth.Cmp(maxRate) > 0:
		r.Add(n.Line, "%s %q is above 10^9: a rate is how many units of the reference one unit of the currency is worth, not the other way round", path, text)
	default:
		return worth, true
	}
	return worth, false
}

// JSON is the set in the form that rates.published carries, in one canonical text:
// rates sorted by currency and time, decimals at their shortest. Parse reads it back
// to an equal set. The caller owns the bytes.
func (s *Set) JSON() []byte {
	out := jsonSet{Version: s.Version, Reference: s.Reference, Rates: []jsonRate{}}
	for _, one := range s.rates {
		out.Rates = append(out.Rates, jsonRate{one.currency, one.from.String(), one.worth.String()})
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		panic("fx: strings always encode: " + err.Error())
	}
	return []byte(strings.TrimSuffix(text.String(), "\n"))
}

// jsonSet is the form of DEFINITIONS F1, in its order.
type jsonSet struct {
	Version   string     `json:"version"`
	Reference string     `json:"reference"`
	Rates     []jsonRate `json:"rates"`
}

type jsonRate struct {
	Currency      string `json:"currency"`
	EffectiveFrom string `json:"effective_from"`
	Rate          string `json:"rate"`
}
