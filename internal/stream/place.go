package stream

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Place is where one record lies: a source partition and an offset in it.
type Place struct {
	Source
	Offset Offset
}

// String is topic/partition@offset, which ParsePlace reads.
func (p Place) String() string {
	return p.Source.String() + "@" + strconv.FormatInt(int64(p.Offset), 10)
}

// Compare orders by topic, partition and offset.
func (p Place) Compare(o Place) int {
	return cmp.Or(p.Source.Compare(o.Source), cmp.Compare(p.Offset, o.Offset))
}

// ParseSource reads topic/partition of an input topic.
func ParseSource(text string) (Source, error) {
	name, number, ok := strings.Cut(text, "/")
	topic, known := InputNamed(name)
	partition, err := strconv.ParseInt(number, 10, 32)
	if !ok || err != nil || partition < 0 {
		return Source{}, fmt.Errorf("%q is no TOPIC/PARTITION, such as %s/0", text, Inputs()[0])
	}
	if !known {
		return Source{}, fmt.Errorf("%q names no input topic: they are %s and %s", text, Inputs()[0], Inputs()[1])
	}
	return Source{Topic: topic, Partition: int32(partition)}, nil
}

// ParsePlace reads topic/partition@offset of a topic of this kind, whatever it is called
// in Kafka.
func (k Kind) ParsePlace(text string) (Place, error) {
	where, number, ok := strings.Cut(text, "@")
	name, numbered, named := strings.Cut(where, "/")
	offset, err := strconv.ParseInt(number, 10, 64)
	partition, wrong := strconv.ParseInt(numbered, 10, 32)
	if !ok || !named || name == "" || err != nil || wrong != nil || offset < 0 || partition < 0 {
		return Place{}, fmt.Errorf("%q is no TOPIC/PARTITION@OFFSET, such as %s/0@15", text, k.Topic())
	}
	return Place{Source{k.Named(name), int32(partition)}, Offset(offset)}, nil
}

// In is the place by another name of its topic.
func (p Place) In(name Topic) Place {
	p.Topic = name
	return p
}
