package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestShown: what a run looks like: closing lines as they come, failures with all
// that was said, nothing of what passed.
func TestShown(t *testing.T) {
	events := `{"Action":"start","Package":"m/a"}
{"Action":"start","Package":"m/b"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"of no interest\n"}
{"Action":"run","Package":"m/b","Test":"TestBad"}
{"Action":"run","Package":"m/b","Test":"TestBad/one"}
{"Action":"output","Package":"m/b","Test":"TestBad/one","Output":"    x_test.go:1: wrong\n"}
{"Action":"run","Package":"m/b","Test":"TestBad/two"}
{"Action":"output","Package":"m/b","Test":"TestBad/two","Output":"    right\n"}
{"Action":"output","Package":"m/b","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"output","Package":"m/b","Test":"TestBad/one","Output":"    --- FAIL: TestBad/one (0.00s)\n"}
{"Action":"fail","Package":"m/b","Test":"TestBad/one"}
{"Action":"pass","Package":"m/b","Test":"TestBad/two"}
{"Action":"fail","Package":"m/b","Test":"TestBad"}
{"Action":"pass","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t0.1s\n"}
{"Action":"pass","Package":"m/a"}
{"Action":"run","Package":"m/b","Test":"TestStuck"}
{"Action":"output","Package":"m/b","Test":"TestStuck","Output":"panic: test timed out\n"}
{"Action":"output","Package":"m/b","Output":"FAIL\tm/b\t9m\n"}
{"Action":"fail","Package":"m/b"}
{"Action":"output","Package":"m/c","Output":"?   \tm/c\t[no test files]\n"}
{"Action":"skip","Package":"m/c"}
{"ImportPath":"m/d","Action":"build-output","Output":"d.go:1:1: no\n"}
{"ImportPath":"m/d","Action":"build-fail"}
{"Action":"output","Package":"m/d","Output":"FAIL\tm/d [build failed]\n"}
{"Action":"fail","Package":"m/d"}
this is no event
`
	want := `    x_test.go:1: wrong
--- FAIL: TestBad (0.00s)
    --- FAIL: TestBad/one (0.00s)
ok  	m/a	0.1s
panic: test timed out
FAIL	m/b	9m
?   	m/c	[no test files]
d.go:1:1: no
FAIL	m/d [build failed]
this is no event
failed: m/b TestBad
failed: m/b TestStuck
failed: m/d
`
	var out bytes.Buffer
	if err := follow(&out, strings.NewReader(events), newState(4, time.Now())); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("shown:\n%swant:\n%s", out.String(), want)
	}
}

// TestRunning: while nothing ends, a line every half minute says what runs.
func TestRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, from := newPipe()
		var out bytes.Buffer
		ended := make(chan error)
		go func() { ended <- follow(&out, events, newState(2, time.Now())) }()
		time.Sleep(40 * time.Second)
		from <- `{"Action":"start","Package":"runrate/slow"}`
		from <- `{"Action":"run","Package":"runrate/slow","Test":"TestLong"}`
		from <- `{"Action":"run","Package":"runrate/slow","Test":"TestOther"}`
		time.Sleep(25 * time.Second)
		from <- `{"Action":"pass","Package":"runrate/slow"}`
		time.Sleep(30 * time.Second)
		close(from)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		want := `... 30s: 0 of 2 packages done; building
... 60s: 0 of 2 packages done; running: slow for 20s (TestLong and 1 more)
... 90s: 1 of 2 packages done; building
`
		if out.String() != want {
			t.Errorf("shown:\n%swant:\n%s", out.String(), want)
		}
	})
}

// pipe hands over lines; virtual time passes while it waits for one.
type pipe struct {
	lines <-chan string
	rest  string
}

func newPipe() (*pipe, chan<- string) {
	lines := make(chan string)
	return &pipe{lines: lines}, lines
}

// Read waits for a line, and hands over as much of it as fits.
func (p *pipe) Read(b []byte) (int, error) {
	if p.rest == "" {
		line, more := <-p.lines
		if !more {
			return 0, io.EOF
		}
		p.rest = line + "\n"
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// TestExitCode: the real go test: its closing line and its exit code.
func TestExitCode(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module m\n\ngo 1.26\n",
		"good/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\n",
		"bad/b_test.go":  "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Error(\"wrong\") }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, c := range []struct {
		args  []string
		code  int
		shows string
	}{
		{[]string{"./good"}, 0, "ok  \tm/good\t"},
		{[]string{"./..."}, 1, "b_test.go:5: wrong\n"},
		{[]string{"./..."}, 1, "failed: m/bad TestB\n"},
		{[]string{"-p", "few", "./good"}, 2, ""},
	} {
		var out bytes.Buffer
		code, err := run(&out, c.args)
		if err != nil || code != c.code || !strings.Contains(out.String(), c.shows) {
			t.Errorf("%q: exit code %d, want %d; %v; shown:\n%s", c.args, code, c.code, err, out.String())
		}
	}
	if n := count("go", []string{"-p", "2", "./..."}); n != 2 {
		t.Errorf("%d packages, want 2", n)
	}
}
