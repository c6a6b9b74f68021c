package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"runrate/consumers/consume"
)

// comparison shows what a switch changes, and returns how many totals that are. Of the
// days it shows the last ones, at most that many; 0 is all.
func (a *app) comparison(c consume.Comparison, days int) (changed int) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\tepoch %d\tepoch %d\tchange\n", c.Shown, c.New)
	row := func(name string, r consume.Compared) {
		difference := ""
		if d := r.After.Minus(r.Before); !d.IsZero() {
			difference = d.String()
			changed++
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", name, r.Before, r.After, difference)
	}
	for _, r := range c.Counts {
		row("accounting: "+r.View, r)
	}
	for _, r := range c.Totals {
		row(fmt.Sprintf("%s: %s, %s", r.View, r.Line, r.Currency), r)
	}
	t.Flush()
	if c.AsOf == 0 {
		a.printf("\nA partition has no clock, so no as_of could be compared.\n")
		return changed
	}
	a.printf("\nrolling_revenue, mrr and arr are as of %s; arr is this topic's part of it.\n", c.AsOf)
	a.comparedDays(c, days)
	return changed
}

// comparedDays shows as of which midnights this topic's part of ARR would be another.
func (a *app) comparedDays(c consume.Comparison, most int) {
	if len(c.Days) == 0 {
		a.printf("As of every midnight this topic's part of arr is the same, in every line.\n")
		return
	}
	shown := c.Days
	if most > 0 && len(shown) > most {
		shown = shown[len(shown)-most:]
	}
	a.printf("\nThis topic's part of arr by midnight and line, where it would be another:\n")
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "as_of\tline\tcurrency\tepoch %d\tepoch %d\tchange\n", c.Shown, c.New)
	for _, d := range shown {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", d.AsOf.UTC().Format(time.DateOnly), d.Line, d.Currency, d.Before, d.After, d.After.Minus(d.Before))
	}
	t.Flush()
	if earlier := len(c.Days) - len(shown); earlier > 0 {
		a.printf("%d earlier ones differ, too: --compare-days 0 shows all.\n", earlier)
	}
	a.printf("\n")
}
