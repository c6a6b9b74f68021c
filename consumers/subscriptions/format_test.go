package subscriptions_test

import (
	"strings"
	"testing"
	"time"

	"runrate/internal/event"
	"runrate/internal/money"
)

func at(t *testing.T, s string) event.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return event.TimeOf(v)
}

// instant drops the decimals of a second that are zero.
func instant(s string) string { return strings.Replace(s, ".000000Z", "Z", 1) }

// short drops the trailing zeros of an amount.
func short(t *testing.T, s string) string {
	t.Helper()
	a, err := money.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a.String()
}
