package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

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
	return s + " (the topic must have cleanup.policy=delete and no transactional producer; rebuild the partition if records are lost)"
}

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
	if e.Offset > e.Range.End {
		why = "the log is shorter than it was: the topic was created anew or lost its tail"
	}
	return fmt.Sprintf("fetch %s@%d: the log holds %d up to %d: %s", e.Source, e.Offset, e.Range.First, e.Range.End, why)
}

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

// NoTopic says that the cluster has no such topic.
type NoTopic struct{ Topic stream.Topic }

func (e *NoTopic) Error() string {
	return fmt.Sprintf("topic %s does not exist: create the topics with `runrate topics`", e.Topic)
}

// Retryable says whether the same request may succeed later: connection
// trouble, a moved or missing leader, a coordinator that loads, a timeout. A
// request that timed out may have been carried out all the same.
func Retryable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var (
		gap     *Gap
		outside *OutOfRange
		corrupt *Corrupt
		fenced  *Fenced
		noTopic *NoTopic
	)
	if errors.As(err, &gap) || errors.As(err, &outside) || errors.As(err, &corrupt) ||
		errors.As(err, &fenced) || errors.As(err, &noTopic) {
		return false
	}
	var code kafka.Error
	if errors.As(err, &code) {
		switch code {
		case kafka.Unknown, kafka.BrokerNotAvailable, kafka.ReplicaNotAvailable:
			return true
		}
		return code.Temporary()
	}
	// The client's own view of the cluster, possibly behind the times.
	if errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, protocol.ErrNoLeader) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) {
		return true
	}
	var network *net.OpError
	var dns *net.DNSError
	var timeout net.Error
	return errors.As(err, &network) || errors.As(err, &dns) || (errors.As(err, &timeout) && timeout.Timeout())
}

// damaged recognizes the decoder's complaints about a record batch, which
// kafka-go reports as plain text.
func damaged(err error) bool {
	s := err.Error()
	return strings.Contains(s, "crc32 checksum mismatch") ||
		strings.Contains(s, "unsupported message version") ||
		strings.Contains(s, "impossible record set")
}
