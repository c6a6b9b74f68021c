package store

import (
	"os"
	"strings"
	"testing"
	"time"

	"runrate/internal/fault"
	"runrate/internal/tlsfiles"
	"runrate/test/certs"
	"runrate/test/localtest"
)

// TestSecured: what the settings of TLS lead to, against the real server behind a front
// that speaks it. Each mistake is said in a sentence that names the setting.
func TestSecured(t *testing.T) {
	server := localtest.ClickHouse(t).TCPAddr()
	ours, theirs := certs.New(t, "ours"), certs.New(t, "theirs")
	pair := ours.Issue(t, "clickhouse", certs.Tomorrow(), "127.0.0.1", "clickhouse-1")
	client, stranger := ours.Issue(t, "client", certs.Tomorrow()), theirs.Issue(t, "stranger", certs.Tomorrow())
	var (
		plain  = certs.Front(t, server, pair, nil)
		mutual = certs.Front(t, server, pair, ours)
		old    = certs.Front(t, server, ours.Issue(t, "old", time.Now().Add(-time.Hour), "127.0.0.1"), nil)
		named  = certs.Front(t, server, ours.Issue(t, "named", certs.Tomorrow(), "clickhouse-1"), nil)
	)
	right := tlsfiles.Settings{On: true, CAFile: ours.CAFile}
	with := func(change func(*tlsfiles.Settings)) tlsfiles.Settings { s := right; change(&s); return s }
	only := tlsfiles.Settings{CAFile: ours.CAFile}
	for _, c := range []struct {
		name, at string
		tls      tlsfiles.Settings
		says     string // "" if it works
		kind     fault.Kind
	}{
		{"all as it should be", plain, right, "", 0},
		{"a client certificate", mutual, with(func(s *tlsfiles.Settings) { s.CertFile, s.KeyFile = client.CertFile, client.KeyFile }), "", 0},
		{"a name", named, with(func(s *tlsfiles.Settings) { s.ServerName = "clickhouse-1" }), "", 0},
		{"a DSN turns it on", "clickhouse://default@" + plain + "/?secure=true", only, "", 0},
		{"a DSN that trusts anybody", "clickhouse://default@" + old + "/?secure=true&skip_verify=true", tlsfiles.Settings{}, "", 0},
		{"a DSN with a name", "clickhouse://default@" + named + "/?secure=true&tls_server_name=clickhouse-1", only, "", 0},
		{"off, with an authority", plain, only, "set --clickhouse-tls", fault.Setup},
		{"unknown authority", plain, with(func(s *tlsfiles.Settings) { s.CAFile = theirs.CAFile }), "signed by an authority that is not trusted (name the PEM file of that authority by --clickhouse-tls-ca)", fault.Setup},
		{"the system's authorities", plain, with(func(s *tlsfiles.Settings) { s.CAFile = "" }), "--clickhouse-tls-ca", fault.Setup},
		{"another name", named, right, "--clickhouse-tls-server-name", fault.Setup},
		{"old certificate", old, right, "not valid", fault.Setup},
		{"no client certificate", mutual, right, "--clickhouse-tls-cert and --clickhouse-tls-key", fault.Setup},
		{"a stranger's certificate", mutual, with(func(s *tlsfiles.Settings) { s.CertFile, s.KeyFile = stranger.CertFile, stranger.KeyFile }), "--clickhouse-tls-cert and --clickhouse-tls-key", fault.Setup},
		{"a key that is missing", plain, with(func(s *tlsfiles.Settings) { s.CertFile = client.CertFile }), "--clickhouse-tls-cert and --clickhouse-tls-key", fault.Setup},
		{"a file without certificates", plain, with(func(s *tlsfiles.Settings) { s.CAFile = client.KeyFile }), "--clickhouse-tls-ca", fault.Setup},
		{"plaintext to a TLS port", plain, tlsfiles.Settings{}, "--clickhouse-tls", 0},
		{"TLS to a plaintext port", server, right, "leave out --clickhouse-tls", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(t.Context(), Options{Address: c.at, TLS: c.tls, Timeout: 5 * time.Second})
			if err == nil {
				err = s.Ping(t.Context())
				s.Close()
			}
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || c.kind != 0 && fault.KindOf(err) != c.kind):
				t.Errorf("%v (%v); it should say %q", err, fault.KindOf(err), c.says)
			}
		})
	}
}

// TestNewCertificates: a file of authorities that is exchanged while the program runs is
// taken at the next connection.
func TestNewCertificates(t *testing.T) {
	ours, theirs := certs.New(t, "ours"), certs.New(t, "theirs")
	at := certs.Front(t, localtest.ClickHouse(t).TCPAddr(), ours.Issue(t, "clickhouse", certs.Tomorrow(), "127.0.0.1"), nil)
	o := Options{Address: at, TLS: tlsfiles.Settings{On: true, CAFile: ours.CAFile}, Timeout: 5 * time.Second}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	exchange := func(with string) {
		pem, err := os.ReadFile(with)
		if err == nil {
			err = os.WriteFile(o.TLS.CAFile, pem, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	was := ours.CAFile + ".was"
	if err := os.Rename(ours.CAFile, was); err != nil {
		t.Fatal(err)
	}
	exchange(theirs.CAFile)
	if _, err := s.server(t.Context()); err == nil || !strings.Contains(err.Error(), "--clickhouse-tls-ca") {
		t.Error("a new connection trusts an authority that is gone: ", err)
	}
	exchange(was)
	if _, err := s.server(t.Context()); err != nil {
		t.Error(err)
	}
}
