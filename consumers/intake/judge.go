// Package intake decides what becomes of each record before a fold sees it:
// refused with a reason, a duplicate, a control record, or a candidate for the
// numbers. It keeps the partition's clock and its accounting.
//
// Judge holds the rules that need no state (DEFINITIONS R1 to R4), Gate the ones
// that do (R5 to R7). R8 needs the price book and is the usage fold's. The
// package is pure: no Kafka, no ClickHouse, no clock of its own.
package intake

import (
	"bytes"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// Judged is a record with the verdict of DEFINITIONS R1 to R4: either an event,
// or the refusal of the first rule that failed.
type Judged struct {
	Record   stream.Record
	Event    event.Event
	Identity [16]byte        // of a data event that no rule refused
	Book     *pricebook.Book // of a pricebook.published that no rule refused
	Refusal  *event.Refusal
}

// Judge applies DEFINITIONS R1 to R4 to the records of one source partition. It holds
// scratch space: one Judge per goroutine.
type Judge struct {
	source     stream.Source
	partitions int32
	decoder    event.Decoder
}

// NewJudge is the judge of a source whose topic has this many partitions.
func NewJudge(source stream.Source, partitions int32) *Judge {
	return &Judge{source: source, partitions: partitions}
}

// Judge decodes one record and applies R1 to R4 in their order.
func (j *Judge) Judge(record stream.Record) Judged {
	e, refusal := j.decoder.Decode(record.Value)
	if refusal == nil {
		refusal = j.wrongTopic(e.Type)
	}
	if refusal == nil && !e.Type.Control() {
		refusal = j.wrongPartition(record.Key, e.Account)
	}
	if refusal == nil {
		refusal = e.Invalid
	}
	var book *pricebook.Book
	if refusal == nil && e.Type == event.PricebookPublished {
		book, refusal = readBook(e.PriceBook)
	}
	judged := Judged{Record: record, Refusal: refusal}
	if refusal == nil {
		judged.Event, judged.Book = e, book
		if !e.Type.Control() {
			judged.Identity = e.Identity()
		}
	}
	return judged
}

func readBook(data []byte) (*pricebook.Book, *event.Refusal) {
	book, err := pricebook.Parse(data)
	if err != nil {
		return nil, &event.Refusal{Reason: event.Invalid, Detail: "data is no valid price book: " + err.Error()}
	}
	return book, nil
}

// wrongTopic refuses an event of a kind that the other topic holds (DEFINITIONS R2).
func (j *Judge) wrongTopic(t event.Type) *event.Refusal {
	home := stream.UsageTopic
	if t == event.SubscriptionChanged {
		home = stream.SubscriptionsTopic
	}
	if t.Control() || home == j.source.Topic {
		return nil
	}
	return &event.Refusal{
		Reason: event.UnknownType,
		Detail: fmt.Sprintf("type is %q, which %s does not hold; send it to %s", t, j.source.Topic, home),
	}
}

// wrongPartition refuses a record that another partition's state would have to
// know of (DEFINITIONS R3).
func (j *Judge) wrongPartition(key []byte, account event.Account) *event.Refusal {
	if !bytes.Equal(key, []byte(account)) {
		return &event.Refusal{
			Reason: event.WrongPartition,
			Detail: fmt.Sprintf("the record's key is %.80q and the subject %.80q; they must be equal", key, account),
		}
	}
	if home := stream.Partition(key, j.partitions); home != j.source.Partition {
		return &event.Refusal{
			Reason: event.WrongPartition,
			Detail: fmt.Sprintf("subject %.80q belongs on partition %d (murmur2 of the key, %d partitions), not on %d",
				account, home, j.partitions, j.source.Partition),
		}
	}
	return nil
}
