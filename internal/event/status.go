package event

import "strconv"

var statusNames = [...]string{
	Trialing: "trialing",
	Active:   "active",
	PastDue:  "past_due",
	Paused:   "paused",
	Unpaid:   "unpaid",
	Canceled: "canceled",
}

// String is the status as it stands in an event, or "Status(n)" for a value
// that is none.
func (s Status) String() string {
	if s == 0 || int(s) >= len(statusNames) {
		return "Status(" + strconv.Itoa(int(s)) + ")"
	}
	return statusNames[s]
}

// ParseStatus reads a status as it stands in an event; ok is false when there
// is none of that name.
func ParseStatus(name string) (s Status, ok bool) {
	for i := Trialing; int(i) < len(statusNames); i++ {
		if statusNames[i] == name {
			return i, true
		}
	}
	return 0, false
}

var intervalNames = [...]string{
	EveryDay:   "day",
	EveryWeek:  "week",
	EveryMonth: "month",
	EveryYear:  "year",
}

// String is the interval as it stands in an event, or "Interval(n)" for a
// value that is none.
func (i Interval) String() string {
	if i == 0 || int(i) >= len(intervalNames) {
		return "Interval(" + strconv.Itoa(int(i)) + ")"
	}
	return intervalNames[i]
}

// ParseInterval reads an interval as it stands in an event; ok is false when
// there is none of that name.
func ParseInterval(name string) (i Interval, ok bool) {
	for i := EveryDay; int(i) < len(intervalNames); i++ {
		if intervalNames[i] == name {
			return i, true
		}
	}
	return 0, false
}
