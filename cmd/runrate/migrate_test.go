package main

import (
	"strings"
	"testing"

	"runrate/test/localtest"
)

func TestMigrate(t *testing.T) {
	ch := localtest.ClickHouse(t)
	database := localtest.Name(t)
	args := []string{"migrate", "--clickhouse", ch.TCPAddr(), "--clickhouse-database", database}
	if got := runWith(t, "", args...); got.code != 0 || !strings.Contains(got.out, "applied 0001_") {
		t.Errorf("%+v", got)
	}
	if got := runWith(t, "", args...); got.code != 0 || !strings.Contains(got.out, "0 migrations applied now") {
		t.Errorf("again: %+v", got)
	}
	if got := runWith(t, "", "migrate", "--clickhouse", "127.0.0.1:1"); got.code != 1 || !strings.Contains(got.err, "127.0.0.1:1") {
		t.Errorf("no server: %+v", got)
	}
}
