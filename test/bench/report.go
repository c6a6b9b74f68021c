package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// Line is one thing measured.
type Line struct {
	Part     string  `json:"part"`
	Name     string  `json:"name"`
	Events   int     `json:"events"`
	Cost     Cost    `json:"cost"`
	Allocs   float64 `json:"allocs_per_event,omitempty"`
	Bytes    float64 `json:"bytes_per_event,omitempty"`
	Resident int64   `json:"resident_bytes,omitempty"` // of the consumer, at most
	// Delay is from publishing to being queryable, by event.
	Delay *Delay `json:"publish_to_queryable,omitempty"`
	// State is the memory of the state alone, in bytes an account.
	State float64 `json:"state_bytes_per_account,omitempty"`
}

// Delay is how long things take: half of them, all but one in a hundred, and all.
type Delay struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// String is in seconds; empty if nothing was measured.
func (d *Delay) String() string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%.2f %.2f %.2f", d.P50.Seconds(), d.P99.Seconds(), d.Max.Seconds())
}

// Rate is events a second, on the wall.
func (l Line) Rate() float64 { return float64(l.Events) / l.Cost.Wall.Seconds() }

// Report is what a run measured.
type Report struct {
	Machine string        `json:"machine"`
	Lines   []Line        `json:"lines"`
	Totals  string        `json:"totals"` // of the peer, compared with ours
	Ratios  []Ratio       `json:"ratios"`
	Took    time.Duration `json:"took_ns"`

	ours map[Form]Line
	peer Line
}

// Ratio is ours to the peer's.
type Ratio struct {
	Name string  `json:"name"`
	Rate float64 `json:"events_per_second"` // ours to theirs, on the wall
	CPU  float64 `json:"cpu_per_event"`     // theirs to ours, all processes together
}

func newReport(o Options) *Report {
	return &Report{Machine: fmt.Sprintf("%d cores, %d partitions, %d accounts, %d keys", runtime.NumCPU(), o.Partitions, o.Accounts, keys), ours: map[Form]Line{}}
}

func (r *Report) add(l Line) { r.Lines = append(r.Lines, l) }

func (r *Report) remember(f Form, l Line) { r.ours[f] = l }

func (c Cost) cpu() time.Duration { return c.Own + c.ClickHouse + c.Broker }

// compare computes the ratios.
func (r *Report) compare() {
	r.Ratios = nil
	for _, f := range []Form{JSON, Protobuf} {
		l, ok := r.ours[f]
		if !ok || r.peer.Events == 0 {
			continue
		}
		r.Ratios = append(r.Ratios, Ratio{
			Name: fmt.Sprintf("runrate, %s, to the Kafka engine, json", f), Rate: l.Rate() / r.peer.Rate(),
			CPU: (r.peer.Cost.cpu().Seconds() / float64(r.peer.Events)) / (l.Cost.cpu().Seconds() / float64(l.Events)),
		})
	}
}

// WriteTo writes the report as a table.
func (r *Report) WriteTo(out io.Writer) (int64, error) {
	r.compare()
	fmt.Fprintf(out, "%s\n\n", r.Machine)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\t\tevents\tevents/s\tCPU µs an event: own\tClickHouse\tbroker\tallocs\tbytes\tMB at most\tpublished to queryable, s: p50 p99 max\tstate, bytes an account\t")
	for _, l := range r.Lines {
		each := func(d time.Duration) string {
			return fmt.Sprintf("%.2f", d.Seconds()*1e6/float64(l.Events))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", l.Part, l.Name, l.Events, l.Rate(),
			each(l.Cost.Own), each(l.Cost.ClickHouse), each(l.Cost.Broker), some("%.2f", l.Allocs), some("%.0f", l.Bytes), some("%.0f", float64(l.Resident)/(1<<20)), l.Delay, some("%.0f", l.State))
	}
	w.Flush()
	fmt.Fprintln(out)
	for _, x := range r.Ratios {
		fmt.Fprintf(out, "%s: %.2f times the events a second, 1/%.2f of the CPU time\n", x.Name, x.Rate, x.CPU)
	}
	if r.Totals != "" {
		fmt.Fprintln(out, r.Totals)
	}
	_, err := fmt.Fprintf(out, "took %s\n", r.Took.Round(time.Second))
	return 0, err
}

// some is a number, or nothing for 0.
func some(format string, v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(out io.Writer) error {
	r.compare()
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
