package broker

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/fault"
	"runrate/internal/stream"
	"runrate/test/certs"
)

// secured is an embedded broker with TLS, and SCRAM-SHA-512 for user u with password p.
func secured(t *testing.T, server certs.Pair, clients *certs.Authority) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(server.CertFile, server.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if clients != nil {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AddCert(clients.Cert)
	}
	return embedded(t, kfake.TLS(config), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "u", "p-secret"))
}

func embedded(t *testing.T, opts ...kfake.Opt) string {
	t.Helper()
	k, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(1, stream.Usage.Topic().String())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k.ListenAddrs()[0]
}

// TestSecured: what the settings of TLS and SASL lead to, the same by requests and by
// what a consumer group connects with. Each mistake is said in a sentence that names
// the setting, and never the password.
func TestSecured(t *testing.T) {
	ours, theirs := certs.New(t, "ours"), certs.New(t, "theirs")
	server := ours.Issue(t, "kafka", certs.Tomorrow(), "127.0.0.1", "kafka-1")
	client := ours.Issue(t, "client", certs.Tomorrow())
	stranger := theirs.Issue(t, "stranger", certs.Tomorrow())
	var (
		open   = embedded(t)
		sasl   = secured(t, server, nil)
		mutual = secured(t, server, ours)
		old    = secured(t, ours.Issue(t, "old", time.Now().Add(-time.Hour), "127.0.0.1"), nil)
		named  = secured(t, ours.Issue(t, "named", certs.Tomorrow(), "kafka-1"), nil)
	)
	right := Config{TLS: true, TLSCAFile: ours.CAFile, SASLMechanism: "scram-sha-512", SASLUsername: "u", SASLPassword: "p-secret"}
	with := func(change func(*Config)) Config { c := right; change(&c); return c }
	for _, c := range []struct {
		name, at string
		config   Config
		says     string // "" if it works
		kind     fault.Kind
	}{
		{"all as it should be", sasl, right, "", 0},
		{"a client certificate", mutual, with(func(c *Config) { c.TLSCertFile, c.TLSKeyFile = client.CertFile, client.KeyFile }), "", 0},
		{"a name", named, with(func(c *Config) { c.TLSServerName = "kafka-1" }), "", 0},
		{"wrong password", sasl, with(func(c *Config) { c.SASLPassword = "wrong-secret" }),
			"the broker refuses user u, or the password (check --kafka-sasl-username, and RUNRATE_KAFKA_SASL_PASSWORD_FILE", fault.Setup},
		{"no such user", sasl, with(func(c *Config) { c.SASLUsername = "nobody" }), "the broker refuses user nobody", fault.Setup},
		{"no user", sasl, with(func(c *Config) { c.SASLMechanism, c.SASLUsername, c.SASLPassword = "", "", "" }), "--kafka-sasl-mechanism", fault.Retry},
		{"unknown authority", sasl, with(func(c *Config) { c.TLSCAFile = theirs.CAFile }), "signed by an authority that is not trusted (name the PEM file of that authority by --kafka-tls-ca)", fault.Setup},
		{"the system's authorities", sasl, with(func(c *Config) { c.TLSCAFile = "" }), "--kafka-tls-ca", fault.Setup},
		{"another name", named, right, "--kafka-tls-server-name", fault.Setup},
		{"old certificate", old, right, "not valid", fault.Setup},
		{"no client certificate", mutual, right, "--kafka-tls-cert and --kafka-tls-key", fault.Setup},
		{"a stranger's certificate", mutual, with(func(c *Config) { c.TLSCertFile, c.TLSKeyFile = stranger.CertFile, stranger.KeyFile }), "--kafka-tls-cert and --kafka-tls-key", fault.Setup},
		{"plaintext to a TLS port", sasl, Config{}, "if it speaks TLS, set --kafka-tls", fault.Retry},
		{"TLS to a plaintext port", open, with(func(c *Config) { c.SASLMechanism, c.SASLUsername, c.SASLPassword = "", "", "" }), "leave out --kafka-tls", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Brokers, c.config.Timeout = []string{c.at}, 10*time.Second
			for path, err := range map[string]error{"request": ask(t, c.config), "group": dialed(t, c.config)} {
				if c.says == "" || path == "group" && c.name == "no user" { // which only a request is told
					if err != nil {
						t.Errorf("%s: %v", path, err)
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), c.says) || c.kind != 0 && fault.KindOf(err) != c.kind {
					t.Errorf("%s: %v (%v); it should say %q", path, err, fault.KindOf(err), c.says)
				} else if strings.Contains(err.Error(), "secret") {
					t.Errorf("%s tells a password: %v", path, err)
				}
			}
		})
	}
}

func ask(t *testing.T, config Config) error {
	c, err := Open(config)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Partitions(t.Context(), stream.Usage.Topic())
	return err
}

func dialed(t *testing.T, config Config) error {
	dialer, err := config.Dialer()
	if err != nil {
		return err
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", config.Brokers[0])
	if err == nil {
		conn.Close()
	}
	return err
}

// TestNewCertificates: files of certificates that are exchanged while the program runs
// are taken at the next connection.
func TestNewCertificates(t *testing.T) {
	ours, theirs := certs.New(t, "ours"), certs.New(t, "theirs")
	addr := secured(t, ours.Issue(t, "kafka", certs.Tomorrow(), "127.0.0.1"), nil)
	c := Config{Brokers: []string{addr}, TLS: true, TLSCAFile: theirs.CAFile,
		SASLMechanism: "SCRAM-SHA-512", SASLUsername: "u", SASLPassword: "p-secret"}
	if dialed(t, c) == nil {
		t.Fatal("trusts an unknown authority")
	}
	pem, err := os.ReadFile(ours.CAFile)
	if err == nil {
		err = os.WriteFile(theirs.CAFile, pem, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := dialed(t, c); err != nil {
		t.Error(err)
	}
}
