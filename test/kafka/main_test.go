//go:build kafka

package kafkacluster_test

import (
	"os"
	"testing"
	"time"

	"runrate/deploy/local"
	"runrate/test/kafka/kafkatest"
)

func TestMain(m *testing.M) {
	local.RunChild() // of the pipeline's ClickHouse
	if dir := os.Getenv(middleEnv); dir != "" {
		middle(dir)
	}
	kafkatest.Properties = map[string]string{
		// For the tests of retention and of expired offsets.
		"log.retention.check.interval.ms":     "300",
		"offsets.retention.minutes":           "1",
		"offsets.retention.check.interval.ms": "300",
	}
	kafkatest.Main(m)
}

// within polls until ok is true, and fails the test after the bound.
func within(t *testing.T, bound time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(bound); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}
