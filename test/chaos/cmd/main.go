// Command cmd is the chaos run of `make chaos`: see package chaos.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"

	"runrate/deploy/local"
	"runrate/test/chaos"
)

func main() {
	local.RunChild()
	o := chaos.Options{Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")}
	flag.IntVar(&o.Kills, "kills", 100, "processes to kill; then half as many while services post to a door")
	flag.IntVar(&o.Records, "records", 0, "records to publish (default: 150 for each kill)")
	flag.IntVar(&o.Consumers, "consumers", 3, "consumer processes")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().Unix()), "of the stream and of the kills")
	flag.StringVar(&o.Binary, "binary", "", "the runrate program (default: built from this module)")
	keep := flag.Bool("keep", false, "keep data and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o chaos.Options, keep bool) (err error) {
	if o.Logger, err = zap.NewDevelopment(zap.WithCaller(false), zap.AddStacktrace(zap.ErrorLevel)); err != nil {
		return err
	}
	if o.Dir, err = os.MkdirTemp("", "runrate-chaos-"); err != nil {
		return err
	}
	defer func() {
		if err == nil && !keep {
			err = os.RemoveAll(o.Dir)
			return
		}
		fmt.Fprintln(os.Stderr, "data and logs are in", o.Dir)
	}()
	if o.Binary == "" {
		o.Binary = filepath.Join(o.Dir, "runrate")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.Binary, "runrate/cmd/runrate")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build the program: %w", err)
		}
	}
	main := o
	main.Dir = filepath.Join(o.Dir, "log")
	report, err := chaos.Run(ctx, main)
	if err != nil {
		return fmt.Errorf("seed %d: %w", o.Seed, err)
	}
	if err := show(o, report, report.OK()); err != nil {
		return err
	}
	o.Dir, o.Kills = filepath.Join(o.Dir, "door"), max(1, o.Kills/2)
	door, err := chaos.Door(ctx, o)
	if err != nil {
		return fmt.Errorf("door: seed %d: %w", o.Seed, err)
	}
	return show(o, door, door.OK())
}

// show writes what a run found, which is to be nothing.
func show(o chaos.Options, report io.WriterTo, ok bool) error {
	if _, err := report.WriteTo(os.Stdout); err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("seed %d: the run found something", o.Seed)
	}
	return nil
}
