package worker_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"runrate/deploy/local"
	"runrate/test/localtest"
)

// trouble is something that happens to ClickHouse, and how it ends.
type trouble struct {
	begin, end func(*pipeline, *proxy)
	silent     bool // no call fails
}

// connection is a trouble of the way to ClickHouse.
func connection(m mode, silent bool) trouble {
	return trouble{
		begin:  func(_ *pipeline, x *proxy) { x.set(m) },
		end:    func(_ *pipeline, x *proxy) { x.set(pass) },
		silent: silent,
	}
}

// setting is a trouble that a table's setting has ClickHouse make.
func setting(name, value string) trouble {
	each := func(p *pipeline, statement string) {
		for _, table := range []string{"usage_event_versions", "subscription_change_versions", "progress_versions"} {
			p.exec("ALTER TABLE {db}." + table + " " + statement)
		}
	}
	return trouble{
		begin: func(p *pipeline, _ *proxy) { each(p, "MODIFY SETTING "+name+" = "+value) },
		end:   func(p *pipeline, _ *proxy) { each(p, "RESET SETTING "+name) },
	}
}

var clickHouseFaults = map[string]trouble{
	"gone":             connection(gone, false),
	"slow":             connection(slow, true),
	"mute":             connection(mute, false),
	"read only":        setting("table_readonly", "1"),
	"too little space": setting("min_free_disk_bytes_to_perform_insert", "1000000000000000"),
	"too many parts": {
		begin: func(p *pipeline, _ *proxy) {
			p.exec("SYSTEM STOP MERGES {db}.progress_versions")
			p.exec("ALTER TABLE {db}.progress_versions MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1")
		},
		end: func(p *pipeline, _ *proxy) {
			p.exec("SYSTEM START MERGES {db}.progress_versions")
			p.exec("ALTER TABLE {db}.progress_versions RESET SETTING parts_to_delay_insert, parts_to_throw_insert")
		},
	},
}

// TestClickHouseFaults: whatever ClickHouse does, the workers wait, say so once,
// go on, and the rows are the oracle's.
func TestClickHouseFaults(t *testing.T) {
	for name, fault := range clickHouseFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, through := onShared(t, 3, 300)
			p.feed(4)
			p.start()
			p.settle()
			fault.begin(p, through)
			p.feed(8)
			if fault.silent {
				p.settle()
			} else {
				p.until("the workers say that they wait", func() bool { return p.said("failed; trying again until it works") >= 1 })
			}
			fault.end(p, through)
			p.settle()
			p.feed(10)
			p.settle()
			p.end()
			began, over := p.said("failed; trying again until it works"), p.said("works again")
			if began != over || began > 4 || fault.silent && began > 0 {
				t.Errorf("said %d times that it waits, %d times that it goes on", began, over)
			}
			p.compare()
		})
	}
}

// TestInsertThatWasApplied: ClickHouse does what it was told, and the answer is
// lost. Writing it again changes nothing.
func TestInsertThatWasApplied(t *testing.T) {
	t.Parallel()
	p, through := onShared(t, 4, 300)
	// Nothing is merged: what was inserted twice is there twice.
	p.exec("SYSTEM STOP MERGES {db}.usage_event_versions")
	p.feed(4)
	p.start()
	p.settle()
	const answers = 10
	for range 3 { // in bursts, so that flushes get through in between
		lost := through.cut() + answers
		through.set(unsay)
		p.feed(min(10, p.tenths()+2))
		p.until("answers are lost", func() bool { return through.cut() >= lost })
		through.set(pass)
		p.settle()
	}
	p.end()
	var rows, distinct uint64
	if err := p.direct.Conn().QueryRow(t.Context(), "SELECT count(), uniqExact(identity, version) FROM "+p.database+".usage_event_versions").Scan(&rows, &distinct); err != nil {
		t.Fatal(err)
	}
	if rows == distinct {
		t.Error("no insert was applied twice: the test tests nothing")
	}
	t.Logf("%d answers lost; %d of %d rows of usage_event_versions are repetitions", through.cut(), rows-distinct, rows)
	p.compare()
}

// TestDiskFull fills the disk of a ClickHouse of the test's own.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	err := syscall.Mount("runrate-test", dir, "tmpfs", 0, "size=256m")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting a small disk is not permitted here; TestClickHouseFaults/too_little_space has ClickHouse say the same")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	server, err := local.StartClickHouse(t.Context(), local.Config{Dir: filepath.Join(dir, "clickhouse"), Library: os.Getenv("RUNRATE_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Kill() })
	p := newPipeline(t, 5, 300, server.TCPAddr(), localtest.Name(t), "")
	p.feed(4)
	p.start()
	p.settle()
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	p.feed(8)
	p.until("the workers say that they wait", func() bool { return p.said("write rows failed") >= 1 })
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.feed(10)
	p.settle()
	p.end()
	if err := server.Err(); err != nil {
		t.Error(err)
	}
	for _, e := range p.logs.All() {
		t.Log(e.Level, e.Message, e.ContextMap()["error"])
	}
	p.compare()
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for len(block) > 0 {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
