package worker

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// deadAfter is how long a loop may take for a round before it counts as dead. A round of
// a worker is at most a flush, of which each try is bounded; whether what it tries succeeds
// does not matter.
const deadAfter = 10 * time.Minute

// Beat says that a loop of this process goes round.
func (b *Board) Beat(loop string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beats[loop] = time.Now()
}

// again is Beat for a loop that has begun: a worker restores its state first, which takes
// as long as it takes.
func (b *Board) again(loop string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, begun := b.beats[loop]; begun {
		b.beats[loop] = time.Now()
	}
}

// Rest says that a loop has ended as it should.
func (b *Board) Rest(loop string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.beats, loop)
}

// Alive says which loop has stood still for too long, nil if none has. Kafka and
// ClickHouse have no say in it: a loop that tries again and again is alive.
func (b *Board) Alive() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, loop := range slices.Sorted(maps.Keys(b.beats)) {
		if still := time.Since(b.beats[loop]); still > deadAfter {
			return fmt.Errorf("%s has stood still for %s", loop, still.Round(time.Second))
		}
	}
	return nil
}
