package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// Gap says that the log does not continue where it should: records are
// missing between Want and Got, or out of order where Got < Want. The
// partition must stop; its fold cannot go on without them.
type Gap struct {
	Source stream.Source
	Want   stream.Offset // the next offset due
	Got    stream.Offset // the offset that came
	Cause  string        // what is known of the cause, "" if nothing
}

func (e *Gap) Error() string {
	s := fmt.Sprintf("fetch %s@%d: the log goes on at %d", e.Source, e.Want, e.Got)
	if e.Cause != "" {
		s += ": " + e.Cause
	}
	return s + " (compaction takes records out of a log: set the topic's cleanup.policy=delete; put the records back, or fold what is left by `runrate rebuild --accept-loss`)"
}

// Fault is fault.Defect.
func (*Gap) Fault() fault.Kind { return fault.Defect }

// OutOfRange says that Offset is not in the log, which holds First..End-1: its
// records are deleted by retention, or the topic was made anew.
type OutOfRange struct {
	Source stream.Source
	Offset stream.Offset
	Range  Range // zero if Known is false
	Known  bool
}

func (e *OutOfRange) Error() string {
	if !e.Known {
		return fmt.Sprintf("fetch %s@%d: the offset is outside of the log", e.Source, e.Offset)
	}
	why := fmt.Sprintf("%d records from there on are deleted", e.Range.First-e.Offset)
	if e.Source.Topic.Kind() != 0 {
		why += fmt.Sprintf(" (put them back, or go on without them by `runrate resume --accept-loss %s/%d`)", e.Source.Topic.Kind().Topic(), e.Source.Partition)
	}
	if e.Offset > e.Range.End {
		why = "the log is shorter than it was: the topic was created anew or lost its tail"
	}
	return fmt.Sprintf("fetch %s@%d: the log holds %d up to %d: %s", e.Source, e.Offset, e.Range.First, e.Range.End, why)
}

// Fault is fault.Defect.
func (*OutOfRange) Fault() fault.Kind { return fault.Defect }

// Corrupt says that the batch at or after Offset fails its checksum.
type Corrupt struct {
	Source stream.Source
	Offset stream.Offset
	Err    error
}

func (e *Corrupt) Error() string {
	return fmt.Sprintf("fetch %s@%d: the records are damaged: %v (check the broker's disk; another replica may be sound)", e.Source, e.Offset, e.Err)
}

// Unwrap is the checksum error.
func (e *Corrupt) Unwrap() error { return e.Err }

// Fault is fault.Defect.
func (*Corrupt) Fault() fault.Kind { return fault.Defect }

// Fenced says that the group has moved on without this member: the partition
// is, or is about to be, someone else's. Drop its state and rejoin.
type Fenced struct {
	Member Member
	Source stream.Source
	Err    error
}

func (e *Fenced) Error() string {
	return fmt.Sprintf("commit %s for group %s, generation %d: the group has moved on: %v",
		e.Source, e.Member.Group, e.Member.Generation, e.Err)
}

// Unwrap is Kafka's error code.
func (e *Fenced) Unwrap() error { return e.Err }

// Fault is fault.Fenced.
func (*Fenced) Fault() fault.Kind { return fault.Fenced }

// NoTopic says that the cluster has no such topic.
type NoTopic struct{ Topic stream.Topic }

func (e *NoTopic) Error() string {
	return fmt.Sprintf("topic %s does not exist: create the topics with `runrate topics`", e.Topic)
}

// Fault is fault.Setup.
func (*NoTopic) Fault() fault.Kind { return fault.Setup }

// Error is a request that failed, with the code of Kafka's answer or the trouble
// with the connection as its cause.
type Error struct{ Err error }

// failed is an Error with the text of a format.
func failed(format string, args ...any) error { return &Error{fmt.Errorf(format, args...)} }

// Error is what was being done and Kafka's own words, with the way out where a right
// is missing.
func (e *Error) Error() string {
	s := e.Err.Error()
	for _, code := range []kafka.Error{kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed} {
		if errors.Is(e.Err, code) && !strings.HasSuffix(s, forbidden) {
			s += forbidden
		}
	}
	return s
}

// forbidden is the way out of a missing right.
const forbidden = " (the user of --kafka-sasl-username lacks that right at Kafka: docs/ACCESS.md lists who needs which)"

// Unwrap is what was being done, and the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fault is fault.Retry if the same request may succeed later: connection trouble,
// a moved or missing leader, a coordinator that loads, a timeout.
func (e *Error) Fault() fault.Kind {
	inner, known := errors.AsType[fault.Error](e.Err)
	code, coded := errors.AsType[kafka.Error](e.Err)
	switch {
	case known:
		return inner.Fault()
	case errors.Is(e.Err, context.Canceled):
		return fault.Canceled
	case coded && needsSomebody[code]:
		return fault.Setup
	case coded && (code.Temporary() || passes[code]):
		return fault.Retry
	case coded:
		return fault.Defect
	}
	// The client's own view of the cluster, possibly behind the times.
	for _, behind := range []error{protocol.ErrNoTopic, protocol.ErrNoPartition, protocol.ErrNoLeader} {
		if errors.Is(e.Err, behind) {
			return fault.Retry
		}
	}
	return fault.KindOf(e.Err)
}

// passes are codes that pass by themselves although kafka-go does not say so.
var passes = map[kafka.Error]bool{kafka.Unknown: true, kafka.BrokerNotAvailable: true, kafka.ReplicaNotAvailable: true}

// needsSomebody are codes that stay until a setting or a grant is changed.
var needsSomebody = map[kafka.Error]bool{
	kafka.TopicAuthorizationFailed: true, kafka.GroupAuthorizationFailed: true, kafka.ClusterAuthorizationFailed: true,
	kafka.SASLAuthenticationFailed: true, kafka.UnsupportedSASLMechanism: true, kafka.IllegalSASLState: true,
	kafka.SecurityDisabled: true, kafka.PolicyViolation: true, kafka.InvalidReplicationFactor: true, kafka.InvalidTopic: true,
}

// damaged recognizes the decoder's complaints about a record batch, which
// kafka-go reports as plain text.
func damaged(err error) bool {
	s := err.Error()
	return strings.Contains(s, "crc32 checksum mismatch") ||
		strings.Contains(s, "unsupported message version") ||
		strings.Contains(s, "impossible record set")
}
