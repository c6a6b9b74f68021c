package worker_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"runrate/test/localtest"
)

// TestMain lets more tests run side by side than there are cores: those that break
// ClickHouse mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	localtest.Main(m)
}
