package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runrate/test/sentences"
)

// TestSentences: what is said when a command is called wrongly, or what it needs
// is not there.
func TestSentences(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "prices.yaml")
	if err := os.WriteFile(bad, []byte("version: \"1\"\ncurrency: usd\nproducts: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	events := filepath.Join(dir, "events.ndjson")
	if err := os.WriteFile(events, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys.yaml")
	var said []sentences.Said
	for _, line := range []string{
		"nonsense",
		"version --log-level loud",
		"publish",
		"publish --nonsense -",
		"publish no/such/file",
		"publish --compression brotli -",
		"publish --brokers nowhere -",
		"publish --brokers , -",
		"publish --brokers 127.0.0.1:1 -",
		"publish --errors - -",
		"publish --errors EVENTS EVENTS",
		"publish --errors no/such/directory/x EVENTS",
		"publish --kafka-tls-cert x -",
		"publish --kafka-tls --kafka-tls-cert x -",
		"publish --kafka-tls --kafka-tls-ca no/such/file -",
		"publish --kafka-sasl-username u -",
		"publish --kafka-sasl-mechanism PLAIN -",
		"publish --kafka-sasl-mechanism OAUTH --kafka-sasl-username u -",
		"prices validate no/such/file",
		"prices validate BOOK",
		"prices publish --brokers 127.0.0.1:1 BOOK",
		"prices nonsense",
		"dead-letters list --state gone",
		"dead-letters list --since yesterday",
		"dead-letters show",
		"dead-letters show x",
		"redrive --reason odd",
		"redrive --topic x",
		"redrive --at runrate.usage/0",
		"emit --account a --product p --quantity x",
		"emit --account a --product p --quantity x=1 --time now",
		"emit --product p --quantity x=1",
		"emit --account a --product p --quantity x=1 --brokers 127.0.0.1:1 --timeout 300ms",
		"settle --topic x",
		"lag --fail-on late",
		"lag --clock old",
		"settle --timeout soon",
		"settle --brokers 127.0.0.1:1 --timeout 300ms",
		"lag --brokers 127.0.0.1:1",
		"topics --brokers 127.0.0.1:1",
		"topics --partitions 0",
		"topics --replication 0",
		"tick --interval 0s",
		"consume",
		"consume everything",
		"consume usage --flush-records 0",
		"consume usage --recent-identities 0",
		"consume usage --session-timeout 1ms",
		"rebuild",
		"rebuild usage",
		"rebuild usage --reason x --clickhouse 127.0.0.1:1",
		"redrive --clickhouse 127.0.0.1:1",
		"migrate --clickhouse 127.0.0.1:1",
		"verify --clickhouse 127.0.0.1:1",
		"verify --show -1",
		"report --clickhouse 127.0.0.1:1",
		"report --clickhouse clickhouse",
		"report --clickhouse http://clickhouse:8123",
		"report --clickhouse clickhouse://nobody:secret%zz@clickhouse:9000",
		"report --clickhouse-database a-b",
		"report --clickhouse-tls-ca no/such/file",
		"report --clickhouse-tls --clickhouse-tls-ca no/such/file",
		"report --clickhouse-tls --clickhouse-tls-key x",
		"report --clickhouse-password-file no/such/file",
		"report --clickhouse-password x --clickhouse-password-file x",
		"report --as-of today",
		"replay-trace x.csv",
		"replay-trace no/such/conv.csv",
		"replay-trace --shift 1h --start 2026-01-01T00:00:00Z",
		"replay-trace --no-prices --prices x",
		"replay-trace --start today",
		"replay-trace --shift 0h --output -",
		"replay-subscriptions no/such/file",
		"replay-subscriptions --end yesterday",
		"simulate --preset unicorn",
		"simulate --start soon",
		"simulate --late 70",
		"simulate --format xml",
		"simulate --days 0",
		"simulate --accounts 0",
		"simulate --print --live",
		"simulate --print --truth -",
		"simulate --no-history",
		"simulate --live --rate 0",
		"simulate --check --truth no-such-file",
		"up --partitions 0",
		"up --listen nowhere",
		"up --listen 0.0.0.0:8080",
		"up --admin-listen :8081",
		"consume all --admin-listen :8081",
		"monitor --admin-listen 0.0.0.0:8081",
		"monitor --admin-listen 127.0.0.1:0 --notify hooks.example/T0K3N",
		"monitor --notify-quiet -1s",
		"gateway",
		"gateway --without-keys --listen :8080",
		"gateway --without-keys --listen nowhere",
		"gateway --without-keys --brokers nowhere",
		"gateway --without-keys --keys x",
		"gateway --keys x --listen :8080",
		"gateway --keys x --tls-cert x",
		"gateway --keys no/such/file",
		"gateway --without-keys --tls-cert no/such/file --tls-key x",
		"keys create",
		"keys create x",
		"keys create x --keys no/such/file",
		"keys create x --keys KEYS --type clock.ticked",
		"keys create x --keys KEYS --not-after tomorrow",
		"keys list --keys no/such/file",
		"keys revoke nobody --keys KEYS",
	} {
		replace := strings.NewReplacer("EVENTS", events, "BOOK", bad, "KEYS", keys)
		args := strings.Fields(line)
		for i := range args {
			args[i] = replace.Replace(args[i])
		}
		got := runWith(t, "", args...)
		if got.code == 0 {
			t.Errorf("%s: exit 0: %s", line, got.out)
		}
		text := strings.NewReplacer(events, "EVENTS", bad, "BOOK", keys, "KEYS").Replace(got.err)
		said = append(said, sentences.Said{Of: "runrate " + line, Sentence: text})
	}
	sentences.Check(t, "testdata/sentences.txt", said)
}
