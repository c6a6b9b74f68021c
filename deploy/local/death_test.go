package local_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"strings"
	"testing"
	"time"

	"runrate/deploy/local"
)

// middle starts a part, writes its process id and address, and waits. With
// " lifeline" after the part's name the child has no parent-death signal.
func middle(part, dir string) {
	var pid int
	var addr string
	var err error
	part, alone := strings.CutSuffix(part, " lifeline")
	if alone {
		local.NoDeathSignal()
	}
	switch part {
	case "clickhouse":
		var ch *local.ClickHouse
		if ch, err = local.StartClickHouse(context.Background(), local.Config{Dir: dir, Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")}); err == nil {
			pid, addr = ch.PID(), ch.TCPAddr()
		}
	case "broker":
		var b *local.BrokerProcess
		if b, err = local.StartBrokerProcess(context.Background(), local.BrokerConfig{Dir: dir}); err == nil {
			pid, addr = b.PID(), b.Addr()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(pid, addr)
	select {} // until it is killed
}

// startMiddle starts the process between, and returns it with the process id and
// the address of the part that it started in dir.
func startMiddle(t *testing.T, part, dir string) (cmd *osexec.Cmd, pid int, addr string) {
	t.Helper()
	cmd = osexec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), middleEnv+"="+part)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the process between said %q: %v", line, err)
	}
	if _, err := fmt.Sscan(line, &pid, &addr); err != nil {
		t.Fatalf("the process between said %q: %v", line, err)
	}
	return cmd, pid, addr
}

// TestPartsDieWithTheirParent: a part does not outlive the process that started it,
// even by kill -9, and its directory can be opened again at once. The lifeline
// alone is enough for that.
func TestPartsDieWithTheirParent(t *testing.T) {
	for _, part := range []string{"clickhouse", "broker", "clickhouse lifeline", "broker lifeline"} {
		t.Run(part, func(t *testing.T) {
			dir := t.TempDir()
			for range 2 {
				cmd, pid, _ := startMiddle(t, part, dir)
				if !alive(pid) {
					t.Fatalf("process %d of %s is not there", pid, part)
				}
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				cmd.Wait()
				within(t, 5*time.Second, "the part ends after its parent", func() bool { return !alive(pid) })
			}
		})
	}
}
