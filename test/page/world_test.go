//go:build chromium

package page

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const root = "../.."

// patience bounds what should take a second or two, on a machine that is busy.
const patience = time.Minute

// within polls until ok is true, and fails the test after a bound.
func within(t *testing.T, bound time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(bound); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

// pipeline is a `runrate up`.
type pipeline struct {
	binary              string
	kafka, native, http int
	page                string // its address, without the slash at the end
}

// up starts a pipeline whose history brings its own clock. It ends with the test.
func up(t *testing.T) *pipeline {
	t.Helper()
	dir, listen := t.TempDir(), free(t)
	p := &pipeline{filepath.Join(dir, "runrate"), free(t), free(t), free(t), fmt.Sprintf("http://127.0.0.1:%d", listen)}
	if out, err := exec.Command("go", "build", "-o", p.binary, "runrate/cmd/runrate").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var said bytes.Buffer
	cmd := exec.Command(p.binary, "up", "--no-ticker", "--partitions=2", "--data-dir", filepath.Join(dir, "data"), "--listen", "127.0.0.1:"+strconv.Itoa(listen),
		"--kafka-port", strconv.Itoa(p.kafka), "--clickhouse-http-port", strconv.Itoa(p.http), "--clickhouse-tcp-port", strconv.Itoa(p.native))
	cmd.Stderr, cmd.Dir = &said, root // where the ClickHouse library is
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("up: %v\n%s", err, said.String())
		}
	})
	serves(t, p.page)
	return p
}

// serves waits until the program is ready at an address.
func serves(t *testing.T, address string) {
	t.Helper()
	within(t, 2*patience, address+" is ready", func() bool {
		resp, err := http.Get(address + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// runrate runs a command of the program against the pipeline; it must succeed.
func (p *pipeline) runrate(t *testing.T, in string, args ...string) {
	t.Helper()
	cmd := exec.Command(p.binary, args...)
	cmd.Stdin = strings.NewReader(in)
	cmd.Env = append(cmd.Environ(), fmt.Sprintf("RUNRATE_BROKERS=127.0.0.1:%d", p.kafka), fmt.Sprintf("RUNRATE_CLICKHOUSE=127.0.0.1:%d", p.native))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// query runs a statement as one who has every right, and returns its rows as text.
func (p *pipeline) query(t *testing.T, statement string) [][]string {
	t.Helper()
	resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/?database=revenue", p.http), "text/plain", strings.NewReader(statement))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", statement, err, text)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// browser is a tab of a Chromium of its own.
type browser struct {
	ctx   context.Context
	mu    sync.Mutex
	asked []string // the addresses that it asked for
	wrong []string // what its console says is wrong
}

// open opens an address. The browser ends with the test.
func open(t *testing.T, address string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not on the PATH: make test-page installs it")
	}
	allocated, end := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()))
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until it has ended
		closeTab()
		end()
	})
	b := &browser{ctx: ctx}
	if err := chromedp.Do(ctx); err != nil { // starts it, for as long as ctx lasts
		t.Fatalf("start chromium: %v", err)
	}
	if err := chromedp.Listen(ctx, b.heard); err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	b.run(t, chromedp.EmulateViewport(1280, 1640), chromedp.Navigate(address))
	return b
}

func (b *browser) heard(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, e.Request.URL)
	case *log.EventEntryAdded:
		b.wrong = append(b.wrong, e.Entry.Text+" "+e.Entry.URL)
	case *runtime.EventExceptionThrown:
		b.wrong = append(b.wrong, e.ExceptionDetails.Text)
	}
}

// run takes steps on the page.
func (b *browser) run(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// ask is what an action gives.
func ask[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// eval is the value of a JavaScript expression on the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return ask(t, b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// call is a command of the browser's protocol.
func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}
