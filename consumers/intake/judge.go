// Package intake decides what becomes of each record before a fold sees it:
// refused with a reason, a duplicate, a control record, or a candidate for the
// numbers. It keeps the partition's clock and its accounting.
//
// Judge holds the rules that need no state (DEFINITIONS R1 to R4), Gate the ones
// that do (R5 to R7, R9). R8 needs the price book and is the usage fold's. The
// package is pure: no Kafka, no ClickHouse, no clock of its own.
package intake

import (
	"bytes"
	"fmt"

	"runrate/internal/event"
	"runrate/internal/fx"
	"runrate/internal/pricebook"
	"runrate/internal/stream"
)

// Judged is a record with the verdict of DEFINITIONS R1 to R4: either an event,
// or the refusal of the first rule that failed, or neither if it is skipped.
type Judged struct {
	Record   stream.Record
	Event    event.Event
	Identity [16]byte        // of a data event that no rule refused
	Clock    event.Time      // of the partition when it is folded, 0 before the first tick; set of a candidate
	Book     *pricebook.Book // of a pricebook.published that no rule refused
	Rates    *fx.Set         // of a rates.published that no rule refused
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

// Reuse says that what was judged so far is not used any more: the data of usage events
// is overwritten. An account or id of one that is kept must be cloned (event.Decoder.Reuse).
func (j *Judge) Reuse() { j.decoder.Reuse() }

// Judge decodes one record and applies R1 to R4 in their order. One that is skipped
// is not looked at.
func (j *Judge) Judge(record *stream.Record, judged *Judged) {
	*judged = Judged{Record: *record}
	if record.Skipped {
		return
	}
	e := &judged.Event
	refusal := j.decoder.Read(e, record.Headers, record.Value)
	if refusal == nil {
		refusal = j.wrongTopic(e.Type)
	}
	if refusal == nil && !e.Type.Control() {
		refusal = j.wrongPartition(record.Key, e.Account)
	}
	if refusal == nil {
		refusal = e.Invalid
	}
	if refusal == nil {
		refusal = judged.readDocument(e)
	}
	switch judged.Refusal = refusal; {
	case refusal != nil:
		*e = event.Event{}
	case !e.Type.Control():
		judged.Identity = e.Identity()
	}
}

// readDocument reads what a control record sets.
func (j *Judged) readDocument(e *event.Event) (refusal *event.Refusal) {
	switch e.Type {
	case event.PricebookPublished:
		j.Book, refusal = readBook(e.PriceBook)
	case event.RatesPublished:
		j.Rates, refusal = readRates(e.Rates)
	}
	return refusal
}

func readRates(data []byte) (*fx.Set, *event.Refusal) {
	set, err := fx.Parse(data)
	if err != nil {
		return nil, &event.Refusal{Reason: event.Invalid, Detail: "data is no valid set of rates: " + err.Error() + " (runrate rates validate checks one before it is published)"}
	}
	return set, nil
}

func readBook(data []byte) (*pricebook.Book, *event.Refusal) {
	book, err := pricebook.Parse(data)
	if err != nil {
		return nil, &event.Refusal{Reason: event.Invalid, Detail: "data is no valid price book: " + err.Error() + " (runrate prices validate checks a book before it is published)"}
	}
	return book, nil
}

// wrongTopic refuses an event of a type that another topic holds (DEFINITIONS R2).
func (j *Judge) wrongTopic(t event.Type) *event.Refusal {
	if j.source.Topic.Kind().Holds(t) {
		return nil
	}
	home, _ := stream.Home(t)
	return &event.Refusal{
		Reason: event.UnknownType,
		Detail: fmt.Sprintf("type is %q, which %s does not hold; send it to %s", t, j.source.Topic, home.Topic()),
	}
}

// wrongPartition refuses a record that another partition's state would have to
// know of (DEFINITIONS R3).
func (j *Judge) wrongPartition(key []byte, account event.Account) *event.Refusal {
	if !bytes.Equal(key, []byte(account)) {
		shown := "null"
		if key != nil {
			shown = fmt.Sprintf("%.80q", key)
		}
		return &event.Refusal{
			Reason: event.WrongPartition,
			Detail: fmt.Sprintf("the record's key is %s and the subject %.80q; they must be equal: %s", shown, account, mendKey(key, account)),
		}
	}
	if home := stream.Partition(key, j.partitions); home != j.source.Partition {
		return &event.Refusal{
			Reason: event.WrongPartition,
			Detail: fmt.Sprintf("subject %.80q belongs on partition %d (murmur2 of the key, %d partitions), not on %d: %s",
				account, home, j.partitions, j.source.Partition, mendPartitioner),
		}
	}
	return nil
}

// mendKey is the way out of a key that is not the account.
func mendKey(key []byte, account event.Account) string {
	switch {
	case len(key) > 1 && key[0] == '"' && key[len(key)-1] == '"':
		return "serialize the key as a plain string, not as JSON"
	case len(key) > 0 && key[0] == 0 && bytes.HasSuffix(key, []byte(account)):
		return "serialize the key as a plain string, without a schema registry"
	}
	return "give the record its subject as the key"
}

// mendPartitioner is how the clients that people use are told to place a record
// as Kafka's own do.
const mendPartitioner = "set librdkafka's partitioner=murmur2_random, kafka-go's Balancer to kafka.Murmur2Balancer{}, " +
	"in sarama a murmur2 hash in place of FNV (WithCustomHashFunction, WithAbsFirst), " +
	"in Java no partitioner and no partition of your own; then runrate redrive"
