// Command cmd is the benchmark of `make bench-e2e`: see package bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"runrate/deploy/local"
	"runrate/test/bench"
)

func main() {
	local.RunChild()
	o := bench.Options{Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")}
	flag.StringVar(&o.Parts, "parts", "", "letters of the parts to run, a to e being one (default: all; a, f, g, h)")
	flag.IntVar(&o.Events, "events", 3_000_000, "events of the topic that is full before the start")
	flag.IntVar(&o.Accounts, "accounts", 50_000, "accounts of these events")
	rates := flag.String("rates", "20000,50000,150000", "events a second of the part with steady rates")
	flag.DurationVar(&o.Steady, "steady", 20*time.Second, "how long each of them")
	flag.IntVar(&o.Many, "many", 1_000_000, "accounts of the parts that have many")
	partitions := flag.Int("partitions", 4, "partitions of the topic")
	flag.StringVar(&o.Binary, "binary", "", "the runrate program (default: built from this module)")
	consume := flag.String("consume", "", "more flags for runrate consume, separated by spaces")
	jsonFile := flag.String("json", "", "file for the report as JSON")
	short := flag.Bool("short", false, "small sizes, for a look at whether it runs: a minute or two")
	keep := flag.Bool("keep", false, "keep data and logs")
	flag.Parse()
	o.Partitions, o.Consume = int32(*partitions), strings.Fields(*consume)
	if *short {
		o.Events, o.Many, o.Steady, *rates = 200_000, 20_000, 5*time.Second, "5000"
	}
	for rate := range strings.SplitSeq(*rates, ",") {
		n, err := strconv.Atoi(rate)
		if err != nil || n <= 0 {
			fmt.Fprintf(os.Stderr, "bench: -rates: %q is no number of events\n", rate)
			os.Exit(2)
		}
		o.Rates = append(o.Rates, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, *jsonFile, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o bench.Options, jsonFile string, keep bool) (err error) {
	if o.Logger, err = zap.NewDevelopment(zap.WithCaller(false), zap.AddStacktrace(zap.ErrorLevel)); err != nil {
		return err
	}
	if o.Dir, err = os.MkdirTemp("", "runrate-bench-"); err != nil {
		return err
	}
	defer func() {
		if !keep {
			err = errors.Join(err, os.RemoveAll(o.Dir))
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
	report, err := bench.Run(ctx, o)
	if report == nil {
		return err
	}
	if _, printed := report.WriteTo(os.Stdout); printed != nil {
		return errors.Join(err, printed)
	}
	if jsonFile == "" {
		return err
	}
	out, failed := os.Create(jsonFile)
	if failed != nil {
		return errors.Join(err, failed)
	}
	return errors.Join(err, report.WriteJSON(out), out.Close())
}
