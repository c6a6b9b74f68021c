package lagtraces

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"runrate/internal/lag/judge"
)

// Seen is what was said of a trace, each the first time, by seconds since the strike.
type Seen struct {
	Ours      map[judge.Status]int
	Sentence  map[judge.Status]string
	Pages     []judge.Status // that somebody would be woken for, in their order
	Early     bool           // one of these, or behind, before the strike
	Burrow    string
	Threshold string
}

// Run lets all three judge a trace.
func Run(tr Trace) Seen {
	seen := Seen{Ours: map[judge.Status]int{}, Sentence: map[judge.Status]string{}, Burrow: "-", Threshold: "-"}
	ours := make([]judge.Partition, tr.Partitions)
	theirs := make([]burrow, tr.Partitions)
	limits := make([]threshold, tr.Partitions)
	for p := range limits {
		limits[p].since = -1
	}
	for t := 0; t < tr.Seconds; t += int(Every.Seconds()) {
		for p := range tr.Partitions {
			s, polled := tr.sample(t, p)
			v := ours[p].At(tr.clock(t))
			if polled {
				v = ours[p].Observe(s)
			}
			seen.note(v, t-strikes)
			first(&seen.Burrow, theirs[p].observe(t, s, polled), t-strikes)
			first(&seen.Threshold, limits[p].observe(t, s, polled), t-strikes)
		}
	}
	return seen
}

func (s *Seen) note(v judge.Verdict, at int) {
	if _, before := s.Ours[v.Status]; before || v.Status == judge.Unknown && v.Sentence == "it was never read" {
		return
	}
	s.Ours[v.Status], s.Sentence[v.Status] = at, v.Sentence
	if v.Status.Pages() {
		s.Pages = append(s.Pages, v.Status)
	}
	s.Early = s.Early || at < 0 && (v.Status.Pages() || v.Status == judge.Behind)
}

func first(kept *string, said string, at int) {
	if *kept == "-" && said != "" {
		*kept = fmt.Sprintf("%s %+ds", said, at)
	}
}

// Table is what is said of every trace and when, counted from when it strikes.
func Table() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "trace\truns for\tmust be\trunrate\tBurrow's rules\tlag > 1000 for 10 s\tin a sentence")
	for _, tr := range All() {
		seen := Run(tr)
		want, said, sentence := "quiet", "quiet", ""
		if tr.Want != "" {
			want, said = string(tr.Want), "-"
		}
		if at, ok := seen.Ours[tr.Want]; ok {
			said, sentence = fmt.Sprintf("%s %+ds", tr.Want, at), seen.Sentence[tr.Want]
		}
		for _, s := range seen.Pages {
			if s != tr.Want {
				said += fmt.Sprintf(", %s %+ds", s, seen.Ours[s])
			}
		}
		fmt.Fprintf(w, "%s\t%ds\t%s\t%s\t%s\t%s\t%s\n", tr.Name, tr.Seconds, want, said, seen.Burrow, seen.Threshold, sentence)
	}
	_ = w.Flush() // a strings.Builder does not fail
	return out.String()
}
