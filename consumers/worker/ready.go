package worker

import (
	"errors"
	"fmt"
	"time"

	"runrate/internal/stream"
)

// Ready says why the process does not do its work yet, or no more: it has not joined
// the group, a partition is not restored, or all of them are halted. One that is halted
// beside others does not make it unready.
func (b *Board) Ready() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.joined {
		return errors.New("the consumer group is not joined yet")
	}
	restoring, halted := 0, 0
	var example stream.Source
	for source, s := range b.says {
		switch {
		case s.halted != nil:
			halted, example = halted+1, source
		case s.restoring:
			restoring, example = restoring+1, source
		}
	}
	switch {
	case restoring > 0:
		return fmt.Errorf("%d of %d partitions are not restored yet, %s among them", restoring, len(b.says), example)
	case halted > 0 && halted == len(b.says):
		return fmt.Errorf("all %d partitions of %s that this process has are halted", halted, example.Topic)
	}
	return nil
}

// Join says that the group is joined: what it assigns comes now.
func (b *Board) Join() {
	b.mu.Lock()
	b.joined = true
	b.mu.Unlock()
}

// assigned says that a partition is here, and to be restored. What an earlier life said
// of it is over.
func (b *Board) assigned(source stream.Source) {
	b.set(source, &said{since: time.Now(), restoring: true, owed: time.Now()})
}
