package worker_test

import (
	"testing"

	"runrate/deploy/local/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }
