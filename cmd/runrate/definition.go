package main

import (
	"github.com/spf13/pflag"

	"runrate/consumers/store"
)

// definitionFlags are the flags of what usage ARR means.
type definitionFlags struct {
	days       uint16
	multiplier uint32
}

func (d *definitionFlags) add(f *pflag.FlagSet) {
	f.Uint16Var(&d.days, "arr-window-days", store.DefaultDefinition.WindowDays, "window whose usage revenue is made annual, in days: 7, 28, 30, 90 or 365; kept in ClickHouse, see the view definitions")
	f.Uint32Var(&d.multiplier, "arr-multiplier", store.DefaultDefinition.Multiplier, "usage ARR = multiplier x the usage revenue of that window")
}

// value is the definition that the flags ask for, nil if they ask for none: the
// one kept in ClickHouse stands.
func (d *definitionFlags) value(f *pflag.FlagSet) *store.Definition {
	if !f.Changed("arr-window-days") && !f.Changed("arr-multiplier") {
		return nil
	}
	return &store.Definition{WindowDays: d.days, Multiplier: d.multiplier}
}
