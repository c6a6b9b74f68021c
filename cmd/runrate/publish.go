package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
numbers, the others are sent, and the exit code is 1. The first 20 are shown;
--errors FILE gets all of them as they are found, as NDJSON with line, reason,
detail and text. An earlier FILE is replaced.

Publishing a file again is safe: an event is known by its account, source, id
and time, and is counted once.`,
		Example: examples(
			"runrate publish events.ndjson",
			"runrate publish --errors errors.ndjson events.ndjson; jq -r .text errors.ndjson > mend.ndjson",
			"zcat events.ndjson.gz | runrate publish --brokers kafka-1:9092,kafka-2:9092 -",
		),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (failed error) {
			in, err := a.open(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			if o.errors != "" {
				file, err := createErrors(o.errors, in)
				if err != nil {
					return err
				}
				defer func() { failed = errors.Join(failed, file.Close()) }()
				o.errorsTo = file
			}
			return a.publish(cmd.Context(), o, func(p *publish.Publisher) error {
				return publish.Lines(cmd.Context(), p, in)
			})
		},
	}
	a.kafkaFlags(cmd)
	o.register(cmd)
	cmd.Flags().StringVar(&o.errors, "errors", "", "write every line that could not be sent to this `FILE`")
	return cmd
}

// createErrors creates the file of --errors, which must not be the one that in
// reads.
func createErrors(path string, in io.Reader) (*os.File, error) {
	if path == "-" {
		return nil, usagef("--errors -: name a file; what is shown of them goes to standard error anyway")
	}
	if s, ok := in.(standardInput); ok {
		in = s.Reader
	}
	if events, ok := in.(*os.File); ok {
		of, err := events.Stat()
		at, otherErr := os.Stat(path)
		if err == nil && otherErr == nil && os.SameFile(of, at) {
			return nil, usagef("--errors %s: these are the events, which it would overwrite; name another file", path)
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--errors: %w", err)
	}
	return file, nil
}

// publishFlags are those of every command that sends events.
type publishFlags struct {
	compression string
	retryFor    time.Duration
	maxRecord   int
	errors      string   // name of the file, "" for none
	errorsTo    *os.File // it, open
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
	options := publish.Options{Compression: codec, RetryFor: o.retryFor, MaxRecord: o.maxRecord, Log: a.log}
	if o.errorsTo != nil {
		options.Errors = o.errorsTo
	}
	p, err := publish.New(ctx, client, options)
	if err != nil {
		return err
	}
	err = send(p)
	p.Close()
	r := p.Report()
	if _, printErr := r.WriteTo(a.out); printErr != nil {
		return printErr
	}
	if _, printErr := r.WriteAhead(a.err); printErr != nil {
		return printErr
	}
	if _, printErr := r.WriteRejections(a.err, o.errors); printErr != nil {
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
