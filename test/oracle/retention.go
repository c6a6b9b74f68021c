package oracle

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// retention30d is the ratios of each row of net_new_arr, as the bits of a float64.
func retention30d(netNew []string) []string {
	var out []string
	for _, r := range netNew {
		cells := strings.Split(r, "\t")
		sum := func(columns ...int) *big.Int { // of opening 3, new 4, expansion 5, reactivation 6, contraction 7, churn 8
			n := new(big.Int)
			for _, c := range columns {
				n.Add(n, parseText(cells[c]))
			}
			return n
		}
		opening, lost := sum(3), sum(7, 8)
		out = append(out, row(cells[0], cells[1], cells[2], ratio(sum(3, 5, 7, 8), opening), ratio(sum(3, 7, 8), opening),
			ratio(sum(4, 5, 6), lost.Neg(lost))))
	}
	return out
}

// ratio is a / b with 12 decimals, the rest cut off, as the bits of a float64; "" if b
// is 0.
func ratio(a, b *big.Int) string {
	if b.Sign() == 0 {
		return ""
	}
	q := new(big.Int).Mul(a, scale)
	whole, _ := new(big.Float).SetInt(q.Quo(q, b)).Float64()
	return strconv.FormatUint(math.Float64bits(whole/1e12), 10)
}
