package report

import (
	"context"
	"fmt"
	"strings"

	"runrate/internal/views/freshness"
)

// missing says in sentences what is in none of the figures: records that were
// refused and wait for somebody, and partitions that stand still.
func (r *reader) missing(ctx context.Context) error {
	var reasons []string
	var total uint64
	err := r.each(ctx, `SELECT reason, count() AS records FROM %s.dead_letters WHERE state = 'open' GROUP BY reason ORDER BY records DESC, reason`, nil,
		func(scan func(...any) error) error {
			var reason string
			var records uint64
			err := scan(&reason, &records)
			total += records
			reasons = append(reasons, fmt.Sprintf("%s %s", reason, number(records)))
			return err
		})
	if err != nil {
		return err
	}
	if total > 0 {
		r.out.Missing = append(r.out.Missing, fmt.Sprintf("%s refused records are in no figure (%s): see dead_letters", number(total), strings.Join(reasons, ", ")))
	}
	partitions, err := freshness.Read(ctx, r.conn, r.q.Database)
	if err != nil {
		return err
	}
	for _, p := range freshness.Halted(partitions) {
		r.out.Missing = append(r.out.Missing, p.String())
	}
	return nil
}
