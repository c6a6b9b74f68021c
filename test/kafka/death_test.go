//go:build kafka

package kafkacluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	kafkacluster "runrate/test/kafka"
)

// middleEnv makes this test binary the process between: it starts a cluster of
// one node in the directory that it names, pauses it, and waits to be killed.
const middleEnv = "KAFKA_TEST_MIDDLE"

func middle(dir string) {
	c, err := kafkacluster.Start(context.Background(), kafkacluster.Config{
		Dir: dir, Brokers: 1, Version: os.Getenv("RUNRATE_KAFKA_VERSION"),
	})
	if err == nil {
		err = c.Pause(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.PID(0))
	select {}
}

// alive says whether a process exists that has not ended.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	// An orphan that nobody has reaped yet is no process any more.
	out, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err == nil && !strings.HasPrefix(string(out), "Z")
}

// TestNodesDieWithTheirParent: a node does not outlive the process that started it,
// even by kill -9, even when the node is paused and can do nothing about it.
func TestNodesDieWithTheirParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), middleEnv+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	line, _ := bufio.NewReader(out).ReadString('\n')
	var pid int
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatalf("the process between said %q: %v", line, err)
	}
	if !alive(pid) {
		t.Fatalf("process %d is not there", pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the node ends after its parent", func() bool { return !alive(pid) })
}
