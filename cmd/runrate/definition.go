package main

import (
	"runrate/schemas/definitions"

	"github.com/spf13/pflag"
)

// definitionFlags are the flags of what usage ARR means.
type definitionFlags struct {
	days       uint16
	multiplier uint32
}

func (d *definitionFlags) add(f *pflag.FlagSet) {
	f.Uint16Var(&d.days, "arr-window-days", definitions.DefaultARR.WindowDays, "window whose usage revenue is made annual, in days: "+definitions.ARRWindowDays()+"; kept in ClickHouse, see the view definitions")
	f.Uint32Var(&d.multiplier, "arr-multiplier", definitions.DefaultARR.Multiplier, "usage ARR = multiplier x the usage revenue of that window")
}

// value is the definition that the flags ask for, nil if they ask for none: the
// one kept in ClickHouse stands.
func (d *definitionFlags) value(f *pflag.FlagSet) *definitions.ARR {
	if !f.Changed("arr-window-days") && !f.Changed("arr-multiplier") {
		return nil
	}
	return &definitions.ARR{WindowDays: d.days, Multiplier: d.multiplier}
}
