package kafkacluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// ports are what one node listens on, always the same while the cluster lives.
type ports struct{ broker, controller, secure int }

// firstPort is the first that is chosen, lastPort the last, below those that systems
// give to outgoing connections (from 32768 on, or 49152): the port of a node that is
// down must not be taken by a connection.
const firstPort, lastPort = 15_000, 32_000

// choosePorts finds three free ports for each of n nodes.
func choosePorts(n int) ([]ports, error) {
	var free []int
	for tries := 0; len(free) < 3*n; tries++ {
		if tries > 1000 {
			return nil, fmt.Errorf("start Kafka: no free ports found in %d..%d", firstPort, lastPort)
		}
		port := firstPort + rand.N(lastPort-firstPort)
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		defer l.Close() // held until all are found, so that none is found twice
		free = append(free, port)
	}
	chosen := make([]ports, n)
	for i := range chosen {
		chosen[i] = ports{broker: free[3*i], controller: free[3*i+1], secure: free[3*i+2]}
	}
	return chosen, nil
}

// address is host:port on the loopback, the only interface that is used.
func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
