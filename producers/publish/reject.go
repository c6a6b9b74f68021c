package publish

import (
	"encoding/json"
	"fmt"
	"strings"

	"runrate/internal/event"
)

// Rejection is a line that could not be sent.
type Rejection struct {
	Line   int64 // from 1; 0 if the event came from no file
	Reason event.Reason
	Detail string // names what is wrong, the rule and the way out
}

// rejected is a line of Options.Errors.
type rejected struct {
	Line   int64        `json:"line,omitempty"`
	Reason event.Reason `json:"reason"`
	Detail string       `json:"detail"`
	Text   string       `json:"text"` // bytes that are no UTF-8 as U+FFFD; of an overlong line its beginning
}

// reject reports an event that cannot be sent, and writes it to Options.Errors.
func (p *Publisher) reject(line int64, text []byte, why *event.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rejectLocked(line, text, why)
}

// rejectCopy is reject for one record of an event: the copies of a control
// event are one line and are reported once.
func (p *Publisher) rejectCopy(t event.Type, line int64, text []byte, why *event.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.Control() && line > 0 {
		if p.rejectedControl[line] {
			return
		}
		p.rejectedControl[line] = true
	}
	p.rejectLocked(line, text, why)
}

func (p *Publisher) rejectLocked(line int64, text []byte, why *event.Refusal) {
	p.report.reject(Rejection{line, why.Reason, why.Detail})
	if p.options.Errors == nil {
		return
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(rejected{line, why.Reason, why.Detail, string(text)}); err != nil {
		panic("publish: strings and integers always encode: " + err.Error())
	}
	if _, err := p.options.Errors.Write([]byte(out.String())); err != nil && p.failed == nil {
		p.failed = fmt.Errorf("write line %d, which could not be sent, to the errors: %w", line, err)
		p.progress.Broadcast()
	}
}

// tooLong refuses an event of so many bytes.
func (p *Publisher) tooLong(size int64) *event.Refusal {
	return invalid(fmt.Sprintf("the event has %d bytes; a record may have %d: split the event, or raise --max-record-bytes and the topics' max.message.bytes",
		size, p.options.MaxRecord))
}

func malformed(detail string) *event.Refusal {
	return &event.Refusal{Reason: event.Malformed, Detail: detail}
}

func invalid(detail string) *event.Refusal {
	return &event.Refusal{Reason: event.Invalid, Detail: detail}
}
