package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"runrate/internal/event"
	"runrate/internal/truth"
	"runrate/internal/views/check"
	"runrate/producers/publish"
	"runrate/producers/simulate"
	"runrate/producers/trace"
	"runrate/schemas/definitions"
)

type simulateFlags struct {
	preset, start, format, truth                   string
	seed, daily                                    uint64
	days, accounts, customers                      int
	duplicates, disorder, late, refused            float64 // percent
	check, print, noHistory, live, noTicks, failed bool
	rate                                           float64
	duration                                       time.Duration
}

func simulateCommand(a *app) *cobra.Command {
	var o publishFlags
	var s simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Send the history of a made-up company, and check what became of it",
		Long: `Make up a whole company from a seed and send its history to Kafka: an API line
(` + truth.UsageLine + `) priced per token, and a line of chat apps (` + truth.SubscriptionLine + `) sold by
the seat. Accounts arrive, grow, shrink, leave and come back; events are
duplicated, disordered, late, and some must be refused.

The same flags give the same events, byte for byte, and the same truth: what
the numbers must be, exactly (--truth). With --check nothing is sent; ClickHouse
is compared with the truth, number by number, and the exit code is 1 if one
differs. Wait with 'runrate settle' before.

Presets: ` + simulate.Startup + ` is small and its history ends at the last midnight.
` + simulate.BillionDollarMonth + ` begins on a fixed day, 2026-09-01, and adds more than
$1 billion of API ARR in 30 days.

A history brings its own clock and price book: publish it into a pipeline that
runs with --no-ticker and whose clock is not beyond its start by ` + strconv.Itoa(definitions.LateDays) + ` days, or its
events are refused as too old. Its price book has the time of that start and takes
the place of the one in force, unless that was published with a later time.

With --live the company goes on by the wall clock when the history is sent.`,
		Example: examples(
			"runrate simulate --preset billion-dollar-month --truth truth.json",
			"runrate settle && runrate simulate --check --truth truth.json",
			"runrate simulate --days 90 --accounts 2000 --daily 100000 --seed 7",
			"runrate simulate --live --rate 50               # history up to midnight, then on",
			"runrate simulate --no-history --live --rate 50  # the history was sent before",
			"runrate simulate --print | head                 # look at the events",
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := s.config(cmd)
			if err != nil {
				return usageError{err}
			}
			if s.check {
				return a.checkSimulation(cmd, s, config)
			}
			return a.simulate(cmd.Context(), s, o, config)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	o.register(cmd)
	s.register(cmd)
	return cmd
}

func (s *simulateFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.preset, "preset", simulate.Startup, "the company: "+strings.Join(simulate.Presets(), " or "))
	f.Uint64Var(&s.seed, "seed", 1, "another seed, another company of the same kind")
	f.StringVar(&s.start, "start", "", "first `day` of the history (2026-09-01), or auto: so that it ends at the last midnight")
	f.IntVar(&s.days, "days", 0, "length of the history, 1 to 1000 (default: the preset's)")
	f.IntVar(&s.accounts, "accounts", 0, "API customers in all (default: the preset's)")
	f.IntVar(&s.customers, "customers", 0, "chat customers in all; half of them use the API, too (default: the preset's)")
	f.Uint64Var(&s.daily, "daily", 0, "what all API customers would spend on the first day, in whole `USD` (default: the preset's)")
	r := simulate.DefaultRates
	f.Float64Var(&s.duplicates, "duplicates", percent(r.Duplicates), "events sent twice, in `percent`, 50 at most, like the next three")
	f.Float64Var(&s.disorder, "disorder", percent(r.Disorder), "events up to 15 minutes behind, in `percent`")
	f.Float64Var(&s.late, "late", percent(r.Late), "events an hour to 20 days late, in `percent`")
	f.Float64Var(&s.refused, "refused", percent(r.Refused), "events that must be refused, added to the others, in `percent`")
	f.StringVar(&s.format, "format", "proto", "of the events: proto or json")
	f.StringVar(&s.truth, "truth", "", "write the truth to this `FILE` (- for standard output); with --check: read it from there (default: made again from the flags)")
	f.BoolVar(&s.check, "check", false, "compare ClickHouse with the truth; send nothing")
	f.BoolVar(&s.failed, "failed", false, "with --check: show only numbers that differ")
	f.BoolVar(&s.print, "print", false, "write the history as NDJSON to standard output, for runrate publish, not to Kafka")
	f.BoolVar(&s.noHistory, "no-history", false, "do not send the history: it was sent before")
	f.BoolVar(&s.live, "live", false, "then go on by the wall clock until interrupted")
	f.Float64Var(&s.rate, "rate", 20, "live: events a second")
	f.DurationVar(&s.duration, "for", 0, "live: end after this `duration`")
	f.BoolVar(&s.noTicks, "no-ticks", false, "live: send no clock ticks: a clock runs already")
}

func percent(ppm int) float64 { return float64(ppm) / 10_000 }

// config is the preset with what the flags change.
func (s simulateFlags) config(cmd *cobra.Command) (simulate.Config, error) {
	c, err := simulate.Preset(s.preset)
	if err != nil {
		return c, err
	}
	changed := cmd.Flags().Changed
	c.Seed = s.seed
	if changed("days") {
		c.Days = s.days
	}
	if changed("accounts") {
		c.Accounts = s.accounts
	}
	if changed("customers") {
		c.Customers = s.customers
	}
	if changed("daily") {
		c.Daily = s.daily
	}
	for _, r := range []struct {
		flag    string
		percent float64
		ppm     *int
	}{
		{"duplicates", s.duplicates, &c.Rates.Duplicates}, {"disorder", s.disorder, &c.Rates.Disorder},
		{"late", s.late, &c.Rates.Late}, {"refused", s.refused, &c.Rates.Refused},
	} {
		if !(r.percent >= 0 && r.percent <= 50) {
			return c, fmt.Errorf("--%s %v: a percentage of 0 to 50", r.flag, r.percent)
		}
		if changed(r.flag) {
			*r.ppm = int(math.Round(r.percent * 10_000))
		}
	}
	switch {
	case s.start == "auto" || s.start == "" && c.Start == 0:
		c = c.EndingAt(event.TimeOf(time.Now()))
	case s.start != "":
		day, err := time.Parse(time.DateOnly, s.start)
		if err != nil {
			return c, fmt.Errorf("--start %q: a day such as 2026-09-01, or auto", s.start)
		}
		c.Start = event.TimeOf(day)
	}
	return c, nil
}

// simulate sends the history, writes the truth, and goes on live.
func (a *app) simulate(ctx context.Context, s simulateFlags, o publishFlags, config simulate.Config) error {
	format, err := simulate.ParseFormat(s.format)
	switch {
	case err != nil:
		return usageError{err}
	case s.print && (s.live || s.noHistory):
		return usagef("--print is for the history: without --live and --no-history")
	case s.print && s.truth == "-":
		return usagef("--print and --truth - both write to standard output")
	case s.noHistory && !s.live && s.truth == "":
		return usagef("--no-history without --live leaves nothing to send")
	case s.live && !(s.rate > 0 && s.rate <= 1_000_000):
		return usagef("--rate %v: above 0 and at most 1,000,000 events a second", s.rate)
	}
	m, err := simulate.Company(config)
	if err != nil {
		return usageError{err}
	}
	writeTruth := func() error {
		if s.truth == "" {
			return nil
		}
		truth, err := m.Truth()
		if err != nil {
			return err
		}
		return a.toFile(s.truth, func(w io.Writer) error { return truth.Write(w) })
	}
	if s.print {
		if err := m.Send(ctx, trace.NewNDJSON(a.out), simulate.JSON, nil); err != nil {
			return err
		}
		return writeTruth()
	}
	if s.noHistory && !s.live {
		if err := m.Discard(ctx); err != nil {
			return err
		}
		return writeTruth()
	}
	return a.publish(ctx, o, func(p *publish.Publisher) error {
		if s.noHistory {
			if err := m.Discard(ctx); err != nil {
				return err
			}
		} else if err := m.Send(ctx, p, format, a.hourBar(m.Config().Days*24+1)); err != nil {
			return err
		}
		if err := writeTruth(); err != nil || !s.live {
			return err
		}
		a.log.Info("the history is sent; going on live")
		live := simulate.Live{Model: m, Rate: s.rate, Ticks: !s.noTicks, Format: format}
		return live.Run(ctx, p, s.duration)
	})
}

// hourBar is a progress bar on a terminal, nil where there is none.
func (a *app) hourBar(hours int) func() {
	if !terminal(a.err) {
		return nil
	}
	bar := progressbar.NewOptions(hours, progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription("hours"),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	return func() { _ = bar.Add(1) } // a bar that cannot be drawn is no reason to stop
}

// checkSimulation compares ClickHouse with the truth.
func (a *app) checkSimulation(cmd *cobra.Command, s simulateFlags, config simulate.Config) error {
	truth, err := a.simulationTruth(cmd.Context(), s, config)
	if err != nil {
		return err
	}
	clickhouse, err := a.openClickHouse(cmd)
	if err != nil {
		return err
	}
	all, err := check.Check(cmd.Context(), clickhouse.Conn(), clickhouse.Database(), truth)
	if err != nil {
		return err
	}
	differing := check.Differing(all)
	shown := all
	if s.failed {
		shown = nil
		for _, c := range all {
			if !c.OK {
				shown = append(shown, c)
			}
		}
	}
	if len(shown) > 0 {
		if err := check.WriteTable(a.out, shown); err != nil {
			return err
		}
	}
	if differing > 0 {
		return fmt.Errorf("%d of %d numbers differ from the truth", differing, len(all))
	}
	a.printf("%d numbers are as intended\n", len(all))
	return nil
}

// simulationTruth is read from the file, or made again.
func (a *app) simulationTruth(ctx context.Context, s simulateFlags, config simulate.Config) (*truth.Truth, error) {
	if s.truth != "" {
		f, err := a.open(s.truth)
		if errors.Is(err, os.ErrNotExist) {
			return nil, usagef("--truth: %w", err)
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return truth.Read(f)
	}
	m, err := simulate.Company(config)
	if err != nil {
		return nil, usageError{err}
	}
	if err := m.Discard(ctx); err != nil {
		return nil, err
	}
	return m.Truth()
}
