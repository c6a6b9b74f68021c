package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// TestConsumeWaitsForClickHouse: a consumer that is started while ClickHouse is
// away waits for it, says so once, and ends in order when it is told to.
func TestConsumeWaitsForClickHouse(t *testing.T) {
	addr, _ := kafka(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	var out, errOut bytes.Buffer
	code := execute(ctx, []string{"consume", "usage", "--brokers", addr, "--clickhouse", "127.0.0.1:1"}, strings.NewReader(""), &out, &errOut)
	if code != 0 || ctx.Err() == nil {
		t.Errorf("exit code %d: %s", code, &errOut)
	}
	if n := strings.Count(errOut.String(), "reach ClickHouse failed; trying again"); n != 1 {
		t.Errorf("said %d times that it waits: %s", n, &errOut)
	}
	if got := runWith(t, "", "consume", "usage", "--session-timeout", "1ms"); got.code != exitUsage {
		t.Errorf("a session of 1ms: %+v", got)
	}
}
