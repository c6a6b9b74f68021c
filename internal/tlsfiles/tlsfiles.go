// Package tlsfiles is TLS of a client whose certificates are PEM files, for whatever it
// connects to, and what is wrong with it in words that name the setting.
//
// The files are read anew for each connection, so that new ones are taken without a
// restart. Start at Settings.
package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// Settings say how a client speaks TLS. The zero value of every field but the names is
// usable: no TLS.
type Settings struct {
	On         bool
	CAFile     string // PEM; empty trusts the system's authorities
	CertFile   string // PEM client certificate; needs KeyFile
	KeyFile    string // PEM
	ServerName string // name to verify; empty: the host that was dialed

	// Base is what else the connection is to have, of an address that says it itself. It
	// turns TLS on; nil says nothing.
	Base *tls.Config

	Names Names
}

// Names are the words of Settings in sentences.
type Names struct {
	Flag    string // what the names of the settings begin with: --kafka-tls
	Address string // the setting of the address: --brokers
	Peer    string // who is connected to: broker
}

// Config is what crypto/tls needs, read from the files now; nil if TLS is off.
func (s Settings) Config() (*tls.Config, error) {
	if !s.On && s.Base == nil {
		if s.CAFile != "" || s.CertFile != "" || s.KeyFile != "" || s.ServerName != "" {
			return nil, fmt.Errorf("certificates are given but TLS is off: set %s", s.Names.Flag)
		}
		return nil, nil
	}
	cfg := &tls.Config{}
	if s.Base != nil {
		cfg = s.Base.Clone()
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if s.ServerName != "" {
		cfg.ServerName = s.ServerName
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the authorities, %s-ca: %w", s.Names.Flag, err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s, %s-ca, holds no PEM certificate", s.CAFile, s.Names.Flag)
		}
	}
	if (s.CertFile == "") != (s.KeyFile == "") {
		return nil, fmt.Errorf("a client certificate needs both its file and its key's: %s-cert and %s-key", s.Names.Flag, s.Names.Flag)
	}
	if s.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load the client certificate, %s-cert and %s-key: %w", s.Names.Flag, s.Names.Flag, err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}

// Encrypt puts TLS around a connection to an address, if it is on, and shakes hands
// within the connection's deadline. Its errors are *Refused. The connection is never
// closed.
func (s Settings) Encrypt(conn net.Conn, address string) (net.Conn, error) {
	cfg, err := s.Config()
	if err != nil {
		return conn, s.unusable(err)
	}
	if cfg == nil {
		return conn, nil
	}
	if cfg.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return conn, err
		}
		cfg.ServerName = host
	}
	encrypted := tls.Client(conn, cfg)
	if err := encrypted.Handshake(); err != nil {
		return conn, s.Explain(err)
	}
	return encrypted, nil
}
