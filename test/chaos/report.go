package chaos

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Report is what a run found.
type Report struct {
	Seed        uint64
	Records     int
	Rows        int // compared
	Kills       []Kill
	Aborts      int           // of ClickHouse, by itself
	Took        time.Duration // until the last record was committed
	Stopped     []string      // log lines of partitions that stood still, and of consumers that ended
	Differences string        // between the views and the oracle; empty if they agree
}

// OK says whether the run found nothing.
func (r *Report) OK() bool { return len(r.Stopped) == 0 && r.Differences == "" && r.Aborts == 0 }

// WriteTo writes the report for people.
func (r *Report) WriteTo(out io.Writer) (int64, error) {
	writeKills(out, r.Kills)
	fmt.Fprintf(out, "seed %d: %d records in %s\n", r.Seed, r.Records, r.Took.Round(time.Second))
	if r.Aborts > 0 {
		fmt.Fprintf(out, "ClickHouse ended by itself %d times, and was started again\n", r.Aborts)
	}
	for _, line := range r.Stopped {
		fmt.Fprintln(out, line)
	}
	if r.Differences != "" {
		_, err := fmt.Fprintf(out, "the views differ from the oracle (- missing, + too many):\n%s", r.Differences)
		return 0, err
	}
	_, err := fmt.Fprintf(out, "%d rows of all views equal the oracle's\n", r.Rows)
	return 0, err
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// writeKills writes how long it took to recover from each kind.
func writeKills(out io.Writer, kills []Kill) {
	byKind := map[Kind][]time.Duration{}
	for _, k := range kills {
		byKind[k.Kind] = append(byKind[k.Kind], k.Recover)
		byKind["all"] = append(byKind["all"], k.Recover)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "kill\ttimes\trecovered, median\tworst\t\n")
	for _, kind := range []Kind{killConsumer, killConsumers, killClickHouse, killBroker, killBoth, zombie, killRebuild, withinRebuild, killRepartition, withinRepartition,
		killDoor, killDoorAndBroker, hangDoor, "all"} {
		if took := byKind[kind]; len(took) > 0 {
			slices.Sort(took)
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t\n", kind, len(took), short(took[len(took)/2]), short(took[len(took)-1]))
		}
	}
	w.Flush()
}
