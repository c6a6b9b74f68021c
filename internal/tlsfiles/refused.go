package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"runrate/internal/fault"
)

// Refused says that the two ends of a connection are not set up for each other.
type Refused struct {
	Means  string // what is wrong
	WayOut string // the settings that mend it
	Kind   fault.Kind
	Err    error
}

// Error says what is wrong, and the settings that mend it.
func (e *Refused) Error() string { return e.Means + " (" + e.WayOut + ")" }

// Unwrap is the cause.
func (e *Refused) Unwrap() error { return e.Err }

// Fault is Kind.
func (e *Refused) Fault() fault.Kind { return e.Kind }

// unusable says that the settings themselves are not right.
func (s Settings) unusable(err error) *Refused {
	return &Refused{Means: err.Error(), WayOut: "the settings " + s.Names.Flag + "-…", Kind: fault.Setup, Err: err}
}

// Explain is the error of a handshake of TLS, in words. A server of TLS 1.3 refuses a
// client after it: that error is of the first read.
func (s Settings) Explain(err error) *Refused {
	r := &Refused{Kind: fault.Setup, Err: err}
	var (
		noTLS   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		op      *net.OpError
		flag    = s.Names.Flag
		peer    = s.Names.Peer
	)
	switch {
	case errors.As(err, &noTLS):
		r.Means, r.WayOut = "that port speaks no TLS", "leave out "+flag+", or name by "+s.Names.Address+" a port that does"
	case errors.As(err, &unknown):
		r.Means = "the " + peer + "'s certificate is signed by an authority that is not trusted"
		r.WayOut = "name the PEM file of that authority by " + flag + "-ca"
	case errors.As(err, &name):
		r.Means = "the " + peer + "'s certificate is of another name: " + name.Error()
		r.WayOut = "name the " + peer + " by " + s.Names.Address + " as its certificate does, or say by " + flag + "-server-name what name that is"
	case errors.As(err, &invalid):
		r.Means = "the " + peer + "'s certificate is not valid: " + invalid.Error()
		r.WayOut = "it must be renewed at the " + peer + ", or " + flag + "-ca is of another authority"
	case errors.As(err, &op) && op.Op == "remote error":
		r.Means = "the " + peer + " refuses this client: " + op.Err.Error()
		r.WayOut = "it may want a client certificate that it trusts: " + flag + "-cert and " + flag + "-key"
	case Cut(err) || errors.Is(err, os.ErrDeadlineExceeded): // servers do the one or the other with what they cannot read
		r.Means, r.Kind = "the "+peer+" does not go on with the handshake of TLS", fault.Retry
		r.WayOut = "that port may speak no TLS: leave out " + flag + ", or name by " + s.Names.Address + " a port that does; or it wants a client certificate: " + flag + "-cert"
	default:
		r.Means, r.Kind, r.WayOut = err.Error(), fault.KindOf(err), "check "+flag+" and what belongs to it"
	}
	return r
}

// Cut says whether the other end has ended the connection.
func Cut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
