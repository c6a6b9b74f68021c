package main

import (
	"net"

	"github.com/spf13/cobra"

	"runrate/internal/admin"
)

// adminFlag gives a command that runs for long the flag of its admin listener.
func (a *app) adminFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.admin, "admin-listen", admin.DefaultAddress,
		"`host:port` of GET /metrics, /healthz and /readyz; port 0 takes a free one, as does the default where it is taken")
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
