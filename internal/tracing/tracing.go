// Package tracing sends traces by OpenTelemetry, to where OpenTelemetry's own
// environment variables say. Where they name no endpoint there are none.
package tracing

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Endpoints are the variables that turn traces on: the address of a collector, of all
// signals and of traces.
var Endpoints = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// protocols are the variables that name the exporter's protocol.
var protocols = []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"}

// closeBound is how long what is left has to be sent at the end.
const closeBound = 5 * time.Second

// Open is what makes spans, nil where the environment names no endpoint, or turns traces
// off. service is the process's name unless OTEL_SERVICE_NAME says another. close sends
// what is left, for at most 5 seconds. What cannot be sent is logged, and dropped: no
// request waits for it.
//
// Of the variables the exporter and the SDK read the rest: headers, certificates,
// timeout, sampler, attributes of the resource.
func Open(ctx context.Context, service, version string, logger *zap.Logger) (provider trace.TracerProvider, closes func(), err error) {
	on, err := wanted()
	if err != nil || !on {
		return nil, func() {}, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("send traces: %w", err)
	}
	of, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(service), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("send traces: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("traces are dropped", zap.Error(err)) }))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	return p, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBound)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			logger.Warn("traces are dropped", zap.Error(err))
		}
	}, nil
}

// wanted says whether traces are to be sent. What the environment asks for and this
// program has not is an error.
func wanted() (bool, error) {
	on := false
	for _, name := range Endpoints {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		on = true
		// Its text may hold a password, so it is not told.
		if u, err := url.Parse(value); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return false, fmt.Errorf("%s is no http:// or https:// URL, such as http://127.0.0.1:4318", name)
		}
	}
	if !on || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return false, nil
	case "", "otlp":
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER is %q: traces are sent by otlp, or with none not at all", exporter)
	}
	for _, name := range protocols {
		if value := os.Getenv(name); value != "" && value != "http/protobuf" && value != "http/json" {
			return false, fmt.Errorf("%s is %q: traces are sent by http/protobuf or http/json, to a collector's port 4318 as a rule", name, value)
		}
	}
	return true, nil
}
