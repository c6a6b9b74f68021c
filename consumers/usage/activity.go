package usage

import (
	"slices"

	"runrate/consumers/intake"
	"runrate/internal/calendar"
	"runrate/internal/rows"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// activeWindows are the windows of active_accounts (DEFINITIONS W8).
var activeWindows = definitions.Active

// activeDays is the length of a window.
func activeDays(w int) calendar.Day { return calendar.Day(activeWindows[w].Days()) }

// allLines is the line under which an account counts once, whatever the lines
// it is active in.
const allLines = "*"

// keptDays is how long an active day can still matter: to the longest window
// as of the oldest midnight that can be amended.
var keptDays = calendar.Amendable + activeDays(len(activeWindows)-1)

// activity counts the distinct active accounts of one line, exactly: a cell
// for every window and midnight, which an account enters at most once.
type activity struct {
	line  string
	cells [len(activeWindows)]cells
}

// cells are the counts of one window at the midnights from base on.
type cells struct {
	base  calendar.Day
	cells []cell
}

// cell is a count and the offset of the last record that touched it.
type cell struct {
	accounts  int64
	touchedBy stream.Offset
}

// mark makes an account, active in this line on the sorted days so far, active
// on d, and returns its days with d among them. The account enters the windows
// that hold d and neither of its neighbouring days, p and n: those that end in
// (max(d, p+W), min(d+W, n)]. Work is done only for an account's first event
// of a day in a line.
func (a *activity) mark(days []calendar.Day, d calendar.Day, offset stream.Offset) (now []calendar.Day, fresh bool) {
	i, found := slices.BinarySearch(days, d)
	if found {
		return days, false
	}
	for w := range activeWindows {
		length := activeDays(w)
		from, to := d+1, d+length
		if i > 0 {
			from = max(from, days[i-1]+length+1)
		}
		if i < len(days) {
			to = min(to, days[i])
		}
		if from <= to {
			a.cells[w].enter(from, to, offset)
		}
	}
	return slices.Insert(days, i, d), true
}

// enter counts one more account at the midnights from..to, both included.
func (c *cells) enter(from, to calendar.Day, offset stream.Offset) {
	if len(c.cells) == 0 {
		c.base = from
	}
	if from < c.base {
		c.cells = slices.Insert(c.cells, 0, make([]cell, c.base-from)...)
		c.base = from
	}
	if need := int(to-c.base) + 1; need > len(c.cells) {
		c.cells = append(c.cells, make([]cell, need-len(c.cells))...)
	}
	for i := from - c.base; i <= to-c.base; i++ {
		c.cells[i].accounts++
		c.cells[i].touchedBy = offset
	}
}

// changed yields the rows that the batch beginning at offset first changed:
// at the midnights passed in it, (was, closed], and at earlier ones whose count
// it changed.
func (a *activity) changed(was, closed calendar.Day, first stream.Offset, passes intake.Passes, yield func(rows.ActiveAccounts) bool) bool {
	for w := range a.cells {
		c := &a.cells[w]
		for i, cell := range c.cells {
			midnight := c.base + calendar.Day(i)
			if midnight > closed {
				break
			}
			version := cell.touchedBy
			if midnight > was {
				version = max(version, passes.Of(midnight.Start()))
			} else if version < first {
				continue
			}
			if cell.accounts == 0 {
				continue
			}
			row := rows.ActiveAccounts{
				AsOf: midnight.Start(), Window: activeWindows[w].Name, Line: a.line,
				Accounts: cell.accounts, Version: version,
			}
			if !yield(row) {
				return false
			}
		}
	}
	return true
}

// done lets go of the midnights that can no longer be amended.
func (a *activity) done(closed calendar.Day) {
	for w := range a.cells {
		c := &a.cells[w]
		if drop := min(closed-calendar.Amendable-c.base, calendar.Day(len(c.cells))); drop > 0 {
			c.cells = slices.Delete(c.cells, 0, int(drop))
			c.base += drop
		}
	}
}
