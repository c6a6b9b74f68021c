package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/deploy/local"
)

// TestBrokerSurvivesTornCommit: a commit after a half-written one is not forgotten
// by the start after next.
func TestBrokerSurvivesTornCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data", "groups.log")
	for life := range int64(3) {
		b := startBrokerProcess(t, dir)
		c := client(t, b.Addr())
		if life == 0 {
			createTopic(t, c, "t", 1)
		} else if offset, _ := committed(t, c, "t", "g"); offset != life {
			t.Fatalf("life %d: committed %d, want %d", life, offset, life)
		}
		if err := commit(t, c, "t", "g", "", -1, life+1, "m"); err != nil {
			t.Fatal(err)
		}
		if err := b.Kill(); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(whole, whole[:20]...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTrimTorn: whatever of an entry is there, or wrong in it, all before it stays
// and it goes.
func TestTrimTorn(t *testing.T) {
	dir := t.TempDir()
	b := startBrokerProcess(t, dir)
	c := client(t, b.Addr())
	createTopic(t, c, "t", 1)
	for i := range int64(2) {
		if err := commit(t, c, "t", "g", "", -1, i, strings.Repeat("m", 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Kill(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "data", "groups.log"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log")
	trimmed := func(b []byte) []byte {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := local.TrimTorn(path); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := trimmed(log); !bytes.Equal(got, log) {
		t.Fatalf("a whole log of %d bytes became %d", len(log), len(got))
	}
	for n := range log {
		got := trimmed(append(bytes.Clone(log), log[:n]...))
		if !bytes.HasPrefix(got, log) || len(got) > len(log)+n {
			t.Fatalf("%d bytes after a whole log of %d: %d are left", n, len(log), len(got))
		}
		wrong := bytes.Clone(log)
		wrong[n] ^= 1
		if got := trimmed(wrong); len(got) > n || !bytes.HasPrefix(log, got) {
			t.Fatalf("byte %d wrong: %d are left", n, len(got))
		}
	}
	if err := local.TrimTorn(filepath.Join(t.TempDir(), "missing")); err != nil {
		t.Errorf("no log: %v", err)
	}
}

// TestBrokerTellsDiskFailure: a broker that cannot write a commit says so, although
// it acknowledged it.
func TestBrokerTellsDiskFailure(t *testing.T) {
	dir := t.TempDir()
	b, err := local.StartBroker(t.Context(), local.BrokerConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, b.Addr())
	createTopic(t, c, "t", 1)
	// A directory in the place of the file that is to be written.
	if err := os.RemoveAll(filepath.Join(dir, "data", "groups.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data", "groups.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = c.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{GroupID: "g", GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{"t": {{Offset: 1}}}})
	if err != nil {
		t.Logf("commit: %v", err) // either answer will do
	}
	select {
	case <-b.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the broker did not notice")
	}
	if err := b.Stop(); err == nil || !strings.Contains(err.Error(), "cannot write to its disk") {
		t.Errorf("Stop: %v", err)
	}
}
