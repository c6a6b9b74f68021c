package bench

import (
	"context"
	"fmt"
	"time"
)

// endToEnd starts the consumer on the full topic and waits until all of it is
// committed. The start of the process counts.
func endToEnd(ctx context.Context, w *world, r *Report) error {
	line, err := w.foldAll(ctx, "c", fmt.Sprintf("runrate, %s", w.load.Form), w.load.Events)
	if err != nil {
		return err
	}
	r.add(line)
	r.remember(w.load.Form, line)
	return w.merges(ctx, r, "runrate, "+string(w.load.Form), w.database(), w.load.Events)
}

// foldAll starts the consumer, waits until the topic is committed, ends the consumer,
// and says what that took.
func (w *world) foldAll(ctx context.Context, part, name string, events int) (Line, error) {
	if err := w.settleMerges(ctx); err != nil {
		return Line{}, err
	}
	idle, err := w.cost()
	if err != nil {
		return Line{}, err
	}
	if err := w.consume(); err != nil {
		return Line{}, err
	}
	idle.Own = 0 // another process's
	if err := w.settled(ctx); err != nil {
		return Line{}, err
	}
	done, err := w.cost()
	if err != nil {
		return Line{}, err
	}
	resident, err := residentOf(w.consumer.cmd.Process.Pid)
	if err != nil {
		return Line{}, err
	}
	err = w.consumer.stop()
	w.consumer = nil
	return Line{Part: part, Name: name, Events: events, Cost: done.minus(idle), Resident: resident}, err
}

// settleMerges waits until ClickHouse does nothing in the background, so that one
// side's merges do not count as the other's.
func (w *world) settleMerges(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return until(ctx, func() (bool, error) {
		var running uint64
		err := w.tables.Conn().QueryRow(ctx, "SELECT count() FROM system.merges").Scan(&running)
		return running == 0, err
	})
}

// merges is what is left to merge: parts, and the CPU time of merging all of them.
func (w *world) merges(ctx context.Context, r *Report, side, database string, events int) error {
	var parts, tables uint64
	if err := w.tables.Conn().QueryRow(ctx, "SELECT count(), uniq(table) FROM system.parts WHERE active AND database = ?", database).Scan(&parts, &tables); err != nil {
		return err
	}
	names, err := w.names(ctx, "SELECT DISTINCT table FROM system.parts WHERE active AND database = ? ORDER BY table", database)
	if err != nil {
		return err
	}
	cost, err := w.measure(func() error {
		for _, table := range names {
			if err := w.tables.Conn().Exec(ctx, fmt.Sprintf("OPTIMIZE TABLE `%s`.`%s` FINAL", database, table)); err != nil {
				return err
			}
		}
		return nil
	})
	cost.Own, cost.Broker = 0, 0
	r.add(Line{Part: "e", Name: fmt.Sprintf("%s: to merge %d parts of %d tables into as few as can be", side, parts, tables), Events: events, Cost: cost})
	return err
}

// names are the strings that a query returns.
func (w *world) names(ctx context.Context, query string, args ...any) (all []string, err error) {
	rows, err := w.tables.Conn().Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}
