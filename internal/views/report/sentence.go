package report

import (
	"fmt"
	"runrate/schemas/definitions"
	"strings"
)

// sentences say for each line and currency what its ARR is and where the change
// of the days before came from.
func (r *Report) sentences() []string {
	var out []string
	compared := map[[2]string]bool{}
	for _, n := range r.NetNew {
		compared[[2]string{n.Line, n.Currency}] = true
		out = append(out, n.sentence()+r.retained(n.Line, n.Currency))
	}
	for _, a := range r.ARR { // live for less than a day
		if !compared[[2]string{a.Line, a.Currency}] {
			out = append(out, fmt.Sprintf("%s: ARR %s, all of it since midnight", a.Line, priced(a.Currency, a.ARR.Amount, false)))
		}
	}
	return out
}

// retained is the end of a line's sentence: its NRR, and who added most.
func (r *Report) retained(line, currency string) string {
	out := ""
	for _, x := range r.Retention {
		if x.Line == line && x.Currency == currency && x.NRR != nil {
			out = "; NRR " + percent(x.NRR)
		}
	}
	var most []string
	for _, m := range r.Movers {
		if m.Line == line && m.Currency == currency {
			most = append(most, m.Account+" "+change(currency, m.Amount.Amount, false))
		}
	}
	if len(most) > 0 {
		out += "; most from " + strings.Join(most, ", ")
	}
	return out
}

func (n NetNew) sentence() string {
	var parts []string
	for _, p := range []struct {
		name   string
		amount Amount
	}{
		{"new", n.New}, {"expansion", n.Expansion}, {"reactivation", n.Reactivation},
		{"contraction", n.Contraction}, {"churn", n.Churn},
	} {
		if p.amount.Sign() != 0 {
			parts = append(parts, p.name+" "+change(n.Currency, p.amount.Amount, false))
		}
	}
	head := fmt.Sprintf("%s: ARR %s, ", n.Line, priced(n.Currency, n.Closing.Amount, false))
	if len(parts) == 0 {
		return head + fmt.Sprintf("unchanged in the past %d days", definitions.NetNewDays)
	}
	return head + fmt.Sprintf("%s in the past %d days (%s)",
		change(n.Currency, n.NetNew.Amount, false), definitions.NetNewDays, strings.Join(parts, ", "))
}
