package publish

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// MaxRejections is how many of the lines that could not be sent are kept in
// full; all are counted.
const MaxRejections = 20

// Report counts what was acknowledged and what could not be sent.
type Report struct {
	Records    map[stream.Topic]int64 // by topic, copies of control events included
	Rejected   int64
	Rejections []Rejection // the first MaxRejections by line
	Ahead      Ahead       // ticks, sent all the same

	records map[event.Type]int64
	copies  int64 // partitions of both topics: how often a control event is sent
	names   stream.Names
}

func newReport(names stream.Names) Report {
	return Report{names: names, Records: make(map[stream.Topic]int64), records: make(map[event.Type]int64)}
}

func (r Report) clone() Report {
	r.Records, r.records = maps.Clone(r.Records), maps.Clone(r.records)
	r.Rejections = slices.Clone(r.Rejections)
	return r
}

// Events is how many events of a type were acknowledged; a control event counts
// once, when all its copies are there.
func (r Report) Events(t event.Type) int64 {
	if t.Control() && r.copies > 0 {
		return r.records[t] / r.copies
	}
	return r.records[t]
}

// Sent is how many events of any type were acknowledged.
func (r Report) Sent() int64 {
	var n int64
	for _, t := range event.Types() {
		n += r.Events(t)
	}
	return n
}

func (r *Report) add(topic stream.Topic, sent []event.Type) {
	r.Records[topic] += int64(len(sent))
	for _, t := range sent {
		r.records[t]++
	}
}

func (r *Report) reject(x Rejection) {
	r.Rejected++
	r.Rejections = append(r.Rejections, x)
	slices.SortStableFunc(r.Rejections, func(a, b Rejection) int { return cmp.Compare(a.Line, b.Line) })
	r.Rejections = r.Rejections[:min(len(r.Rejections), MaxRejections)]
}

// WriteTo prints what was sent: events by type, records by topic.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	var out []byte
	out = fmt.Appendf(out, "sent %d events\n", r.Sent())
	for _, t := range event.Types() {
		if n := r.Events(t); n > 0 {
			out = fmt.Appendf(out, "  %-22s %d\n", t, n)
		}
	}
	for _, topic := range stream.Inputs() {
		out = fmt.Appendf(out, "  %d records to %s\n", r.Records[topic], r.names.Of(topic))
	}
	n, err := w.Write(out)
	return int64(n), err
}

// WriteRejections prints what could not be sent, nothing if all was. errors is
// the name of the file that has them all, "" if there is none.
func (r Report) WriteRejections(w io.Writer, errors string) (int64, error) {
	if r.Rejected == 0 {
		return 0, nil
	}
	out := fmt.Appendf(nil, "could not send %d:\n", r.Rejected)
	for _, x := range r.Rejections {
		if x.Line > 0 {
			out = fmt.Appendf(out, "  line %d: %s\n", x.Line, x.Detail)
		} else {
			out = fmt.Appendf(out, "  %s\n", x.Detail)
		}
	}
	if more := r.Rejected - int64(len(r.Rejections)); more > 0 && errors == "" {
		out = fmt.Appendf(out, "  and %d more: --errors FILE keeps them all\n", more)
	}
	if errors != "" {
		out = fmt.Appendf(out, "  all %d are in %s, with their text\n", r.Rejected, errors)
	}
	n, err := w.Write(out)
	return int64(n), err
}
