package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"runrate/consumers/fold"
	"runrate/internal/broker"
	"runrate/internal/stream"
)

// identity tells which log a topic has: the first record of each partition that has
// one. It is known again for as long as that record is there.
func (o Options) identity(ctx context.Context, topic stream.Topic) (marks []string, err error) {
	logs, err := o.Client.Offsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	for partition, log := range logs {
		source := stream.Source{Topic: topic, Partition: partition}
		mark, ok, err := o.mark(ctx, source, log, log.First)
		if err != nil {
			return nil, err
		}
		if ok {
			marks = append(marks, mark)
		}
	}
	slices.Sort(marks)
	return marks, nil
}

// mark is the record at an offset of a source's log; false if there is none, or it is
// in a hole.
func (o Options) mark(ctx context.Context, source stream.Source, log broker.Range, at stream.Offset) (string, bool, error) {
	if at < log.First || at >= log.End {
		return "", false, nil
	}
	records, _, err := o.Client.Fetch(ctx, source, at, 1, time.Second)
	var hole *broker.Gap
	var outside *broker.OutOfRange
	if errors.As(err, &hole) || errors.As(err, &outside) {
		return "", false, nil
	}
	if err != nil || len(records) == 0 {
		return "", false, err
	}
	place := stream.Place{Source: source, Offset: at}.In(o.Client.InKafka(source.Topic))
	return fmt.Sprintf("%s=%s", place, fold.MarkOf(records[0]).Fingerprint()), true, nil
}

// another says whether a topic's log is certainly not the one that an epoch was folded
// from: a record by which it would be known is another one.
func (o Options) another(ctx context.Context, e epoch, logs map[int32]broker.Range) (bool, error) {
	for _, was := range e.LogIdentity {
		text, _, _ := strings.Cut(was, "=")
		place, err := e.Topic.Kind().ParsePlace(text)
		if err != nil {
			return false, fmt.Errorf("the identity of the log of epoch %d: %w", e.Epoch, err)
		}
		place = place.In(e.Topic)
		log, has := logs[place.Partition]
		is, ok, err := o.mark(ctx, place.Source, log, place.Offset)
		if err != nil {
			return false, err
		}
		if has && ok && is != was {
			return true, nil
		}
	}
	return false, nil
}
