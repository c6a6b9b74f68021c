package definitions

import (
	"fmt"
	"slices"
	"strings"
)

// Statuses are those of subscriptions whose MRR counts (DEFINITIONS S3): names parted
// by commas, in the order of Countable, each once.
type Statuses string

// DefaultStatuses are those that count unless others are set.
const DefaultStatuses Statuses = "active,past_due"

// Countable are the statuses that may count, in the order of a subscription's life. One
// that is canceled never does: nothing would ever churn.
var Countable = [...]string{"trialing", "active", "past_due", "paused", "unpaid"}

// ParseStatuses reads names parted by commas, in any order.
func ParseStatuses(text string) (Statuses, error) {
	named := strings.Split(text, ",")
	for i, name := range named {
		switch {
		case !slices.Contains(Countable[:], name):
			return "", fmt.Errorf("%q is no status that may count: those are %s", name, strings.Join(Countable[:], ", "))
		case slices.Contains(named[:i], name):
			return "", fmt.Errorf("%s is named twice", name)
		}
	}
	var all []string
	for _, name := range Countable {
		if slices.Contains(named, name) {
			all = append(all, name)
		}
	}
	return Statuses(strings.Join(all, ",")), nil
}

// Names are the statuses one by one.
func (s Statuses) Names() []string { return strings.Split(string(s), ",") }

// Has says whether a status counts.
func (s Statuses) Has(status string) bool { return slices.Contains(s.Names(), status) }

// Check says what is wrong with them, nil if nothing is.
func (s Statuses) Check() error {
	read, err := ParseStatuses(string(s))
	if err == nil && read != s {
		err = fmt.Errorf("statuses %q are not in the order of %q", s, read)
	}
	return err
}

// Set is the definitions that epochs are folded by: that of usage ARR belongs to an
// epoch of the usage topic, the statuses to one of the subscriptions topic.
type Set struct {
	ARR      ARR
	Statuses Statuses
}

// Default is what is folded by unless something else is set.
var Default = Set{DefaultARR, DefaultStatuses}

// Wanted are definitions that somebody asks for; what is nil stays as it is.
type Wanted struct {
	ARR      *ARR
	Statuses *Statuses
}

// Over is a set with what is wanted in place of what it has.
func (w Wanted) Over(s Set) Set {
	if w.ARR != nil {
		s.ARR = *w.ARR
	}
	if w.Statuses != nil {
		s.Statuses = *w.Statuses
	}
	return s
}
