package chaos_test

import (
	"flag"
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
	dir := t.TempDir()
	binary := filepath.Join(dir, "runrate")
	if out, err := exec.Command("go", "build", "-o", binary, "runrate/cmd/runrate").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	report, err := chaos.Run(t.Context(), chaos.Options{
		Dir: dir, Binary: binary, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB"), Seed: *seed, Kills: *kills,
		Logger: zaptest.NewLogger(t, zaptest.Level(zap.InfoLevel)),
	})
	if err != nil {
		t.Fatalf("seed %d: %v", *seed, err)
	}
	if _, err := report.WriteTo(t.Output()); err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Error("the run found something")
	}
}
