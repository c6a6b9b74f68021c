package program

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUpSaysWhyNot: what keeps `up` from starting is told in one sentence that
// names the thing and the way out, soon, and nothing is left running.
func TestUpSaysWhyNot(t *testing.T) {
	t.Parallel()
	busy := func(t *testing.T, port int) {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	version := func(t *testing.T, p *pipeline, text string) {
		file := filepath.Join(p.dir, "clickhouse", "version")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		cause func(t *testing.T, p *pipeline, cmd *exec.Cmd)
		want  func(p *pipeline) []string
	}{
		{"kafka port in use", func(t *testing.T, p *pipeline, _ *exec.Cmd) { busy(t, p.kafka) },
			func(p *pipeline) []string { return []string{"broker", fmt.Sprint(p.kafka), "in use", "--kafka-port"} }},
		{"clickhouse http port in use", func(t *testing.T, p *pipeline, _ *exec.Cmd) { busy(t, p.http) },
			func(p *pipeline) []string {
				return []string{"ClickHouse's HTTP", fmt.Sprint(p.http), "in use", "--clickhouse-http-port"}
			}},
		{"clickhouse tcp port in use", func(t *testing.T, p *pipeline, _ *exec.Cmd) { busy(t, p.tcp) },
			func(p *pipeline) []string {
				return []string{"ClickHouse's native", fmt.Sprint(p.tcp), "in use", "--clickhouse-tcp-port"}
			}},
		{"listen port in use", func(t *testing.T, p *pipeline, _ *exec.Cmd) { busy(t, p.listen) },
			func(p *pipeline) []string { return []string{loopback(p.listen), "in use", "--listen"} }},
		{"library that is not there", func(_ *testing.T, p *pipeline, cmd *exec.Cmd) {
			cmd.Env = environment("RUNRATE_CLICKHOUSE_LIB=/nowhere/libchdb.so", "PATH="+p.dir)
		}, func(*pipeline) []string {
			return []string{"/nowhere/libchdb.so", "RUNRATE_CLICKHOUSE_LIB", "no such file", "make clickhouse"}
		}},
		{"library that is none", func(t *testing.T, p *pipeline, cmd *exec.Cmd) {
			file := filepath.Join(t.TempDir(), "libchdb.so")
			if err := os.WriteFile(file, []byte("not a library"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd.Env = environment("RUNRATE_CLICKHOUSE_LIB=" + file)
		}, func(*pipeline) []string {
			return []string{"libchdb.so", "ClickHouse", "RUNRATE_CLICKHOUSE_LIB", "make clickhouse"}
		}},
		{"no clickhouse anywhere", func(t *testing.T, p *pipeline, cmd *exec.Cmd) {
			cmd.Env = environment("RUNRATE_CLICKHOUSE_LIB=", "PATH="+p.dir)
			cmd.Dir = t.TempDir()
		}, func(*pipeline) []string {
			return []string{"ClickHouse is missing", "make clickhouse", "RUNRATE_CLICKHOUSE_LIB", "--clickhouse"}
		}},
		{"directory of another format", func(t *testing.T, p *pipeline, _ *exec.Cmd) {
			version(t, p, "format 99\nclickhouse 26.7.3\n")
		}, func(p *pipeline) []string { return []string{p.dir, "format 99", "--data-dir"} }},
		{"directory of a newer ClickHouse", func(t *testing.T, p *pipeline, _ *exec.Cmd) {
			version(t, p, "format 1\nclickhouse 99.1.1\n")
		}, func(p *pipeline) []string { return []string{p.dir, "99.1", "--data-dir"} }},
		{"directory in use", func(t *testing.T, p *pipeline, _ *exec.Cmd) {
			q := newPipeline(t, "--no-ticker")
			q.dir = p.dir
			q.start(t)
			q.ready(t)
		}, func(p *pipeline) []string { return []string{p.dir, "in use by another runrate", "--data-dir"} }},
		{"directory that is a file", func(t *testing.T, p *pipeline, _ *exec.Cmd) {
			if err := os.WriteFile(filepath.Join(p.dir, "clickhouse"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, func(p *pipeline) []string { return []string{p.dir, "data directory", "not a directory"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, "--no-ticker")
			cmd := p.command()
			tt.cause(t, p, cmd)
			others := processesOf(t, p.dir)
			began := time.Now()
			p.program = start(t, cmd)
			if code := p.wait(t); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v to say so", took)
			}
			sentence := lastLine(p.err.String())
			for _, want := range append(tt.want(p), "runrate up: ") {
				if !strings.Contains(sentence, want) {
					t.Errorf("%q is not in: %s", want, sentence)
				}
			}
			if n := strings.Count(p.err.String(), "\n"); n > 3 {
				t.Errorf("%d lines, want one sentence:\n%s", n, p.err.String())
			}
			if left := processesOf(t, p.dir); len(left) != len(others) {
				t.Errorf("processes %v, before %v", left, others)
			}
		})
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}
