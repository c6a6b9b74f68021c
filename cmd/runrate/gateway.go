package main

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"runrate/cmd/runrate/stack"
	"runrate/internal/tracing"
	"runrate/producers/gateway"
	"runrate/producers/gateway/keys"
)

const gatewayLong = `Take events over HTTP and put them into Kafka: POST /v1/events, CloudEvents as JSON,
structured, in batches, as lines or in binary mode. 202 is answered only when every
event is acknowledged by all in-sync replicas; 422 when some are refused, which are
told one by one, and the others are in Kafka; 503 when it is not known: send the
request again, unchanged, and each event counts once. POST /v1/events:validate
answers the same and writes nothing.

Who sends events has a key of the file --keys (runrate keys), in the header
Authorization: Bearer KEY; --without-keys lets in anybody who reaches the address. It
listens on loopback. Beyond that it wants keys and TLS, else events and keys would pass in
the clear or anybody could send them: --insecure-listen says that this is wanted, behind a
proxy that does TLS, say. Changes of the keys and the certificate are taken over within
seconds.

With --clickhouse it warns, in its answer, of events that the consumer may refuse: whose
time is too far from the pipeline's clock, or whose product or meter has no price.

GET /metrics, /healthz and /readyz are on the admin listener, apart from the events.
Traces are sent by OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

Told to end (SIGTERM), it answers 503 on /readyz, takes events for 5 seconds more, and
finishes what is in flight within 30.`

func gatewayCommand(a *app) *cobra.Command {
	var g gatewayFlags
	cmd := &cobra.Command{
		Use:   "gateway",
		Short: "Take events over HTTP and put them into Kafka",
		Long:  gatewayLong,
		Example: examples(
			"runrate gateway --brokers kafka-1:9092 --listen :8443 --keys keys.yaml --tls-cert tls.crt --tls-key tls.key",
			"runrate gateway --without-keys",
			`curl -i http://127.0.0.1:8080/v1/events -H 'Content-Type: application/cloudevents+json' -d @event.json`,
		),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.insecure = a.insecure
			if err := g.check(); err != nil {
				return err
			}
			return a.gateway(cmd, g)
		},
	}
	a.kafkaFlags(cmd)
	a.clickhouseFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&g.listen, "listen", "127.0.0.1:8080", "`host:port` that events are posted to")
	f.StringVar(&g.keys, "keys", "", "`file` of the keys that may send events (runrate keys)")
	f.StringVar(&g.cert, "tls-cert", "", "PEM `file` of the certificate to serve")
	f.StringVar(&g.key, "tls-key", "", "PEM `file` of its key")
	f.BoolVar(&g.withoutKeys, "without-keys", false, "take events from anybody who reaches the address")
	a.adminFlag(cmd)
	return cmd
}

// gatewayFlags are what the flags of gateway say.
type gatewayFlags struct {
	listen, keys, cert, key string
	withoutKeys, insecure   bool
}

// check refuses what would leave the door open by mistake.
func (g gatewayFlags) check() error {
	switch {
	case g.keys == "" && !g.withoutKeys:
		return usagef("who may send events? --keys names the file of their keys, --without-keys lets in anybody who reaches %s", g.listen)
	case g.keys != "" && g.withoutKeys:
		return usagef("--keys and --without-keys exclude each other")
	case (g.cert == "") != (g.key == ""):
		return usagef("--tls-cert and --tls-key go together")
	case g.insecure || loopback(g.listen):
		return nil
	case g.keys == "":
		return maySend(g.listen, false)
	case g.cert == "":
		return usagef("--listen %s is beyond loopback, without TLS: keys would pass in the clear; give --tls-cert and --tls-key, or --insecure-listen behind a proxy that does TLS", g.listen)
	}
	return nil
}

// gateway runs the door until it is told to end.
func (a *app) gateway(cmd *cobra.Command, g gatewayFlags) error {
	client, err := a.openKafka()
	if err != nil {
		return err
	}
	watched, err := a.openAdmin(cmd)
	if err != nil {
		return err
	}
	a.serveLag(watched, client, cmd.Flags().Changed("clickhouse"))
	o := gateway.Options{Log: client, Logger: a.log, Metrics: watched.Registry}
	if o.Keys, err = a.keysOf(cmd.Context(), g.keys); err != nil {
		return err
	}
	if o.Traces, err = a.traces(cmd); err != nil {
		return err
	}
	if cmd.Flags().Changed("clickhouse") {
		if tables, err := a.openClickHouse(cmd); err != nil { // events come in all the same
			a.log.Warn("the door warns of nothing: ClickHouse is not there", zap.Error(err))
		} else {
			o.Outlook = stack.Outlook(cmd.Context(), tables, a.log)
		}
	}
	var secure *tls.Config
	scheme := "http"
	if g.cert != "" {
		if secure, err = gateway.TLS(g.cert, g.key, a.log); err != nil {
			return fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
		scheme = "https"
	}
	l, err := gateway.Listen(g.listen, "--listen")
	if err != nil {
		return err
	}
	door := gateway.New(o)
	watched.Ready(door.Ready, nil)
	a.printf("runrate takes events\n  POST %s://%s/v1/events\n  metrics http://%s/metrics\n", scheme, l.Addr(), watched.Address())
	if err := door.Ready(cmd.Context()); err != nil {
		a.log.Warn("Kafka is not there yet; until it is, 503 is answered", zap.Error(err))
	}
	return door.Serve(cmd.Context(), l, secure, gateway.DefaultDrain)
}

// keysOf are the keys of --keys, read again when the file changes; nil if none is named.
func (a *app) keysOf(ctx context.Context, file string) (*keys.File, error) {
	if file == "" {
		return nil, nil
	}
	k, err := keys.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--keys: %w", err)
	}
	go k.Watch(ctx, a.log)
	return k, nil
}

// traces are what makes spans of the door's requests, nil unless the environment names
// a collector; what is left is sent when the run ends.
func (a *app) traces(cmd *cobra.Command) (trace.TracerProvider, error) {
	provider, closes, err := tracing.Open(cmd.Context(), "runrate-"+cmd.Name(), versionText(), a.log)
	if err != nil {
		return nil, usageError{err}
	}
	a.closers = append(a.closers, closes)
	return provider, nil
}
