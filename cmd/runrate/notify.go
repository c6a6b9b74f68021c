package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"runrate/internal/lag/monitor"
	"runrate/internal/lag/notify"
)

// notified are the flags of who is told by the monitor itself.
type notified struct {
	url   string
	quiet time.Duration
}

func (n *notified) add(f *pflag.FlagSet) {
	f.StringVar(&n.url, "notify", "", "webhook that is told of partitions that need somebody: an http or https `URL`")
	secret(f, "notify")
	f.DurationVar(&n.quiet, "notify-quiet", notify.DefaultQuiet, "least time between two messages about a topic")
}

// begin begins to tell, until ctx ends, and returns what is to be told; nil if nobody is.
func (n *notified) begin(ctx context.Context, log *zap.Logger, metrics prometheus.Registerer) (func(time.Time, []monitor.Row), error) {
	if n.url == "" {
		return nil, nil
	}
	to, err := notify.New(n.url, n.quiet, log, metrics)
	if err != nil {
		return nil, usagef("--notify: %v", err)
	}
	log.Info("telling a webhook", zap.String("to", to.To()), zap.Duration("quiet", n.quiet))
	go to.Run(ctx)
	return to.Observe, nil
}
