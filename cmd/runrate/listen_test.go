package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestEveryListenerIsGuarded: whatever a command listens on, that address is refused
// beyond loopback, by a sentence that names the way out; a listener to come is, too.
func TestEveryListenerIsGuarded(t *testing.T) {
	also := map[string][]string{"consume": {"usage"}, "gateway": {"--without-keys"}}
	seen := map[string]bool{}
	for _, cmd := range newRoot(&app{}).Commands() {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "insecure-listen" || !strings.HasSuffix(f.Name, "listen") {
				return
			}
			seen[cmd.Name()+" --"+f.Name] = true
			if !loopback(f.DefValue) {
				t.Errorf("%s --%s is %s unless given", cmd.Name(), f.Name, f.DefValue)
			}
			for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "runrate.example:0"} {
				got := runWith(t, "", append([]string{cmd.Name(), "--" + f.Name, address}, also[cmd.Name()]...)...)
				if got.code != exitUsage || !strings.Contains(got.err, "--"+f.Name+" "+address+" is beyond loopback") || !strings.Contains(got.err, "--insecure-listen") {
					t.Errorf("%s --%s %s: %+v", cmd.Name(), f.Name, address, got)
				}
			}
		})
	}
	for _, want := range []string{"gateway --listen", "up --listen", "up --admin-listen", "consume --admin-listen", "tick --admin-listen", "monitor --admin-listen", "gateway --admin-listen"} {
		if !seen[want] {
			t.Errorf("%s was not tried", want)
		}
	}
}

// TestInsecureListen: asked for by name, it is let; and loopback needs no asking.
func TestInsecureListen(t *testing.T) {
	for _, address := range []string{"127.0.0.1:8081", "[::1]:8081", "localhost:8081", "127.9.9.9:0"} {
		a := &app{}
		if err := a.mayRead("admin-listen", address); err != nil {
			t.Error(err)
		}
	}
	a := &app{insecure: true}
	for _, err := range []error{a.mayRead("admin-listen", ":8081"), maySend("0.0.0.0:8080", true), gatewayFlags{listen: ":8080", keys: "x", insecure: true}.check()} {
		if err != nil {
			t.Error(err)
		}
	}
	secure := gatewayFlags{listen: ":8443", keys: "x", cert: "x", key: "x"}
	if err := secure.check(); err != nil {
		t.Error("a door with TLS and keys: ", err)
	}
}
