package main

import (
	"net"

	"github.com/spf13/cobra"
)

// insecureFlag gives a command that listens the flag that lets it do so beyond loopback
// without TLS and keys. It is one flag, for all that the command listens on.
func (a *app) insecureFlag(cmd *cobra.Command) {
	if f := cmd.Flags(); f.Lookup("insecure-listen") == nil {
		f.BoolVar(&a.insecure, "insecure-listen", false, "listen beyond loopback although without TLS and keys: anybody there could read what is served, and send what is taken")
	}
}

// mayRead refuses to serve what anybody could read who reaches the address of a flag.
func (a *app) mayRead(flag, address string) error {
	if a.insecure || loopback(address) {
		return nil
	}
	return usagef("--%s %s is beyond loopback, without TLS and keys: anybody there could read the metrics and what else is served; --insecure-listen says that this is wanted", flag, address)
}

// maySend refuses to listen where anybody could send events.
func maySend(address string, insecure bool) error {
	if insecure || loopback(address) {
		return nil
	}
	return usagef("--listen %s is beyond loopback, without keys: anybody there could send events; --insecure-listen says that this is wanted", address)
}

// loopback says whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // which listening says better
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
