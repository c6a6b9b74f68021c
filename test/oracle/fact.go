package oracle

import (
	"math/big"
	"slices"
	"strings"
)

// fact is an event that is, or would be, accepted.
type fact struct {
	offset  int64
	clock   int64  // of its partition when it was judged, noClock before the first tick
	kind    string // the CloudEvents type
	account string
	source  string
	id      string
	time    int64 // microseconds

	line, product, segment, region, currency string

	quantities map[string]*big.Int // usage only
	revenue    *big.Int            // usage, adjustment
	cost       *big.Int
	oneOff     bool   // an adjustment that usage ARR leaves out
	version    string // of the price book

	subscription, plan, status string   // subscription only
	monthly                    *big.Int // its MRR
}

// sameIdentity says whether two events are one and the same, sent twice.
func (f *fact) sameIdentity(g *fact) bool {
	return f.account == g.account && f.source == g.source && f.id == g.id && f.time == g.time
}

// dimensions are the five columns by which usage revenue is kept.
func (f *fact) dimensions() string {
	return row(f.line, f.product, f.segment, f.region, f.currency)
}

// quantityText is meter=count,… by meter.
func (f *fact) quantityText() string {
	var parts []string
	for meter, count := range f.quantities {
		parts = append(parts, meter+"="+count.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

var (
	maxQuantity = big.NewInt(1 << 53)
	statuses    = []string{"trialing", "active", "past_due", "paused", "unpaid", "canceled"}
	perMonth    = map[string]*big.Rat{
		"day": big.NewRat(365, 12), "week": big.NewRat(365, 84),
		"month": big.NewRat(1, 1), "year": big.NewRat(1, 12),
	}
)

// quantity reads a number whose value is an integer in 0..2^53.
func quantity(literal string) (*big.Int, bool) {
	n, ok := integer(literal)
	return n, ok && n.Sign() >= 0 && n.Cmp(maxQuantity) <= 0
}

// fillUsage sets what usage.recorded data says; false if a value is invalid.
func (f *fact) fillUsage(data object) bool {
	f.product = data.str("product", "")
	f.quantities = map[string]*big.Int{}
	for meter := range data.inner("quantities") {
		n, ok := quantity(data.inner("quantities").literal(meter, ""))
		if !ok {
			return false
		}
		if meter == "" {
			return false
		}
		f.quantities[meter] = n
	}
	return len(f.quantities) > 0 && f.product != ""
}

// fillAdjustment sets what adjustment.recorded data says.
func (f *fact) fillAdjustment(data object) bool {
	f.product = data.str("product", "")
	f.currency = data.str("currency", "")
	amount, ok := decimal(data.str("amount", ""))
	if !ok || tooLarge(amount) || !currency(f.currency) || f.product == "" {
		return false
	}
	f.revenue, f.cost = round(amount), new(big.Int)
	f.oneOff = data["one_off"] == true
	return true
}

// fillSubscription sets what subscription.changed data says, and its MRR.
func (f *fact) fillSubscription(data object, paying []string) bool {
	f.subscription = data.str("subscription", "")
	f.line, f.plan, f.status = data.str("line", ""), data.str("plan", ""), data.str("status", "")
	f.currency = data.str("currency", "")
	count, ok1 := quantity(data.literal("quantity", ""))
	unit, ok2 := decimal(data.str("unit_amount", ""))
	percent, ok3 := decimal(data.str("discount_percent", "0"))
	factor, ok4 := perMonth[data.str("interval", "")]
	n, ok5 := quantity(data.literal("interval_count", "1"))
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || n.Sign() == 0 || n.Cmp(big.NewInt(1000)) > 0 ||
		unit.Sign() < 0 || tooLarge(unit) || !aPercentage(percent) ||
		f.subscription == "" || !lineName(f.line) || f.plan == "" || !slices.Contains(statuses, f.status) || !currency(f.currency) {
		return false
	}
	m := new(big.Rat).SetInt(count)
	if m.Mul(m, unit); tooLarge(m) {
		return false
	}
	m = lessPercent(m, percent)
	m.Mul(m, factor).Quo(m, new(big.Rat).SetInt(n))
	f.monthly = new(big.Int)
	if slices.Contains(paying, f.status) {
		f.monthly = round(m)
	}
	return true
}

// rate sets line, currency, revenue and cost of a usage event from the book;
// otherwise it is the reason for a refusal.
func (f *fact) rate(b *book, p product) string {
	f.revenue, f.cost = new(big.Int), new(big.Int)
	f.currency = b.currency
	for meter, count := range f.quantities {
		c, ok := p.at(meter, f.time)
		if !ok {
			return "unpriced_meter"
		}
		n := new(big.Rat).SetInt(count)
		f.revenue.Add(f.revenue, round(lessPercent(new(big.Rat).Mul(n, c.each), b.discount(f.account, f.time))))
		f.cost.Add(f.cost, round(new(big.Rat).Mul(n, c.cost)))
	}
	if tooLarge(whole(f.revenue)) || tooLarge(whole(f.cost)) {
		return "invalid"
	}
	return ""
}
