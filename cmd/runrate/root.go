package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// commands are what `runrate` can do, each from its own file. To add one, write
// a func(*app) *cobra.Command and name it here.
var commands = []func(*app) *cobra.Command{
	publishCommand,
	settleCommand,
	verifyCommand,
	lagCommand,
	monitorCommand,
	reportCommand,
	explainCommand,
	tickCommand,
	pricesCommand, ratesCommand,
	replayTraceCommand,
	replaySubscriptionsCommand,
	simulateCommand,
	topicsCommand,
	migrateCommand,
	consumeCommand,
	rebuildCommand,
	repartitionCommand,
	resumeCommand,
	emitCommand,
	deadLettersCommand,
	redriveCommand,
	gatewayCommand,
	keysCommand,
	upCommand,
	versionCommand,
}

// Exit codes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitTrouble = 3
)

// trouble is what a command found that asks for somebody: it did its work.
type trouble struct{ error }

// Unwrap is what was found.
func (e trouble) Unwrap() error { return e.error }

// usageError is a mistake in how the program was called.
type usageError struct{ error }

// Unwrap is the mistake itself, for callers that look for its cause.
func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	stdout := &output{to: out}
	a := &app{in: in, out: stdout, err: errOut}
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	a.close()
	if err == nil && stdout.failed() == nil {
		return 0
	}
	if err == nil {
		fmt.Fprintf(errOut, "%s: not all of the output was written: %v\n", cmd.CommandPath(), stdout.failed())
		return exitFailed
	}
	fmt.Fprintf(errOut, "%s: %v\n", cmd.CommandPath(), err)
	var usage usageError
	if !a.started || errors.As(err, &usage) {
		fmt.Fprintf(errOut, "See '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	}
	if _, ok := errors.AsType[trouble](err); ok {
		return exitTrouble
	}
	return exitFailed
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "runrate",
		Short: "Exact recurring revenue, seconds after it happens",
		Long: `runrate turns usage and subscription events in Kafka into exact, rolling
recurring-revenue numbers in ClickHouse, seconds after they happen, and can
prove every number it shows.

Every flag can also be set in the environment: --clickhouse is
RUNRATE_CLICKHOUSE, --log-level is RUNRATE_LOG_LEVEL. A flag given on the
command line wins. Secrets are better kept in files, which --clickhouse-password-file
and the like name, or RUNRATE_CLICKHOUSE_PASSWORD_FILE.

Exit codes: 0 done, 1 failed, 2 called wrongly, 3 found trouble (lag).`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			if err := a.startLog(); err != nil {
				return err
			}
			a.started = true
			return nil
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&a.logLevel, "log-level", "info", "least severe log entries shown: debug, info, warn, error")
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	sayArguments(root)
	return root
}

// sayArguments adds to the error of wrong arguments how the command is called.
func sayArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return fmt.Errorf("%w: it is called %s", err, cmd.UseLine())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		sayArguments(sub)
	}
}

// examples indents the examples of a command's help.
func examples(lines ...string) string {
	var s string
	for i, line := range lines {
		if i > 0 {
			s += "\n"
		}
		s += "  " + line
	}
	return s
}
