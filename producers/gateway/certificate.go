package gateway

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// certificateAge is after how long the files of a certificate are read again.
const certificateAge = 5 * time.Second

// TLS serves a certificate in PEM files, and takes changes of them over within seconds.
// While they cannot be read the one before stays in use, which is said.
func TLS(certFile, keyFile string, logger *zap.Logger) (*tls.Config, error) {
	c := &certificate{cert: certFile, key: keyFile, logger: logger}
	if err := c.read(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.current}, nil
}

type certificate struct {
	cert, key string
	logger    *zap.Logger

	mu   sync.Mutex
	pair *tls.Certificate
	text string // of both files
	at   time.Time
}

// read reads the files; c.mu is held, or c is not shared yet.
func (c *certificate) read() error {
	c.at = time.Now()
	cert, err := os.ReadFile(c.cert)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(c.key)
	if err != nil {
		return err
	}
	if text := string(cert) + string(key); text == c.text {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", c.cert, c.key, err)
	}
	c.pair, c.text = &pair, string(cert)+string(key)
	return nil
}

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) > certificateAge {
		if err := c.read(); err != nil {
			c.logger.Error("the certificate cannot be read; the one before stays in use", zap.Error(err))
		}
	}
	return c.pair, nil
}
