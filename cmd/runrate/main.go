// Command runrate turns usage and subscription events in Kafka into exact,
// rolling recurring-revenue numbers in ClickHouse. `runrate --help` tells all.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"runrate/deploy/local"
)

func main() {
	local.RunChild() // a child process of the pipeline goes its own way
	os.Exit(run(os.Args[1:]))
}

// run executes one command line and returns the exit code: 0 done, 1 failed,
// 2 called wrongly, 3 found trouble. SIGINT and SIGTERM end the context; a second one kills.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return execute(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}
