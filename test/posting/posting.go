// Package posting posts events to a door without a pause, as services under load do, and
// remembers which of them were acknowledged.
package posting

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"runrate/internal/broker"
)

// Source is that of all events.
const Source = "load"

// Controls are prices for all events and a tick near their time: to be the first records of every
// partition.
func Controls() []broker.Message {
	const book = `{"specversion":"1.0","type":"pricebook.published","source":"test","id":"book","time":"2026-11-01T00:00:00Z","data":` +
		`{"version":"1","currency":"USD","products":[{"product":"chat-large","line":"api","meters":{"input_tokens":[{"effective_from":"2026-01-01T00:00:00Z","unit":1,"price":"0.01"}]}}]}}`
	const tick = `{"specversion":"1.0","type":"clock.ticked","source":"test","id":"tick","time":"2026-11-23T07:31:00Z"}`
	return []broker.Message{{Value: []byte(book)}, {Value: []byte(tick)}}
}

// Senders post until they are told to end.
type Senders struct {
	url     string
	running sync.WaitGroup
	end     chan struct{}

	mu           sync.Mutex
	acknowledged map[string]bool
	unanswered   int
}

// Start has so many senders post to the URL of /v1/events. Every other one sends again,
// unchanged, what is not acknowledged.
func Start(url string, senders int) *Senders {
	s := &Senders{url: url, end: make(chan struct{}), acknowledged: map[string]bool{}}
	for i := range senders {
		s.running.Go(func() { s.send(fmt.Sprint("sender-", i), i%2 == 0) })
	}
	return s
}

// Count is how many events were acknowledged so far.
func (s *Senders) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.acknowledged)
}

// End ends them: the ids of the events that were acknowledged, and how many tries were not
// answered, or answered by neither 202 nor 422.
func (s *Senders) End() (acknowledged map[string]bool, unanswered int) {
	close(s.end)
	s.running.Wait()
	return s.acknowledged, s.unanswered
}

// send posts lines, one of which is always refused.
func (s *Senders) send(name string, again bool) {
	for n := 0; ; n++ {
		var lines strings.Builder
		lines.WriteString("{}\n")
		for i := range 20 {
			fmt.Fprintf(&lines, `{"specversion":"1.0","type":"usage.recorded","source":"`+Source+`","id":"%s/%d/%d","time":"2026-11-23T07:31:05Z","subject":"acct_%d","data":{"product":"chat-large","quantities":{"input_tokens":1}}}`+"\n", name, n, i, i)
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
func (s *Senders) post(lines string) bool {
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

// Compare says what is wrong with the ids that were counted: one is there twice, or one that was
// acknowledged is not there.
func Compare(acknowledged map[string]bool, counted []string) (wrong []string) {
	there := make(map[string]bool, len(counted))
	for _, id := range counted {
		if there[id] {
			wrong = append(wrong, id+" is counted twice")
		}
		there[id] = true
	}
	for id := range acknowledged {
		if !there[id] {
			wrong = append(wrong, id+" was acknowledged and is not counted")
		}
	}
	return wrong
}
