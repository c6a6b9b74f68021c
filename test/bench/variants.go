package bench

import (
	"context"
	"errors"
	"fmt"

	"runrate/deploy/local"
)

// runVariants folds the same number of events again and again: after a month and a year of
// history, with late events, with few and many accounts. What an event costs should
// depend on none of them, or little.
func runVariants(ctx context.Context, o Options, server *local.ClickHouse, r *Report) error {
	events := o.Events / 5
	for i, v := range []struct {
		name string
		load Load
	}{
		{"30 days of history", Load{History: 30, Accounts: o.Accounts}},
		{"365 days of history", Load{History: 365, Accounts: o.Accounts}},
		{"1 % late, over 30 days", Load{History: 30, Accounts: o.Accounts, Late: 0.01}},
		{"10 % late, over 30 days", Load{History: 30, Accounts: o.Accounts, Late: 0.1}},
		{"100 % late, over 30 days", Load{History: 30, Accounts: o.Accounts, Late: 1}},
		{"1,000 accounts", Load{History: 30, Accounts: 1_000}},
		{fmt.Sprintf("%d accounts", o.Many), Load{History: 30, Accounts: o.Many}},
	} {
		v.load.Form, v.load.Events = Protobuf, events
		if err := variant(ctx, o, server, r, fmt.Sprintf("variant_%d", i), v.name, v.load); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

// variant folds the history, which does not count, and then the events.
func variant(ctx context.Context, o Options, server *local.ClickHouse, r *Report, name, title string, load Load) (err error) {
	w, err := newWorld(ctx, o, server, name, load)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	s := newSource(load)
	if err := w.fill(ctx, s.history); err != nil {
		return err
	}
	if _, err := w.foldAll(ctx, "h", title, load.Events); err != nil {
		return err
	}
	if err := w.fill(ctx, s.events); err != nil {
		return err
	}
	line, err := w.foldAll(ctx, "h", fmt.Sprintf("runrate, %s, %s", load.Form, title), load.Events)
	if err != nil {
		return err
	}
	r.add(line)
	return nil
}
