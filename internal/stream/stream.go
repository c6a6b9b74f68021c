// Package stream names the parts of the input log: its topics and their kinds, a
// source partition, an offset in it, a record read from it, and the partition
// that an account's records belong on.
package stream

import (
	"cmp"
	"strconv"

	"runrate/internal/event"
)

// Offset is the position of a record in its partition, counted from 0. The
// next offset of a fold is the offset of the first record it has not seen.
type Offset int64

// Source is one partition of one input topic: the unit that is folded by one
// worker and owns one state.
type Source struct {
	Topic     Topic
	Partition int32
}

// String is topic/partition, the form used in errors and snapshot keys.
func (s Source) String() string { return s.Topic.name + "/" + strconv.Itoa(int(s.Partition)) }

// Compare orders by the topic's name and then by partition.
func (s Source) Compare(o Source) int {
	return cmp.Or(cmp.Compare(s.Topic.name, o.Topic.name), cmp.Compare(s.Partition, o.Partition))
}

// Record is one record of a source partition. Key, Value and Headers are owned by the
// reader of the log; a fold copies what it keeps.
type Record struct {
	Offset Offset
	Time   int64 // the record's own timestamp, microseconds since 1970 UTC
	Key    []byte
	Value  []byte
	// Headers are in the record's order; most records have none.
	Headers []event.Header
	// Skipped says that no event is meant by it: it is a transaction marker, or of a
	// transaction that was aborted. It has its place in the log all the same.
	Skipped bool
}

// Partition is the partition, in 0..partitions-1, that holds every record with
// this key: murmur2 as in Kafka's default partitioner (toPositive(murmur2(key))
// mod partitions; org.apache.kafka.common.utils.Utils.murmur2).
func Partition(key []byte, partitions int32) int32 {
	return int32(murmur2(key)&0x7fffffff) % partitions
}

func murmur2(data []byte) uint32 {
	const (
		seed = 0x9747b28c
		m    = 0x5bd1e995
		r    = 24
	)
	h := uint32(seed) ^ uint32(len(data))
	for len(data) >= 4 {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h *= m
		h ^= k
		data = data[4:]
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}
