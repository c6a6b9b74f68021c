package local

import (
	"fmt"
	"net"
	"strconv"
)

// loopback is the only address that any part listens on.
const loopback = "127.0.0.1"

// address is host:port of a part on this machine.
func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// choosePort checks that port is free, or finds a free one when port is 0, and
// holds it until the listener is closed. flag is what the user would set to
// choose another, in errors. Between the close and the start of the part another
// process may take the port.
func choosePort(port int, flag, what string) (net.Listener, error) {
	if port < 0 || port > 65535 {
		return nil, fmt.Errorf("%s %d: a port is 1 to 65535, or 0 for any that is free", flag, port)
	}
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return nil, portError(port, flag, what, err)
	}
	return l, nil
}

// portOf is the port that l listens on.
func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func portError(port int, flag, what string, err error) error {
	return fmt.Errorf("%s cannot listen on port %d of this machine (%w): stop what listens there, or choose another port with %s (0: any that is free)", what, port, err, flag)
}
