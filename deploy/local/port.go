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

// choosePort checks that port is free, or finds a free one when port is 0. flag
// is what the user would set to choose another, in errors. The answer is true
// only for the moment: another process may take the port before its part does.
func choosePort(port int, flag, what string) (int, error) {
	if port < 0 || port > 65535 {
		return 0, fmt.Errorf("%s %d: a port is 1 to 65535, or 0 for any that is free", flag, port)
	}
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return 0, portError(port, flag, what, err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func portError(port int, flag, what string, err error) error {
	return fmt.Errorf("%s cannot listen on port %d of this machine (%w): stop what listens there, or choose another port with %s (0: any that is free)", what, port, err, flag)
}
