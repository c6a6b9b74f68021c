package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runrate/deploy/prices"
	"runrate/internal/event"
	"runrate/internal/pricebook"
)

func pricesCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prices",
		Short: "Check and publish price books",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(pricesValidateCommand(a), pricesPublishCommand(a), pricesExampleCommand(a))
	return cmd
}

func pricesValidateCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "validate FILE|-",
		Short:   "Check a price book and list all that is wrong with it",
		Example: examples("runrate prices validate prices.yaml"),
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := a.readBook(args[0])
			if err != nil {
				return err
			}
			a.printf("%s: price book %q in %s is sound\n", args[0], book.Version, book.Currency)
			return nil
		},
	}
}

func pricesPublishCommand(a *app) *cobra.Command {
	var o publishFlags
	cmd := &cobra.Command{
		Use:   "publish FILE|-",
		Short: "Put a price book in force",
		Long: `Check a price book and send it to every partition of both topics.

It replaces the book before it for the records that follow in the log; amounts
already booked stand. Prices of the past therefore belong in every book, with
their effective_from.

The book's time is now, by this machine's clock. A book whose time is before that
of the one in force changes nothing: a delivery that comes late cannot put old
prices back in force.`,
		Example: examples("runrate prices publish prices.yaml", "runrate prices example | runrate prices publish -"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := a.readBook(args[0])
			if err != nil {
				return err
			}
			now := event.TimeOf(time.Now())
			return a.publishControl(cmd.Context(), o, event.Event{
				Type: event.PricebookPublished, Source: "runrate/prices", ID: book.Version + "@" + now.String(),
				Time: now, PriceBook: book.JSON(),
			}, pricebook.MaxSize)
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	return cmd
}

func pricesExampleCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   "Print an example to start from",
		Example: examples("runrate prices example > prices.yaml"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(prices.Example)
			return err
		},
	}
}

// readBook reads and checks a price book, "" being the built-in example.
func (a *app) readBook(path string) (*pricebook.Book, error) {
	if path == "" {
		return pricebook.Parse(prices.Example)
	}
	data, err := a.readDocument(path, pricebook.MaxSize)
	if err != nil {
		return nil, err
	}
	book, err := pricebook.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no sound price book:\n%w", path, err)
	}
	return book, nil
}
