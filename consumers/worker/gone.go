package worker

import (
	"fmt"
	"time"

	"runrate/internal/broker"
	"runrate/internal/fault"
)

// believed is for how long Kafka must say that there is no such topic, until it is
// believed: right after a topic's creation, and from a broker that has just come
// back, that is no news.
const believed = 10 * time.Second

// Gone says that Kafka has had no such topic for so long that it is believed.
type Gone struct{ Err error }

func (e *Gone) Error() string {
	return fmt.Sprintf("%v, and so for %s: the topic was deleted; where it is made anew it is another log (create it with `runrate topics`, then refold it with `runrate rebuild`)", e.Err, believed)
}

// Unwrap is what Kafka said last.
func (e *Gone) Unwrap() error { return e.Err }

// Fault is fault.Setup.
func (*Gone) Fault() fault.Kind { return fault.Setup }

// doubt is for how long a step has failed because there is no such topic.
type doubt struct{ since time.Time }

// about is an error of the step, as one that may pass while it is doubted.
func (d *doubt) about(err error) error {
	now := time.Now()
	switch {
	case !broker.UnknownTopic(err):
		d.since = time.Time{}
		return err
	case d.since.IsZero():
		d.since = now
	}
	if now.Sub(d.since) < believed {
		return fault.As(fault.Retry, err)
	}
	return &Gone{err}
}
