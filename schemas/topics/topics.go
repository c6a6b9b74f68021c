// Package topics names the topics of the log. The names are public: producers
// write to them, and the rows of ClickHouse say which one they are of.
package topics

// The two input topics, and the log of snapshots.
const (
	Usage         = "runrate.usage"
	Subscriptions = "runrate.subscriptions"
	Snapshots     = "runrate.snapshots"
)

// Clock is where a ticker asks a broker for its time: no event is in it.
const Clock = "runrate.clock"
