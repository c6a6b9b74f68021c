package program

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"runrate/test/guarded"
)

// passwordFile is a file with the password of a role at ClickHouse.
func passwordFile(t *testing.T, role string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), role)
	if err := os.WriteFile(path, []byte(guarded.Password(role)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRoles: each command does its work with the role at ClickHouse that docs/ACCESS.md
// gives it, and what writes does not with less.
func TestRoles(t *testing.T) {
	ch, kafka := guarded.Start(t), kafkaAlone(t)
	as := func(role string, args ...string) []string {
		return append(args, "--clickhouse", ch.TCPAddr(), "--clickhouse-user", guarded.Name(role), "--clickhouse-password-file", passwordFile(t, role))
	}
	refused := func(role string, args ...string) {
		t.Helper()
		if r := runrate(t, "", as(role, args...)...); r.code == 0 || !strings.Contains(r.err, "rivilege") {
			t.Errorf("%s as %s: exit %d\n%s%s", args[0], role, r.code, r.out, r.err)
		}
	}
	for _, role := range []string{"writer", "reader", "analyst"} {
		refused(role, "migrate")
	}
	for range 2 {
		must(t, "", as("migrator", "migrate")...)
	}
	consumer := start(t, exec.Command(binary, as("writer", "consume", "all", "--brokers", kafka, "--flush-every", "100ms", "--admin-listen", "127.0.0.1:0")...))
	settle := func() { must(t, "", as("reader", "settle", "--brokers", kafka)...) }
	send := func(events string) {
		must(t, events, "publish", "-", "--brokers", kafka)
		settle()
	}
	send(tickAt("2026-11-02T12:00:00Z") + usageOf("acct_1", "chat", 2, 1))
	send(priceBook + usageOf("acct_2", "chat", 2, 2) + usageOf("acct_3", "chat", 1, 3))
	refused("reader", "redrive", "--brokers", kafka)
	must(t, "", as("writer", "redrive", "--brokers", kafka)...)
	settle()
	must(t, "", as("writer", "rebuild", "usage", "--reason", "roles", "--brokers", kafka)...)
	settle()
	for _, command := range []string{"verify --brokers", "lag --brokers", "dead-letters list", "dead-letters stats", "explain api"} {
		must(t, "", as("reader", strings.Fields(strings.Replace(command, "--brokers", "--brokers "+kafka, 1))...)...)
	}
	for _, role := range []string{"reader", "analyst"} {
		if out := must(t, "", as(role, "report", "--json")...); !strings.Contains(out, `"api"`) {
			t.Errorf("report as %s:\n%s", role, out)
		}
	}
	for role, long := range map[string][]string{"monitor": {"monitor", "--admin-listen"}, "reader": {"gateway", "--without-keys", "--listen"}} {
		address := loopback(freePort(t))
		p := start(t, exec.Command(binary, as(role, append(long, address, "--brokers", kafka, "--log-level", "debug")...)...))
		within(t, long[0]+" is ready", func() bool {
			resp, err := http.Get("http://" + address + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
		if role == "monitor" {
			pageOf(t, address)
			within(t, "what the monitor reads is kept", func() bool {
				return kept(t, ch.HTTPAddr())
			})
		}
		if said := p.err.String(); strings.Contains(said, "rivilege") || strings.Contains(said, "warns of nothing") {
			t.Errorf("%s:\n%s", long[0], said)
		}
	}
	if said := consumer.err.String(); strings.Contains(said, "rivilege") || strings.Contains(said, "is halted") {
		t.Errorf("the consumer:\n%s", said)
	}
}

// pageOf holds that the page is served there, and that every panel of it is read.
func pageOf(t *testing.T, address string) {
	t.Helper()
	body := func(path string) string {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if !strings.Contains(body("/"), "<title>runrate</title>") {
		t.Errorf("no page:\n%s", body("/"))
	}
	within(t, "every panel is read", func() bool {
		data := body("/page/data")
		if strings.Contains(data, `"error"`) {
			t.Fatal(data)
		}
		return !strings.Contains(data, `"read_at":null`)
	})
}

// kept says whether the monitor has written what it read.
func kept(t *testing.T, address string) bool {
	t.Helper()
	resp, err := http.Post("http://"+address, "text/plain", strings.NewReader("SELECT count() > 0 FROM revenue.lag_history"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return err == nil && string(body) == "1\n"
}
