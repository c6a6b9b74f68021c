package chaos_test

import (
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"runrate/test/chaos"
	"runrate/test/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }

var (
	kills = flag.Int("kills", 8, "processes to kill")
	seed  = flag.Uint64("seed", 20261123, "of the stream and of the kills")
)

// TestShort is a short run of what `make chaos` does at length.
func TestShort(t *testing.T) {
	report, err := chaos.Run(t.Context(), options(t, *kills))
	if err != nil {
		t.Fatalf("seed %d: %v", *seed, err)
	}
	shown(t, report, report.OK())
}

// TestDoor is a short run of its second part.
func TestDoor(t *testing.T) {
	report, err := chaos.Door(t.Context(), options(t, max(1, *kills/2)))
	if err != nil {
		t.Fatalf("seed %d: %v", *seed, err)
	}
	shown(t, report, report.OK())
}

// options are of a run with so many kills, of a program built anew.
func options(t *testing.T, kills int) chaos.Options {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "runrate")
	if out, err := exec.Command("go", "build", "-o", binary, "runrate/cmd/runrate").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return chaos.Options{
		Dir: dir, Binary: binary, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB"), Seed: *seed, Kills: kills,
		Logger: zaptest.NewLogger(t, zaptest.Level(zap.InfoLevel)),
	}
}

// shown shows what a run found, which is to be nothing.
func shown(t *testing.T, report io.WriterTo, ok bool) {
	t.Helper()
	if _, err := report.WriteTo(t.Output()); err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Error("the run found something")
	}
}
