package program

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"runrate/test/guarded"
)

// TestSecretsAreNotTold: whole commands, whose passwords and keys are in files or in the
// environment, at work: neither what they write, at the finest level of the log, nor what
// they answer, nor their arguments or children tell one.
func TestSecretsAreNotTold(t *testing.T) {
	s := newSecretive(t)
	for _, settings := range [][]string{s.byFiles("migrator"), s.byVariables("migrator")} {
		for _, command := range []string{"migrate", "topics --partitions 2"} {
			if p := s.start(settings, strings.Fields(command)...); p.wait(t) != 0 {
				t.Fatalf("%s: %s", command, p.err.String())
			}
		}
	}
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	key := strings.TrimSpace(must(t, "", "keys", "create", "sender", "--keys", keys))
	s.secrets["the key"], s.secrets["a wrong key"] = key, "rr_none_"+strings.Repeat("5ecret", 8)
	door := loopback(freePort(t))
	settings := map[string][]string{"files": s.byFiles("writer"), "variables": s.byVariables("writer")}
	for how, env := range settings {
		gateway := s.start(append(slices.Clone(env), "RUNRATE_KEYS="+keys, "RUNRATE_LISTEN="+door), "gateway")
		long := []*program{s.start(env, "consume", "all"), s.start(env, "tick"), s.start(env, "monitor")}
		within(t, "the gateway is ready", func() bool {
			resp, err := http.Get("http://" + door + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
		for _, sent := range []struct {
			header, query string
			code          int
		}{{"Bearer " + key, "", 422}, {"Bearer " + s.secrets["a wrong key"], "", 401}, {key, "", 401}, {"", "?key=" + key, 401}} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+door+"/v1/events"+sent.query, strings.NewReader(usageOf("", "chat", 2, 1)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/cloudevents+json")
			request.Header.Set("Authorization", sent.header)
			resp, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != sent.code {
				t.Errorf("%s: %.8s… %s: %d, want %d: %s", how, sent.header, sent.query, resp.StatusCode, sent.code, body)
			}
			s.search("the door's answer", fmt.Sprint(resp.Header)+string(body))
		}
		for _, p := range long {
			for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
				s.get(admin(t, p), path)
			}
		}
		for _, p := range append(long, gateway) {
			within(t, "it has partitions", func() bool {
				return strings.Contains(s.get(admin(t, p), "/v1/lag"), `"topic":"runrate.usage","partition":0,`)
			})
		}
		s.get(door, "/openapi.json")
		for _, p := range append(long, gateway) {
			p.signal(t, syscall.SIGTERM)
		}
		for _, p := range append(long, gateway) {
			if code := p.wait(t); code != 0 {
				t.Errorf("%s, by %s: exit %d\n%s", p.cmd.Args, how, code, p.err.String())
			}
		}
	}
}

// TestUpTellsNoSecret: up, beside Kafka and ClickHouse of its own and with those that it
// is told, its children and its files among them.
func TestUpTellsNoSecret(t *testing.T) {
	s := newSecretive(t)
	for i, settings := range [][]string{
		{"RUNRATE_CLICKHOUSE_PASSWORD=" + guarded.Password("writer"), "RUNRATE_CLICKHOUSE_USER=default", "RUNRATE_LOG_LEVEL=debug"}, // refused by its own ClickHouse
		s.byFiles("migrator"), s.byVariables("migrator"),
	} {
		p := newPipeline(t, "--admin-listen", "127.0.0.1:0")
		cmd := p.command()
		p.program = s.start(settings, cmd.Args[1:]...)
		within(t, "up is ready, or has ended", func() bool {
			if ended(p.program) {
				return true
			}
			resp, err := http.Get("http://" + loopback(p.listen) + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
		s.processes(p.cmd.Process.Pid, "up")
		if ended(p.program) != (i == 0) {
			t.Errorf("up %d: %s", i, p.err.String())
		}
		if !ended(p.program) {
			for _, path := range []string{"/", "/readyz"} {
				s.get(loopback(p.listen), path)
			}
		}
		p.signal(t, syscall.SIGTERM)
		p.wait(t)
		err := filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				s.search(path, string(b))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestFailuresTellNoSecret: what is wrong is said without the password, right or wrong.
func TestFailuresTellNoSecret(t *testing.T) {
	s := newSecretive(t)
	s.secrets["a wrong password"] = "wr0ng:pa55%zz@word"
	wrong := s.secrets["a wrong password"]
	quoted := url.QueryEscape(wrong)
	kafka, clickhouse := "migrate", "tick" // the commands that know nothing of it
	for what, change := range map[string]struct {
		not      string
		settings []string
	}{
		"ClickHouse's password in a file":     {clickhouse, []string{"RUNRATE_CLICKHOUSE_PASSWORD_FILE=" + s.file(wrong)}},
		"ClickHouse's password in the DSN":    {clickhouse, []string{"RUNRATE_CLICKHOUSE_USER=", "RUNRATE_CLICKHOUSE_PASSWORD_FILE=", "RUNRATE_CLICKHOUSE=clickhouse://runrate_writer:" + quoted + "@" + s.clickhouse}},
		"a DSN that does not parse":           {clickhouse, []string{"RUNRATE_CLICKHOUSE=clickhouse://u:" + wrong + "@" + s.clickhouse}},
		"a DSN without a port":                {clickhouse, []string{"RUNRATE_CLICKHOUSE=clickhouse://u:" + quoted + "@127.0.0.1"}},
		"a DSN with a setting that is none":   {clickhouse, []string{"RUNRATE_CLICKHOUSE=clickhouse://u:" + quoted + "@" + s.clickhouse + "?dial_timeout=" + quoted}},
		"a DSN of another protocol":           {clickhouse, []string{"RUNRATE_CLICKHOUSE=http://u:" + quoted + "@" + s.clickhouse}},
		"an address with a user and no DSN":   {clickhouse, []string{"RUNRATE_CLICKHOUSE=u:" + quoted + "@127.0.0.1"}},
		"ClickHouse's host":                   {clickhouse, []string{"RUNRATE_CLICKHOUSE=127.0.0.1:1"}},
		"ClickHouse's host in the DSN":        {clickhouse, []string{"RUNRATE_CLICKHOUSE=clickhouse://u:" + quoted + "@127.0.0.1:1"}},
		"both a password and its file":        {"", []string{"RUNRATE_KAFKA_SASL_PASSWORD=" + wrong, "RUNRATE_CLICKHOUSE_PASSWORD=" + wrong}},
		"Kafka's password":                    {kafka, []string{"RUNRATE_KAFKA_SASL_PASSWORD_FILE=" + s.file(wrong)}},
		"Kafka's mechanism":                   {kafka, []string{"RUNRATE_KAFKA_SASL_MECHANISM=SCRAM-SHA-256"}},
		"Kafka's host":                        {kafka, []string{"RUNRATE_BROKERS=127.0.0.1:1"}},
		"a user of ClickHouse's that is none": {clickhouse, []string{"RUNRATE_CLICKHOUSE_USER=nobody"}},
	} {
		var running []*program
		for _, command := range []string{"migrate", "consume usage", "tick", "gateway --without-keys --listen 127.0.0.1:0", "monitor", "up", "report", "settle --timeout 1s"} {
			if command == change.not || command == "report" && change.not == kafka {
				continue
			}
			args := strings.Fields(command)
			if command == "up" {
				args = newPipeline(t).command().Args[1:]
			}
			running = append(running, s.start(append(s.byFiles("writer"), change.settings...), args...))
		}
		for _, p := range running {
			within(t, "it ends, or says what is wrong", func() bool {
				if ended(p) {
					return true
				}
				said := strings.ToLower(p.err.String())
				return strings.Contains(said, "warn") || strings.Contains(said, "error")
			})
			if p.err.String() == "" {
				t.Errorf("%s: %s: nothing is said", what, p.cmd.Args)
			}
			if err := p.cmd.Process.Kill(); err == nil {
				<-p.done
			}
			s.search(what, p.out.String()+p.err.String())
		}
	}
}
