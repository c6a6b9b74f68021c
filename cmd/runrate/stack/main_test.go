package stack

import (
	"testing"

	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }
