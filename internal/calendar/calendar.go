// Package calendar counts time in the two units that numbers are kept by: hours
// and days of UTC.
package calendar

import (
	"runrate/internal/event"
	"runrate/schemas/definitions"
)

// Hour counts hours since 1970-01-01T00:00Z. As an instant it is the hour's
// start; as a pane it is the span [Hour, Hour+1).
type Hour int32

// Day counts days since 1970-01-01. As an instant it is the midnight at which
// the day starts.
type Day int32

// HourOf is the hour that holds t, which is not before 1970.
func HourOf(t event.Time) Hour { return Hour(t / event.Hour) }

// DayOf is the day that holds t, which is not before 1970.
func DayOf(t event.Time) Day { return Day(t / event.Day) }

// Start is the hour's first instant.
func (h Hour) Start() event.Time { return event.Time(h) * event.Hour }

// Start is the day's midnight.
func (d Day) Start() event.Time { return event.Time(d) * event.Day }

// Midnight is the last midnight at or before the hour's start.
func (h Hour) Midnight() Day { return Day(h / 24) }

// Amendable is how many days before the clock's own day a midnight can still
// be changed by a late event: the days of lateness and the part day.
const Amendable Day = definitions.LateDays + 1
