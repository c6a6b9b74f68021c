package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runrate/producers"
)

func emitCommand(a *app) *cobra.Command {
	var e emission
	cmd := &cobra.Command{
		Use:   "emit",
		Short: "Send one usage event",
		Long: `Make one usage.recorded event and send it to Kafka, as a service does that uses
the Go SDK (package producers). What would be refused is refused here. It prints the
event as JSON, by which it can be sent again, unchanged: runrate publish.`,
		Example: examples("runrate emit --account acct_1 --product chat-large --quantity input_tokens=1234 --quantity output_tokens=567"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := e.event()
			if err != nil {
				return err
			}
			a.printf("%s\n", made.JSON())
			return a.emit(cmd.Context(), made, e.timeout)
		},
	}
	a.kafkaFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&e.source, "source", "runrate-emit", "what publishes it")
	f.StringVar(&e.account, "account", "", "whose usage it is")
	f.StringVar(&e.product, "product", "", "what was used")
	f.StringArrayVar(&e.quantities, "quantity", nil, "`METER=COUNT`, once for each meter")
	f.StringVar(&e.segment, "segment", "", "dimension segment")
	f.StringVar(&e.region, "region", "", "dimension region")
	f.StringVar(&e.id, "id", "", "id (default: a UUIDv7)")
	f.StringVar(&e.time, "time", "", "when it happened, RFC 3339 (default: now)")
	f.DurationVar(&e.timeout, "timeout", 30*time.Second, "how long to try")
	return cmd
}

// emission is what the flags of emit say.
type emission struct {
	source, account, product, segment, region, id, time string
	quantities                                          []string
	timeout                                             time.Duration
}

// event is the event, or why it would be refused.
func (e emission) event() (producers.Event, error) {
	quantities := map[string]uint64{}
	for _, q := range e.quantities {
		meter, count, ok := strings.Cut(q, "=")
		n, err := strconv.ParseUint(count, 10, 64)
		if !ok || err != nil {
			return producers.Event{}, usagef("--quantity %q is no METER=COUNT, such as input_tokens=1234", q)
		}
		quantities[meter] = n
	}
	var options []producers.Option
	for _, o := range []struct {
		value string
		set   func(string) producers.Option
	}{{e.segment, producers.Segment}, {e.region, producers.Region}, {e.id, producers.ID}} {
		if o.value != "" {
			options = append(options, o.set(o.value))
		}
	}
	if e.time != "" {
		at, err := time.Parse(time.RFC3339Nano, e.time)
		if err != nil {
			return producers.Event{}, usagef("--time %q is no RFC 3339 time, such as 2026-11-23T07:31:05Z", e.time)
		}
		options = append(options, producers.Time(at))
	}
	return producers.Usage(e.source, e.account, e.product, quantities, options...)
}

// emit sends one event, and says where it is.
func (a *app) emit(ctx context.Context, e producers.Event, timeout time.Duration) error {
	if _, err := a.openKafka(); err != nil { // which reads the flags
		return err
	}
	results := make(chan producers.Result, 1)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	k := a.kafka
	p, err := producers.Open(ctx, producers.Options{
		Brokers: k.Brokers, TLS: k.TLS, TLSCAFile: k.TLSCAFile, SASLMechanism: k.SASLMechanism, SASLUsername: k.SASLUsername, SASLPassword: k.SASLPassword,
		UsageTopic: a.topicOf("usage"), SubscriptionsTopic: a.topicOf("subscriptions"),
		TLSCertFile: k.TLSCertFile, TLSKeyFile: k.TLSKeyFile, TLSServerName: k.TLSServerName,
		Log: a.log, Result: func(r producers.Result) { results <- r },
	})
	if err != nil {
		return err
	}
	if err := p.Emit(ctx, e); err != nil {
		_, closing := p.Close(ctx)
		return errors.Join(err, closing)
	}
	if _, err := p.Close(ctx); err != nil {
		return fmt.Errorf("%w (it may be there or not; sending the line above again is safe)", err)
	}
	r := <-results
	if r.Err == nil {
		a.printf("%s/%d@%d\n", r.Topic, r.Partition, r.Offset)
	}
	return r.Err
}

// topicOf is what a topic is called in Kafka, "" by the contract.
func (a *app) topicOf(kind string) string {
	for k, name := range a.topics {
		if k.String() == kind && name != nil {
			return *name
		}
	}
	return ""
}
