package consume

import (
	"context"
	"fmt"
	"slices"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// NotThere says that a record which is to be left out is not in the log.
type NotThere struct {
	Place stream.Place
	Why   string
}

func (e *NotThere) Error() string {
	return fmt.Sprintf("%s cannot be left out: %s; the view control_records has topic, partition and offset of each control record", e.Place, e.Why)
}

// Fault is fault.Setup.
func (*NotThere) Fault() fault.Kind { return fault.Setup }

// exclusions are what an epoch after the one shown leaves out: what that one did,
// as far as the log has it, and what the change says.
func (r rebuild) exclusions(ctx context.Context, shown epoch, change Change) (all []stream.Place, err error) {
	logs, err := r.Client.Offsets(ctx, shown.Topic)
	if err != nil {
		return nil, err
	}
	called := r.Client.InKafka(shown.Topic)
	for _, named := range change.Without {
		p := named
		if p.Topic == called {
			p = p.In(shown.Topic)
		}
		if why := missing(p, shown.Topic, called, logs); why != "" {
			return nil, &NotThere{named, why}
		}
		all = append(all, p)
	}
	if !change.WithAll {
		for _, p := range shown.Exclusions {
			if missing(p, shown.Topic, called, logs) == "" {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, stream.Place.Compare)
	return slices.Compact(all), nil
}

// missing is why a topic's logs, which Kafka knows by a name, have no record at a place, ""
// if they have.
func missing(p stream.Place, topic, called stream.Topic, logs map[int32]broker.Range) string {
	log, ok := logs[p.Partition]
	switch {
	case p.Topic != topic:
		return fmt.Sprintf("this is a rebuild of %s", called)
	case !ok:
		return fmt.Sprintf("%s has %d partitions, counted from 0", topic, len(logs))
	case p.Offset < log.First || p.Offset >= log.End:
		return fmt.Sprintf("the log holds %d up to %d", log.First, log.End)
	}
	return ""
}
