package stream

import (
	"slices"

	"runrate/internal/event"
	"runrate/schemas/topics"
)

// Kind is what an input topic holds, and with that which fold it is for. What
// branches on a topic asks for its kind; a name says nothing.
type Kind uint8

// The kinds of input topic.
const (
	Usage Kind = iota + 1
	Subscriptions
)

// kinds is all that the kinds differ in for those who read and write the log.
// What else differs is said by ByKind, where it is needed.
var kinds = [...]struct {
	word  string       // on the command line
	topic string       // by the contract
	group string       // the consumer group that folds it
	holds []event.Type // beside control events, which every topic has
}{
	Usage:         {"usage", topics.Usage, "runrate-usage", []event.Type{event.UsageRecorded, event.AdjustmentRecorded}},
	Subscriptions: {"subscriptions", topics.Subscriptions, "runrate-subscriptions", []event.Type{event.SubscriptionChanged}},
}

// Kinds are all kinds, in their order.
func Kinds() []Kind { return []Kind{Usage, Subscriptions} }

// KindOf is the kind with this name.
func KindOf(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if kinds[k].word == name {
			return k, true
		}
	}
	return 0, false
}

// Home is the kind of topic that holds events of a type; false if every topic
// does, as of a control event.
func Home(t event.Type) (Kind, bool) {
	for _, k := range Kinds() {
		if slices.Contains(kinds[k].holds, t) {
			return k, true
		}
	}
	return 0, false
}

// String is the kind's name: usage or subscriptions.
func (k Kind) String() string { return kinds[k].word }

// Topic is the kind's topic by the name of the contract.
func (k Kind) Topic() Topic { return Topic{k, kinds[k].topic} }

// Named is the kind's topic where it has another name.
func (k Kind) Named(name string) Topic { return Topic{k, name} }

// Group is the consumer group that folds the kind's topic.
func (k Kind) Group() string { return kinds[k].group }

// Holds says whether a topic of this kind may hold events of a type.
func (k Kind) Holds(t event.Type) bool { return t.Control() || slices.Contains(kinds[k].holds, t) }

// PerKind is something of which each kind has its own.
type PerKind[T any] struct{ of [len(kinds)]T }

// ByKind says what each kind has. A new kind is one more argument: the compiler
// then names every place that has to be told what the kind has there.
func ByKind[T any](usage, subscriptions T) PerKind[T] {
	return PerKind[T]{[...]T{Usage: usage, Subscriptions: subscriptions}}
}

// Of is what the kind has. The kind must be one of Kinds.
func (p PerKind[T]) Of(k Kind) T {
	if k == 0 {
		panic("stream: a topic without a kind is no input")
	}
	return p.of[k]
}

// Topic is a topic of the log: its name, which is a setting, and its kind,
// which goes with it wherever it goes. Only a kind makes an input topic, so that
// none is without one or has another's. Topics are equal if both agree.
type Topic struct {
	kind Kind
	name string
}

// Names are what the input topics are called in Kafka, where that is not what the
// contract calls them. All of the program but package broker, which asks Kafka, goes by
// the contract's names, so that rows and snapshots keep theirs when a topic is copied
// into another. The zero Names are those of the contract.
type Names struct{ of [len(kinds)]string }

// With is the names with another one for a kind; "" is the contract's.
func (n Names) With(k Kind, name string) Names {
	if name == kinds[k].topic {
		name = ""
	}
	n.of[k] = name
	return n
}

// Of is what the topic is called in Kafka. A topic that has a name of its own keeps it.
func (n Names) Of(t Topic) Topic {
	if t.kind != 0 && t.name == kinds[t.kind].topic && n.of[t.kind] != "" {
		return Topic{t.kind, n.of[t.kind]}
	}
	return t
}

// Inputs are the input topics by the names of the contract, in the order of
// Kinds.
func Inputs() []Topic {
	var all []Topic
	for _, k := range Kinds() {
		all = append(all, k.Topic())
	}
	return all
}

// InputNamed is the topic of Inputs with this name.
func InputNamed(name string) (Topic, bool) {
	for _, t := range Inputs() {
		if t.name == name {
			return t, true
		}
	}
	return Topic{}, false
}

// Snapshots is the topic of the snapshot log.
func Snapshots() Topic { return Other(topics.Snapshots) }

// Other is a topic that is no input: its kind is 0.
func Other(name string) Topic { return Topic{0, name} }

// Kind is what the topic holds, 0 if it is no input.
func (t Topic) Kind() Kind { return t.kind }

// String is the topic's name, as Kafka knows it.
func (t Topic) String() string { return t.name }
