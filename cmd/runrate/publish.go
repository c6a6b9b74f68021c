package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"runrate/internal/broker"
	"runrate/producers/publish"
)

func publishCommand(a *app) *cobra.Command {
	var o publishFlags
	cmd := &cobra.Command{
		Use:   "publish FILE|-",
		Short: "Send a file of events to Kafka",
		Long: `Send NDJSON CloudEvents, one a line, from a file or standard input (-) to Kafka.

Each event goes to the topic of its type and the partition of its account;
clock.ticked and pricebook.published go to every partition of both topics. The
order of the file is kept within each partition. The command returns when all
in-sync replicas have everything.

Only type and subject are looked at: what is wrong with an event otherwise is
refused by the consumer, on record in the view dead_letters. Lines that cannot
be sent (not JSON, no type or subject, too large) are reported with their
numbers, the others are sent, and the exit code is 1.

Publishing a file again is safe: an event is known by its account, source, id
and time, and is counted once.`,
		Example: examples(
			"runrate publish events.ndjson",
			"zcat events.ndjson.gz | runrate publish --brokers kafka-1:9092,kafka-2:9092 -",
		),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := a.open(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			return a.publish(cmd.Context(), o, func(p *publish.Publisher) error {
				return publish.Lines(cmd.Context(), p, in)
			})
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	return cmd
}

// publishFlags are those of every command that sends events.
type publishFlags struct {
	compression string
	retryFor    time.Duration
	maxRecord   int
}

func (o *publishFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.compression, "compression", "none", "of batches sent to Kafka: none, gzip, snappy, lz4, zstd")
	f.DurationVar(&o.retryFor, "retry-for", 2*time.Minute, "how long to retry when Kafka is in trouble")
	f.IntVar(&o.maxRecord, "max-record-bytes", 1_000_000, "largest event sent; the topics' max.message.bytes bounds it too")
}

// publish runs send with a publisher and prints what became of the events.
func (a *app) publish(ctx context.Context, o publishFlags, send func(*publish.Publisher) error) error {
	codec, err := broker.ParseCompression(o.compression)
	if err != nil {
		return usageError{err}
	}
	client, err := a.openKafka()
	if err != nil {
		return err
	}
	p, err := publish.New(ctx, client, publish.Options{
		Compression: codec, RetryFor: o.retryFor, MaxRecord: o.maxRecord, Log: a.log,
	})
	if err != nil {
		return err
	}
	err = send(p)
	p.Close()
	r := p.Report()
	if _, printErr := r.WriteTo(a.out); printErr != nil {
		return printErr
	}
	if _, printErr := r.WriteRejections(a.err); printErr != nil {
		return printErr
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: events not counted above may or may not have been sent; sending all again is safe")
	case err != nil:
		return fmt.Errorf("%w (events not counted above may or may not have been sent; sending all again is safe)", err)
	case r.Rejected > 0:
		return fmt.Errorf("%d events could not be sent", r.Rejected)
	}
	return nil
}
