package store

import (
	"context"

	"runrate/internal/rows"
)

// Discard returns a function that makes the rows of a flush into the blocks of inserts,
// as Write does, and sends them nowhere. It is for measuring what that takes.
func Discard(epoch uint32) func(rows.Changes) error {
	s := &Store{chunkRows: Options{}.withDefaults().ChunkRows, chunkBytes: Options{}.withDefaults().ChunkBytes, inserts: make(chan *chunk, 1)}
	s.inserts <- new(chunk)
	s.discards = true
	return func(c rows.Changes) error { return s.Write(context.Background(), epoch, c) }
}
