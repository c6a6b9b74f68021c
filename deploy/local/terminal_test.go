package local_test

import (
	"net"
	"strings"
	"testing"

	"runrate/deploy/local"
)

// TestClickHousePortTakenMeanwhile: a port that another process takes after it was
// chosen ends the server at once, with the words by which StartClickHouse knows to
// choose others.
func TestClickHousePortTakenMeanwhile(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	for name, ports := range map[string][2]int{"HTTP": {taken, 0}, "native": {0, taken}} {
		const want = "Address already in use"
		if err := local.ServeOn(t.TempDir(), ports[0], ports[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
