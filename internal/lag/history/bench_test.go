package history

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"runrate/internal/lag/judge"
	"runrate/internal/lag/monitor"
)

// BenchmarkWrite is what it costs the monitor, and takes, to keep a cycle of so many
// partitions.
func BenchmarkWrite(b *testing.B) {
	for _, partitions := range []int{128, 20_000} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			conn, db := database(b)
			var all []monitor.Reading
			n, late := int64(5), 0.0
			for p := range partitions {
				all = append(all, monitor.Reading{Kafka: "runrate.usage", Row: monitor.Row{Topic: "runrate.usage", Partition: int32(p), Group: "runrate-usage", Status: judge.OK,
					Sentence: fmt.Sprintf("keeps up; committed %d of %d, 0 to go", p, p), Start: &n, Committed: &n, End: &n, Lag: &n, LagSeconds: &late}})
			}
			used := cpu(b)
			for b.Loop() {
				for i := range all {
					all[i].Sample.At = time.Now()
				}
				if err := Write(b.Context(), conn, db, "bench", all); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-used).Milliseconds())/float64(b.N), "cpu-ms/write")
		})
	}
}

// cpu is what this process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
