package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runrate/deploy/rates"
	"runrate/internal/event"
	"runrate/internal/fx"
)

func ratesCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rates",
		Short: "Check and publish exchange rates",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(ratesValidateCommand(a), ratesPublishCommand(a), ratesExampleCommand(a))
	return cmd
}

func ratesValidateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "validate FILE|-",
		Short:   "Check a set of exchange rates and list all that is wrong with it",
		Example: examples("runrate rates validate rates.yaml"),
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := a.readRates(args[0])
			if err != nil {
				return err
			}
			a.printf("%s: the rates %q in %s are sound\n", args[0], set.Version, set.Reference)
			return nil
		},
	}
}

func ratesPublishCommand(a *app) *cobra.Command {
	var o publishFlags
	cmd := &cobra.Command{
		Use:   "publish FILE|-",
		Short: "Put a set of exchange rates in force",
		Long: `Check a set of exchange rates and send it to every partition of both topics.

It replaces the set before it whole, for every as_of that arr_in and net_new_arr_in
show: the rates of the past belong in every set, with their effective_from. No
amount that is booked changes: amounts are converted when they are asked for.

The set's time is now, by this machine's clock. A set whose time is before that of
the one in force changes nothing.`,
		Example: examples("runrate rates publish rates.yaml", "runrate rates example | runrate rates publish -"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := a.readRates(args[0])
			if err != nil {
				return err
			}
			now := event.TimeOf(time.Now())
			return a.publishControl(cmd.Context(), o, event.Event{
				Type: event.RatesPublished, Source: "runrate/rates", ID: set.Version + "@" + now.String(),
				Time: now, Rates: set.JSON(),
			}, fx.MaxSize)
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	return cmd
}

func ratesExampleCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   "Print an example to start from",
		Example: examples("runrate rates example > rates.yaml"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(rates.Example)
			return err
		},
	}
}

// readRates reads and checks a set of exchange rates.
func (a *app) readRates(path string) (*fx.Set, error) {
	data, err := a.readDocument(path, fx.MaxSize)
	if err != nil {
		return nil, err
	}
	set, err := fx.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no sound set of exchange rates:\n%w", path, err)
	}
	return set, nil
}
