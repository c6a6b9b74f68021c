package gateway_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"runrate/producers/gateway"
)

// TestDrain: told to end, a door says so on /readyz, still takes events, answers what is
// in flight, and ends.
func TestDrain(t *testing.T) {
	_, c := kafka(t)
	held := &holding{Log: c, begun: make(chan struct{}), resume: make(chan struct{})}
	door := gateway.New(gateway.Options{Log: held})
	l, err := gateway.Listen("127.0.0.1:0", "--listen")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- door.Serve(ctx, l, nil, gateway.Drain{Accept: 2 * time.Second, Finish: time.Minute}) }()
	url := "http://" + l.Addr().String()
	ready := func() int {
		resp, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := ready(); got != http.StatusOK {
		t.Errorf("before: /readyz answers %d", got)
	}
	first := make(chan reply)
	go func() { first <- post(t, url+"/v1/events", "application/json", []byte(usage("1", "a"))) }()
	<-held.begun
	cancel()
	for door.Ready(t.Context()) == nil { // until it has noticed
		time.Sleep(time.Millisecond)
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("while it drains /readyz answers %d", got)
	}
	if got := post(t, url+"/v1/events:validate", "application/json", []byte(usage("2", "a"))); got.status != http.StatusAccepted {
		t.Errorf("while it drains: answered %d", got.status)
	}
	close(held.resume)
	if got := <-first; got.status != http.StatusAccepted {
		t.Errorf("in flight: answered %d: %s", got.status, got.body)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if n := len(logged(t, c)); n != 1 {
		t.Errorf("%d events are in the log", n)
	}
}

// certify writes a certificate of 127.0.0.1 with a serial number, and its key.
func certify(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: text}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertificate: it is served, and one that cannot be read is an error at the start.
func TestCertificate(t *testing.T) {
	_, c := kafka(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if _, err := gateway.TLS(cert, key, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without files: %v", err)
	}
	certify(t, cert, key, 7)
	secure, err := gateway.TLS(cert, key, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	l, err := gateway.Listen("127.0.0.1:0", "--listen")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- gateway.New(gateway.Options{Log: c}).Serve(ctx, l, secure, gateway.Drain{Finish: time.Minute})
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != 7 {
		t.Errorf("served is the certificate %d", got)
	}
	conn.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestCertificateIsReloaded: within seconds a change is taken over; one that cannot be
// read is not.
func TestCertificateIsReloaded(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certify(t, cert, key, 1)
	synctest.Test(t, func(t *testing.T) {
		secure, err := gateway.TLS(cert, key, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		serial := func(want int64) {
			t.Helper()
			time.Sleep(6 * time.Second)
			pair, err := secure.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			of, err := x509.ParseCertificate(pair.Certificate[0])
			if err != nil || of.SerialNumber.Int64() != want {
				t.Errorf("served is the certificate %v, want %d: %v", of.SerialNumber, want, err)
			}
		}
		serial(1)
		certify(t, cert, key, 2)
		serial(2)
		if err := os.WriteFile(key, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		serial(2)
		certify(t, cert, key, 3)
		serial(3)
	})
}
