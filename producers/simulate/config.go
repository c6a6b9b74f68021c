package simulate

import (
	"fmt"
	"slices"
	"strings"

	"runrate/internal/event"
)

// Config is a company to be simulated.
type Config struct {
	Preset    string     // the name it came by, for the truth file
	Seed      uint64     //
	Start     event.Time // a midnight; 0: see Preset
	Days      int        // of history, 1..1000
	Accounts  int        // API customers ever, 1..1,000,000
	Customers int        // chat customers ever, 0..1,000,000; half of them are API customers too

	// Daily is what all API customers would spend on the first day, before
	// discounts, in whole USD, 1..1,000,000,000.
	Daily uint64

	Rates Rates
}

// Rates are shares of the events, in parts per million, at most 500,000 each.
type Rates struct {
	Duplicates int // sent a second time, up to two days later
	Disorder   int // sent up to 15 minutes late, behind later ones
	Late       int // sent 1 hour to 20 days late
	Refused    int // must be refused, in addition to the others
	Refunds    int // of the days that an account uses the API
}

// DefaultRates are those of all presets.
var DefaultRates = Rates{Duplicates: 5_000, Disorder: 20_000, Late: 3_000, Refused: 300, Refunds: 2_000}

// BillionDollarMonth is the headline preset: an API line that adds more than a
// billion dollars of ARR in 30 days, beside a subscription line. Its start is
// fixed, so that its truth is the same for everyone.
const BillionDollarMonth = "billion-dollar-month"

// Startup is the small preset, to try things with.
const Startup = "startup"

var presets = []Config{
	{
		Preset: Startup, Seed: 1, Days: 66, Accounts: 300, Customers: 120, Daily: 2_000, Rates: DefaultRates,
	},
	{
		Preset: BillionDollarMonth, Seed: 1, Start: 1_788_220_800 * event.Second, // 2026-09-01
		Days: 66, Accounts: 26_000, Customers: 8_000, Daily: 6_500_000, Rates: DefaultRates,
	},
}

// Preset is the config of that name. Its Start is 0 if it has none of its own.
func Preset(name string) (Config, error) {
	i := slices.IndexFunc(presets, func(c Config) bool { return c.Preset == name })
	if i < 0 {
		return Config{}, fmt.Errorf("no preset %q; there are %s", name, strings.Join(Presets(), ", "))
	}
	return presets[i], nil
}

// Presets are the names of all presets.
func Presets() []string {
	var names []string
	for _, c := range presets {
		names = append(names, c.Preset)
	}
	return names
}

// End is the midnight at which the history ends.
func (c Config) End() event.Time { return c.Start + event.Time(c.Days)*event.Day }

// EndingAt is the config moved so that its history ends at the last midnight at
// or before an instant.
func (c Config) EndingAt(now event.Time) Config {
	c.Start = now/event.Day*event.Day - event.Time(c.Days)*event.Day
	return c
}

func (c Config) withDefaults() Config {
	if c.Start == 0 {
		c.Start = 1_788_220_800 * event.Second
	}
	return c
}

// earliest leaves room for events that are 60 days too old.
const earliest = 365 * event.Day

func (c Config) check() error {
	switch {
	case c.Days < 1 || c.Days > 1000:
		return fmt.Errorf("a history of %d days: must be 1 to 1000", c.Days)
	case c.Start%event.Day != 0:
		return fmt.Errorf("start %s: must be a midnight, UTC", c.Start)
	case c.Start < earliest || c.End() > event.MaxTime-earliest:
		return fmt.Errorf("start %s: must be from 1971 on and end before 2099", c.Start)
	case c.Accounts < 1 || c.Accounts > 1_000_000:
		return fmt.Errorf("%d accounts: must be 1 to 1,000,000", c.Accounts)
	case c.Customers < 0 || c.Customers > 1_000_000:
		return fmt.Errorf("%d chat customers: must be 0 to 1,000,000", c.Customers)
	case c.Daily < 1 || c.Daily > 1_000_000_000:
		return fmt.Errorf("%d USD a day: must be 1 to 1,000,000,000", c.Daily)
	}
	for _, r := range []struct {
		name string
		ppm  int
	}{
		{"duplicates", c.Rates.Duplicates}, {"disorder", c.Rates.Disorder}, {"late events", c.Rates.Late},
		{"refused events", c.Rates.Refused}, {"refunds", c.Rates.Refunds},
	} {
		if r.ppm < 0 || r.ppm > 500_000 {
			return fmt.Errorf("a share of %s of %d in a million: must be 0 to 500,000", r.name, r.ppm)
		}
	}
	return nil
}
