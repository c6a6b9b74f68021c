// Command progress runs `go test` with its arguments and says meanwhile what it
// is doing: the closing line of each package as soon as it has one, the output
// of a test as soon as it fails, and every half minute what is still running.
// Its exit code is that of go test.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// every is the time between two lines about what is running.
const every = 30 * time.Second

func main() {
	code, err := run(os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "progress:", err)
		code = 1
	}
	os.Exit(code)
}

// run is go test with args, reported to out. The go command is the one that the
// variable GO of the environment names.
func run(out io.Writer, args []string) (code int, err error) {
	goCommand := os.Getenv("GO")
	if goCommand == "" {
		goCommand = "go"
	}
	cmd := exec.Command(goCommand, append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM) // go test has to end first
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start go test: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-stop:
				_ = cmd.Process.Signal(s) // fails if it is gone, which is what is wanted
			case <-ended:
				return
			}
		}
	}()
	total := count(goCommand, args)
	readErr := follow(out, events, newState(total, time.Now()))
	err = cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	case err != nil:
		return 0, fmt.Errorf("go test: %w", err)
	}
	return 0, readErr
}

// count is how many packages the arguments name, 0 if that is not to be known.
func count(goCommand string, args []string) int {
	list := []string{"list"}
	for i, a := range args {
		if a == "-tags" && i+1 < len(args) {
			list = append(list, a, args[i+1])
		}
	}
	for _, a := range args {
		if strings.HasPrefix(a, ".") {
			list = append(list, a)
		}
	}
	names, err := exec.Command(goCommand, list...).Output()
	if err != nil {
		return 0
	}
	return strings.Count(string(names), "\n")
}

// follow reports the events until there are no more. A line that is no event is
// shown as it is.
func follow(out io.Writer, events io.Reader, s *state) error {
	lines := make(chan []byte)
	done := make(chan error, 1)
	go func() {
		defer close(lines)
		in := bufio.NewReader(events)
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				lines <- line
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					done <- fmt.Errorf("read go test: %w", err)
				}
				close(done)
				return
			}
		}
	}()
	beat := time.NewTicker(every)
	defer beat.Stop()
	for {
		var text string
		select {
		case line, more := <-lines:
			if !more {
				fmt.Fprint(out, s.end())
				return <-done
			}
			var e event
			if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
				text = string(line)
			} else {
				text = s.take(e, time.Now())
			}
		case now := <-beat.C:
			text = s.running(now)
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
	}
}
