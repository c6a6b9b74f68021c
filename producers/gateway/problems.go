package gateway

import (
	"fmt"
	"net/http"
	"strconv"

	"runrate/internal/event"
)

// kind is a kind of problem: /problems/{name} explains it.
type kind struct {
	name   string
	status int
	title  string
	help   string // when it comes, and the way out
}

// The kinds of problem of a request. What is wrong with one event has the reasons of
// package event.
var (
	eventsRefused = kind{"events_refused", http.StatusUnprocessableEntity, "events are refused",
		"Some events of the request can never be counted; results says which, why and where. The others are in Kafka: do not send those again, or send all of them unchanged. Mend the refused ones, or leave them out. ?partial=accept answers 200 in place of 422."}
	brokenRequest = kind{"broken_request", http.StatusBadRequest, "the body cannot be read",
		"The body is no JSON, not what its content type says, cut off, or not compressed as Content-Encoding says. Nothing of it was taken."}
	wrongQuery = kind{"wrong_query", http.StatusBadRequest, "a parameter of the query is wrong",
		"partial may be accept. There are no other parameters; keys are never in a URL."}
	unauthorized = kind{"unauthorized", http.StatusUnauthorized, "a key is required",
		"Send the header Authorization: Bearer rr_<id>_<secret> with a key that runrate keys create made, and that is neither revoked nor past its not_after."}
	outsideKey = kind{"forbidden", http.StatusForbidden, "not with this key",
		"The request has events that its key may not send: of another type, source or account than the key has, or control events (clock.ticked, pricebook.published, rates.published), which no key may send: runrate's own commands publish those. Nothing of the request was taken."}
	notFound    = kind{"not_found", http.StatusNotFound, "there is nothing here", "Events are posted to /v1/events, and judged without being taken at /v1/events:validate. /openapi.json describes both."}
	wrongMethod = kind{"method_not_allowed", http.StatusMethodNotAllowed, "not by this method", "The header Allow names the methods that there are."}
	slowBody    = kind{"slow", http.StatusRequestTimeout, "the body came too slowly",
		"The body must arrive within 15 seconds, unless set otherwise. Nothing of it was taken: send it again, in smaller requests."}
	bodyTooLarge = kind{"too_large", http.StatusRequestEntityTooLarge, "the request is too large",
		"A request may have 1,000 events and 4 MiB, decompressed, unless set otherwise. Nothing of it was taken: send the events in several requests."}
	unsupported = kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "not in this media type",
		"The header Accept-Post names the media types that are taken, and what follows a semicolon in them does not matter. In binary mode the header ce-specversion says so, and the body is data as JSON."}
	wrongEncoding = kind{"unsupported_encoding", http.StatusUnsupportedMediaType, "not in this encoding", "A body may be compressed by gzip or zstd. The header Accept-Encoding names them."}
	rateLimited   = kind{"rate_limited", http.StatusTooManyRequests, "too many events",
		"The key's rate is spent. Nothing of the request was taken: wait as long as Retry-After says and send it again, unchanged."}
	headersTooLarge = kind{"headers_too_large", http.StatusRequestHeaderFieldsTooLarge, "the headers are too large", "A request's line and headers may have 16 KiB, unless set otherwise."}
	unacknowledged  = kind{"not_acknowledged", http.StatusServiceUnavailable, "Kafka has not acknowledged it",
		"Events of the request may be in Kafka or not; results says which are. Send the request again, unchanged: what is there already counts once, since an event is known by its subject, source, id and time."}
	overloaded = kind{"overloaded", http.StatusServiceUnavailable, "too many requests at once",
		"Nothing of the request was taken. Wait as long as Retry-After says and send it again, unchanged."}
)

// kinds are those of requests.
var kinds = []kind{eventsRefused, brokenRequest, wrongQuery, unauthorized, outsideKey, notFound, wrongMethod, slowBody, bodyTooLarge,
	unsupported, wrongEncoding, rateLimited, headersTooLarge, unacknowledged, overloaded}

// reasons explain why one event is refused, or would be, by the reasons of package event.
var reasons = []struct {
	reason event.Reason
	help   string
}{
	{event.Malformed, "The event cannot be decoded, or a required attribute is missing or of the wrong type: specversion, type, source, id, time and subject are required. A missing time is never filled in: it is part of the event's identity, so that a retry counts once."},
	{event.UnknownType, "type is none of " + event.TypeNames + "."},
	{event.WrongPartition, "On Kafka only: the record's key is not its subject, or lies on another partition than murmur2 gives. This door places events itself."},
	{event.Invalid, "A value is not one that it may be: an empty id, source or subject; a quantity that is negative, has a fraction or is beyond 2^53; an amount with more than 12 decimals; an unknown currency, status or interval; an event that is too large or nested too deeply."},
	{event.TooNew, "A warning here, since the consumer judges it: time is more than 5 minutes ahead of the pipeline's clock."},
	{event.TooOld, "A warning here, since the consumer judges it: time is more than 35 days behind the pipeline's clock."},
	{event.UnknownProduct, "A warning here, since the consumer judges it: the price book in force has no such product at the event's time."},
	{event.UnpricedMeter, "A warning here, since the consumer judges it: the price book in force has no price of that meter at the event's time."},
}

// notAcknowledged is the reason of an event that may be in the log or not.
const notAcknowledged = event.Reason("not_acknowledged")

// retryAfter is when to try again, in seconds.
const retryAfter = 1

// problemPath is what a problem's type begins with.
const problemPath = "/problems/"

func problem(k kind, detail string) answer {
	return answer{status: k.status, problem: &Problem{Type: problemPath + k.name, Title: k.title, Status: k.status, Detail: detail}}
}

func tooBusy() answer {
	return problem(overloaded, "too many requests are in flight: send it again").with("Retry-After", strconv.Itoa(retryAfter))
}

func headersTooLong(limit int) answer {
	return problem(headersTooLarge, fmt.Sprintf("the request's line and headers have more than %d bytes", limit))
}

// explain answers what a reason means, as text.
func (d *Door) explain(w http.ResponseWriter, r *http.Request) {
	text := explanation(r.PathValue("reason"))
	if text == "" {
		d.send(w, problem(notFound, "there is no such problem"))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintln(w, text)
}

// explanation is what is to be said of a kind of problem or the reason of an event, ""
// if there is none of that name.
func explanation(name string) string {
	for _, k := range kinds {
		if k.name == name {
			return fmt.Sprintf("%s (%d): %s\n\n%s", k.name, k.status, k.title, k.help)
		}
	}
	for _, r := range reasons {
		if string(r.reason) == name {
			return fmt.Sprintf("%s: of one event\n\n%s", r.reason, r.help)
		}
	}
	return ""
}

// problemNames are all that explanation knows.
func problemNames() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	for _, r := range reasons {
		names = append(names, string(r.reason))
	}
	return names
}
