package pricebook

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// JSON is the book in the form that pricebook.published carries, in one
// canonical text: products, meters and accounts sorted by name, prices and
// discounts by time, decimals at their shortest. Parse reads it back to an
// equal book. The caller owns the bytes.
func (b *Book) JSON() []byte {
	out := jsonBook{Version: b.Version, Currency: b.Currency}
	for _, name := range slices.Sorted(maps.Keys(b.products)) {
		p := b.products[name]
		product := jsonProduct{Product: p.Name, Line: p.Line, Meters: map[string][]jsonPrice{}}
		for meter, prices := range p.meters {
			for _, pr := range prices {
				product.Meters[meter] = append(product.Meters[meter], jsonPrice{
					EffectiveFrom: pr.from.String(),
					Unit:          pr.unit,
					Price:         pr.amount.String(),
					Cost:          pr.cost.String(),
				})
			}
		}
		out.Products = append(out.Products, product)
	}
	for _, account := range slices.Sorted(maps.Keys(b.discounts)) {
		for _, d := range b.discounts[account] {
			out.Discounts = append(out.Discounts, jsonDiscount{
				Account:       string(account),
				EffectiveFrom: d.from.String(),
				Percent:       d.percent.String(),
			})
		}
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		panic("pricebook: strings and integers always encode: " + err.Error())
	}
	return []byte(strings.TrimSuffix(text.String(), "\n"))
}

// jsonBook is the form of DEFINITIONS M5, in its order. encoding/json sorts the meters.
type jsonBook struct {
	Version   string         `json:"version"`
	Currency  string         `json:"currency"`
	Products  []jsonProduct  `json:"products"`
	Discounts []jsonDiscount `json:"discounts,omitempty"`
}

type jsonProduct struct {
	Product string                 `json:"product"`
	Line    string                 `json:"line"`
	Meters  map[string][]jsonPrice `json:"meters"`
}

type jsonPrice struct {
	EffectiveFrom string `json:"effective_from"`
	Unit          uint64 `json:"unit"`
	Price         string `json:"price"`
	Cost          string `json:"cost"`
}

type jsonDiscount struct {
	Account       string `json:"account"`
	EffectiveFrom string `json:"effective_from"`
	Percent       string `json:"percent"`
}
