package certs

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
)

// Front speaks TLS in front of a service of this machine that has none, with a
// certificate, and asks for one of an authority's clients if clients is not nil. It
// returns its address, and ends with the test.
func Front(t testing.TB, service string, server Pair, clients *Authority) string {
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			bare, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go pass(tls.Server(bare, config), service)
		}
	}()
	return l.Addr().String()
}

// pass carries bytes between a client and the service until one of them ends.
func pass(client *tls.Conn, service string) {
	defer client.Close()
	if client.Handshake() != nil {
		return // which has told the client why
	}
	conn, err := net.Dial("tcp", service)
	if err != nil {
		return
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, client)
		conn.Close()
	}()
	_, _ = io.Copy(client, conn)
}
