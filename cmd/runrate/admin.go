package main

import (
	"net"

	"github.com/spf13/cobra"

	"runrate/internal/admin"
	"runrate/internal/broker"
	"runrate/internal/lag/monitor"
)

// adminFlag gives a command that runs for long the flag of its admin listener.
func (a *app) adminFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.admin, "admin-listen", admin.DefaultAddress,
		"`host:port` of GET /metrics, /healthz, /readyz and /v1/lag; port 0 takes a free one, as does the default where it is taken")
	a.insecureFlag(cmd)
}

// openAdmin listens by adminFlag until the run ends. Several processes on a machine
// need no flags: where the default is taken, a free port is.
func (a *app) openAdmin(cmd *cobra.Command) (*admin.Server, error) {
	if err := a.mayRead("admin-listen", a.admin); err != nil {
		return nil, err
	}
	s, err := admin.Listen(a.admin, versionText(), a.log)
	if err != nil && !cmd.Flags().Changed("admin-listen") {
		s, err = admin.Listen(net.JoinHostPort("127.0.0.1", "0"), versionText(), a.log)
	}
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, s.Close)
	return s, nil
}

// serveLag answers GET /v1/lag on the admin listener of a command that watches nothing itself:
// it reads when it is asked. What ClickHouse knows is told by commands that have its flags.
func (a *app) serveLag(s *admin.Server, client *broker.Client, clickhouse bool) {
	o := monitor.Options{Client: client, Logger: a.log}
	if clickhouse {
		tables := &late{app: a}
		o.Said, o.Epochs, o.Recall = tables.said, tables.epochs, tables.recall
	}
	s.Handle("GET /v1/lag", monitor.NewAsked(o))
}
