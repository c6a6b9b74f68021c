package main

import (
	"strings"

	"github.com/spf13/pflag"

	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// definitionFlags are the flags of what usage ARR means, and of which statuses count.
type definitionFlags struct {
	days       uint16
	multiplier uint32
	statuses   string
}

func (d *definitionFlags) add(f *pflag.FlagSet) {
	f.Uint16Var(&d.days, "arr-window-days", definitions.DefaultARR.WindowDays, "window whose usage revenue is made annual, in days: "+definitions.ARRWindowDays()+"; kept in ClickHouse, see the view definitions")
	f.Uint32Var(&d.multiplier, "arr-multiplier", definitions.DefaultARR.Multiplier, "usage ARR = multiplier x the usage revenue of that window")
	f.StringVar(&d.statuses, "mrr-statuses", string(definitions.DefaultStatuses), "`statuses` of subscriptions whose MRR counts, of "+strings.Join(definitions.Countable[:], ", ")+"; kept in ClickHouse, see the view definitions")
}

// wanted are the definitions that the flags ask for; what they do not stands as it is
// kept in ClickHouse.
func (d *definitionFlags) wanted(f *pflag.FlagSet) (w definitions.Wanted, err error) {
	if f.Changed("arr-window-days") || f.Changed("arr-multiplier") {
		w.ARR = &definitions.ARR{WindowDays: d.days, Multiplier: d.multiplier}
		if err := w.ARR.Check(); err != nil {
			return w, usagef("--arr-window-days, --arr-multiplier: %v", err)
		}
	}
	if f.Changed("mrr-statuses") {
		statuses, err := definitions.ParseStatuses(d.statuses)
		if err != nil {
			return w, usagef("--mrr-statuses: %v", err)
		}
		w.Statuses = &statuses
	}
	return w, nil
}

// wantedOf is wanted where only one topic is folded anew: what belongs to the other is a
// mistake.
func (d *definitionFlags) wantedOf(kind stream.Kind, f *pflag.FlagSet) (definitions.Wanted, error) {
	w, err := d.wanted(f)
	switch {
	case err != nil:
	case kind != stream.Usage && w.ARR != nil:
		err = usagef("--arr-window-days and --arr-multiplier are of usage: runrate rebuild %s", stream.Usage)
	case kind != stream.Subscriptions && w.Statuses != nil:
		err = usagef("--mrr-statuses is of subscriptions: runrate rebuild %s", stream.Subscriptions)
	}
	return w, err
}
