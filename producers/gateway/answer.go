package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"go.uber.org/zap"

	"runrate/internal/event"
	"runrate/producers/gateway/keys"
	"runrate/producers/gateway/request"
)

// Result is what became of one event.
type Result struct {
	Index     int          `json:"index"`  // in the request, from 0
	ID        *string      `json:"id"`     // the event's, null where it cannot be read
	Status    int          `json:"status"` // 202 accepted, 422 refused, 403 forbidden, 503 not acknowledged
	Topic     string       `json:"topic,omitempty"`
	Partition *int32       `json:"partition,omitempty"`
	Offset    *int64       `json:"offset,omitempty"`
	Warnings  []Warning    `json:"warnings,omitempty"` // why it may be refused later
	Reason    event.Reason `json:"reason,omitempty"`
	Detail    string       `json:"detail,omitempty"`  // what is wrong, the rule, the way out
	Pointer   *string      `json:"pointer,omitempty"` // JSON Pointer into the body
}

// Warning is why the consumer may refuse an event that the door takes.
type Warning struct {
	Reason event.Reason `json:"reason"`
	Detail string       `json:"detail"`
}

// Accepted is the body of a success.
type Accepted struct {
	Accepted int      `json:"accepted"`
	Refused  int      `json:"refused"`
	Results  []Result `json:"results"`
}

// Problem is the body of all else (RFC 9457).
type Problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Accepted *int     `json:"accepted,omitempty"` // events that are in Kafka
	Refused  *int     `json:"refused,omitempty"`  // events that can never be
	Results  []Result `json:"results,omitempty"`
}

// answer is what is sent back: one of success and problem.
type answer struct {
	status  int
	header  [][2]string
	success *Accepted
	problem *Problem
}

func (a answer) with(name, value string) answer {
	a.header = append(a.header, [2]string{name, value})
	return a
}

func (a answer) withAll(header [][2]string) answer {
	a.header = append(a.header, header...)
	return a
}

// send writes an answer.
func (d *Door) send(w http.ResponseWriter, a answer) {
	for _, h := range a.header {
		w.Header().Set(h[0], h[1])
	}
	var body any = a.success
	w.Header().Set("Content-Type", "application/json")
	if a.problem != nil {
		w.Header().Set("Content-Type", "application/problem+json")
		body = a.problem
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	text, err := json.Marshal(body)
	if err != nil { // strings and numbers
		d.logger.Error("encode an answer", zap.Error(err))
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(a.status)
	_, _ = w.Write(append(text, '\n')) // whoever has gone does not read it
}

// result is what is known of an item before it is written.
func result(i int, item request.Item) Result {
	r := Result{Index: i, Status: http.StatusAccepted}
	if item.ID != "" {
		r.ID = &item.ID
	}
	if item.Refusal != nil {
		r.refuse(item.Refusal)
		r.Pointer = &item.Pointer
	}
	return r
}

func (r *Result) refuse(why *event.Refusal) {
	r.Status, r.Reason, r.Detail = http.StatusUnprocessableEntity, why.Reason, why.Detail
}

// judged is the answer to events that are not written.
func judged(items []request.Item, outlook request.Outlook, partial bool) answer {
	results := make([]Result, len(items))
	for i, item := range items {
		results[i] = result(i, item)
		if item.Refusal == nil {
			results[i].warn(outlook, item.Event)
		}
	}
	return conclude(results, partial)
}

// warn says why an accepted event may be refused later.
func (r *Result) warn(outlook request.Outlook, e event.Event) {
	for _, why := range outlook.Warn(e) {
		r.Warnings = append(r.Warnings, Warning{why.Reason, why.Detail})
	}
}

// written is the answer to events of which it is known what became of them.
func written(items []request.Item, outcomes []outcome, outlook request.Outlook, partial bool) answer {
	results := make([]Result, len(items))
	for i, item := range items {
		results[i] = result(i, item)
		if item.Refusal == nil {
			if results[i].settle(outcomes[i]); results[i].Status == http.StatusAccepted {
				results[i].warn(outlook, item.Event)
			}
		}
	}
	return conclude(results, partial)
}

// settle says what became of an event that was written.
func (r *Result) settle(o outcome) {
	refusal, refused := errors.AsType[*event.Refusal](o.err)
	switch {
	case refused:
		r.refuse(refusal)
	case o.err != nil:
		r.Status, r.Reason, r.Detail = http.StatusServiceUnavailable, notAcknowledged, "Kafka has not acknowledged it: it may be there or not, send it again unchanged"
	default:
		partition, offset := o.place.Partition, int64(o.place.Offset)
		r.Topic, r.Partition, r.Offset = o.place.Topic.String(), &partition, &offset
	}
}

// conclude is the answer to a request by the results of its events.
func conclude(results []Result, partial bool) answer {
	counts := map[int]int{}
	for _, r := range results {
		counts[r.Status]++
	}
	accepted, refused, unknown := counts[http.StatusAccepted], counts[http.StatusUnprocessableEntity], counts[http.StatusServiceUnavailable]
	var a answer
	switch {
	case unknown > 0:
		a = problem(unacknowledged, fmt.Sprintf("Kafka has not acknowledged %d of %d events: send the request again, unchanged", unknown, len(results))).
			with("Retry-After", strconv.Itoa(retryAfter))
	case refused > 0 && !partial:
		a = problem(eventsRefused, fmt.Sprintf("%d of %d events are refused; the others are accepted", refused, len(results)))
	case refused > 0:
		return answer{status: http.StatusOK, success: &Accepted{accepted, refused, results}}
	default:
		return answer{status: http.StatusAccepted, success: &Accepted{accepted, refused, results}}
	}
	a.problem.Accepted, a.problem.Refused, a.problem.Results = &accepted, &refused, results
	return a
}

// forbidden is the answer to a request with an event that may not be sent, with this key
// or any; nil if there is none.
func forbidden(key keys.Key, items []request.Item) *answer {
	var results []Result
	for i, item := range items {
		why := ""
		switch {
		case item.Event.Type.Control():
			why = fmt.Sprintf("type is %s, which no key may send: runrate's own commands publish it", item.Event.Type)
		case item.Refusal == nil:
			why = key.Forbids(item.Event)
		}
		if why != "" {
			r := result(i, item)
			r.Status, r.Reason, r.Detail, r.Pointer = http.StatusForbidden, event.Reason(outsideKey.name), why, &item.Pointer
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		return nil
	}
	a := problem(outsideKey, fmt.Sprintf("%d of %d events may not be sent with this key: nothing of the request is taken", len(results), len(items)))
	a.problem.Results = results
	return &a
}

// wrongMediaType is the answer to a body in another form.
func wrongMediaType(given string) answer {
	detail := fmt.Sprintf("Content-Type is %.100q; it is one of %s, or, with the header %s, that of data", given, request.MediaTypes, request.Specversion)
	return problem(unsupported, detail).with("Accept-Post", request.MediaTypes)
}

// brokenBody is the answer to a body that does not hold events.
func brokenBody(err error) answer {
	if b, ok := errors.AsType[*request.Broken](err); ok && b.TooMany {
		return problem(bodyTooLarge, b.Detail)
	}
	return problem(brokenRequest, err.Error())
}

// notWritten is the answer when Kafka cannot be asked at all.
func notWritten() answer {
	return problem(unacknowledged, "Kafka is not there: nothing of the request is taken, send it again").with("Retry-After", strconv.Itoa(retryAfter))
}
