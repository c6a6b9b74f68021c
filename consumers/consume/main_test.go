package consume

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"runrate/test/localtest"
)

// TestMain lets more tests run side by side than there are cores: most of their time
// they wait for a group to rejoin or a partition to be looked at again.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	localtest.Main(m)
}
