package program

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHTTPPage runs every example of docs/HTTP.md as it stands, but for the door's
// address, and counts what was sent.
func TestHTTPPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/HTTP.md")
	if err != nil {
		t.Fatal(err)
	}
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	parts := strings.Split(string(text), "```")
	if len(parts) != 9 {
		t.Fatalf("%d fences", len(parts)-1)
	}
	dir := t.TempDir()
	for i := 1; i < len(parts); i += 2 {
		kind, example, _ := strings.Cut(parts[i], "\n")
		if kind != "sh" {
			t.Errorf("an example is of kind %q", kind)
		}
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.ReplaceAll(example, "127.0.0.1:8080", loopback(p.listen)))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"refused":0`) {
			t.Errorf("%s: %v\n%s", example, err, out)
		}
	}
	p.settle(t)
	if got := p.query(t, "SELECT count(), uniqExact(id), sum(quantities['input_tokens']) FROM usage_events WHERE source = 'my-service/curl'")[0]; got != "4\t4\t1265" {
		t.Errorf("counted: %s", got)
	}
	if got := p.query(t, "SELECT sum(duplicate), sum(refused) FROM accounting")[0]; got != "2\t0" {
		t.Errorf("duplicates and refused: %s", got)
	}
	p.terminate(t)
}

// TestAcknowledgedIsCounted: door, broker and ClickHouse are killed while events come
// in; every event that was answered 202, or accepted in a 422, is counted exactly once,
// and none twice, whether it was sent again or not.
func TestAcknowledgedIsCounted(t *testing.T) {
	t.Parallel()
	p := up(t, "--no-ticker", "--partitions=2")
	must(t, must(t, "", "prices", "example"), "prices", "publish", p.brokers(), "-")
	s := &senders{url: "http://" + loopback(p.listen) + "/v1/events", acknowledged: map[string]bool{}, end: make(chan struct{})}
	for i := range 4 {
		s.running.Go(func() { s.send(fmt.Sprint("sender-", i), i%2 == 0) })
	}
	for n := range 2 {
		within(t, "events are acknowledged", func() bool { return s.count() > 500*(2*n+1) })
		p.kill(t)
		p.start(t)
		p.ready(t)
	}
	within(t, "events are acknowledged again", func() bool { return s.count() > 2500 })
	close(s.end)
	s.running.Wait()
	s.counted(t, p)
	p.terminate(t)
}

// senders send events until they are told to end.
type senders struct {
	url     string
	running sync.WaitGroup
	end     chan struct{}

	mu           sync.Mutex
	acknowledged map[string]bool
	unanswered   int
}

func (s *senders) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.acknowledged)
}

// send posts lines, one of which is always refused. again says whether what is not
// acknowledged is sent again, unchanged.
func (s *senders) send(name string, again bool) {
	for n := 0; ; n++ {
		var lines strings.Builder
		lines.WriteString("{}\n")
		for i := range 20 {
			fmt.Fprintf(&lines, `{"specversion":"1.0","type":"usage.recorded","source":"load","id":"%s/%d/%d","time":"2026-11-23T07:31:05Z","subject":"acct_%d","data":{"product":"chat-large","quantities":{"input_tokens":1}}}`+"\n", name, n, i, i)
		}
		for !s.post(lines.String()) {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-s.end:
				return
			}
			if !again {
				break
			}
		}
		select {
		case <-s.end:
			return
		default:
		}
	}
}

// post is one request; it says whether it was answered, and notes what was acknowledged.
func (s *senders) post(lines string) bool {
	var answer struct {
		Results []struct {
			ID     string
			Status int
		}
	}
	resp, err := http.Post(s.url, "application/x-ndjson", strings.NewReader(lines))
	if err == nil {
		defer resp.Body.Close()
		var text []byte
		if text, err = io.ReadAll(resp.Body); err == nil && resp.StatusCode == http.StatusUnprocessableEntity {
			err = json.Unmarshal(text, &answer)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range answer.Results {
		if r.Status == http.StatusAccepted {
			s.acknowledged[r.ID] = true
		}
	}
	if err != nil || resp.StatusCode != http.StatusUnprocessableEntity {
		s.unanswered++
		return false
	}
	return true
}
