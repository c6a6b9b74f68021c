package broker

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"runrate/internal/stream"
)

func TestSASL(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(mechanism, "u", "p"), kfake.SeedTopics(1, stream.Usage.Topic().String()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		for password, good := range map[string]bool{"p": true, "wrong": false} {
			c, err := Open(Config{Brokers: k.ListenAddrs(), SASLMechanism: mechanism, SASLUsername: "u", SASLPassword: password})
			if err != nil {
				t.Fatal(err)
			}
			n, err := c.Partitions(t.Context(), stream.Usage.Topic())
			if good != (err == nil && n == 1) {
				t.Errorf("%s with %q: %d partitions, %v", mechanism, password, n, err)
			}
			dialer, err := c.Config().Dialer()
			if err != nil {
				t.Fatal(err)
			}
			conn, err := dialer.DialContext(t.Context(), "tcp", k.ListenAddrs()[0])
			if err == nil {
				conn.Close()
			}
			if good != (err == nil) {
				t.Errorf("%s with %q: dial: %v", mechanism, password, err)
			}
			c.Close()
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"no brokers":          {},
		"unknown mechanism":   {Brokers: []string{"h:1"}, SASLMechanism: "GSSAPI", SASLUsername: "u"},
		"no user":             {Brokers: []string{"h:1"}, SASLMechanism: "PLAIN"},
		"user, no mechanism":  {Brokers: []string{"h:1"}, SASLUsername: "u"},
		"authority, no TLS":   {Brokers: []string{"h:1"}, TLSCAFile: "ca.pem"},
		"no such authority":   {Brokers: []string{"h:1"}, TLS: true, TLSCAFile: "testdata/none.pem"},
		"no PEM in authority": {Brokers: []string{"h:1"}, TLS: true, TLSCAFile: "config.go"},
		"cert without key":    {Brokers: []string{"h:1"}, TLS: true, TLSCertFile: "c.pem"},
	} {
		if _, err := Open(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestParseBrokers(t *testing.T) {
	for list, want := range map[string]int{"a:1": 1, " a:1, b:2 ,": 2, "[::1]:9092": 1, "": 0, "a": 0, "a:1,b": 0, "a:": 0} {
		got, err := ParseBrokers(list)
		if len(got) != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
}
