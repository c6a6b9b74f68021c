package event

import "strings"

// Type is the kind of an event.
type Type uint8

// The kinds of event. Control events carry no account.
const (
	UsageRecorded Type = iota + 1
	AdjustmentRecorded
	SubscriptionChanged
	ClockTicked
	PricebookPublished
	RatesPublished
)

// types say what each is called and whether it is a control event.
var types = [...]struct {
	name    string // the CloudEvents type attribute
	control bool
}{
	UsageRecorded:       {name: "usage.recorded"},
	AdjustmentRecorded:  {name: "adjustment.recorded"},
	SubscriptionChanged: {name: "subscription.changed"},
	ClockTicked:         {name: "clock.ticked", control: true},
	PricebookPublished:  {name: "pricebook.published", control: true},
	RatesPublished:      {name: "rates.published", control: true},
}

// Types are all types, in their order.
func Types() []Type {
	var all []Type
	for t := UsageRecorded; int(t) < len(types); t++ {
		all = append(all, t)
	}
	return all
}

// TypeNames are the names of all types in a sentence.
var TypeNames = func() string {
	var names []string
	for _, t := range Types() {
		names = append(names, t.String())
	}
	return strings.Join(names, ", ")
}()

// ParseType is the type of that name; ok is false when there is none.
func ParseType(name string) (t Type, ok bool) {
	for t := UsageRecorded; int(t) < len(types); t++ {
		if types[t].name == name {
			return t, true
		}
	}
	return 0, false
}

// String is the CloudEvents type attribute, "unknown" for a value that is none.
func (t Type) String() string {
	if t == 0 || int(t) >= len(types) {
		return "unknown"
	}
	return types[t].name
}

// Control says whether events of this kind are copied to every partition and
// carry no account.
func (t Type) Control() bool { return int(t) < len(types) && types[t].control }
