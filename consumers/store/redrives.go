package store

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/event"
	"runrate/internal/stream"
)

// redriveTable is what was published again. It is no rows.Table: no fold writes it.
const redriveTable = "redrive_versions"

// Redrive is what is remembered of a dead letter that is published again.
type Redrive struct {
	Letter LetterKey
	Event  EventKey
	Digest [16]byte      // DigestOf the copy
	To     stream.Topic  // where the copy goes
	After  stream.Offset // the copy's offset is not below it
	Sent   bool          // the copy was acknowledged
}

// DigestOf is by what copies of a record are known: the first 16 bytes of SHA-256 of its
// payload and, if there are any, its headers. RefusedAgain computes the same.
func DigestOf(headers []event.Header, payload []byte) [16]byte {
	h := sha256.New()
	h.Write(payload)
	if len(headers) > 0 {
		h.Write([]byte{0})
	}
	for _, header := range headers {
		h.Write([]byte(header.Name))
		h.Write([]byte{0})
		h.Write(header.Value)
		h.Write([]byte{0})
	}
	return [16]byte(h.Sum(nil)[:16])
}

// SaveRedrives adds to what is remembered. Nothing is ever taken back: a later row
// of the same dead letter only adds that its copy was sent.
func (s *Store) SaveRedrives(ctx context.Context, all []Redrive) error {
	if len(all) == 0 {
		return nil
	}
	op := fmt.Sprintf("remember %d redriven dead letters", len(all))
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	b, err := s.conn.PrepareBatch(bounded, "INSERT INTO "+s.database.Of(redriveTable)+
		" (topic, partition, `offset`, time, account, event_time, identity, digest, to_topic, after, sent)")
	if err != nil {
		return failure(ctx, op, err)
	}
	for _, r := range all {
		var sent uint8
		if r.Sent {
			sent = 1
		}
		err := b.Append(r.Letter.Topic, r.Letter.Partition, int64(r.Letter.Offset), r.Letter.Time.UTC(), string(r.Event.Account), r.Event.Time.UTC(),
			string(r.Event.Identity[:]), string(r.Digest[:]), r.To.String(), int64(r.After), sent)
		if err != nil {
			_ = b.Abort() // closes the connection, and with it the insert
			return failure(ctx, op, err)
		}
	}
	if err := b.Send(); err != nil {
		return failure(ctx, op, err)
	}
	return nil
}

// Redrives is what is remembered of payloads with these digests, a dead letter
// once: with Sent if any copy of it was acknowledged, and the lowest After.
func (s *Store) Redrives(ctx context.Context, digests [][16]byte) ([]Redrive, error) {
	var all []Redrive
	op := fmt.Sprintf("look up %d payloads among the redriven dead letters", len(digests))
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.readOwn(ctx, redriveTable, func(conn driver.Conn) error {
		wanted, err := digestTable(digests)
		if err != nil {
			return err
		}
		row := func(scan func(...any) error) error {
			r, err := scanRedrive(scan)
			all = append(all, r)
			return err
		}
		return s.queryOn(clickhouse.Context(ctx, clickhouse.WithExternalTable(wanted)), conn, row, `
SELECT topic, partition, offset, toUnixTimestamp64Micro(time), any(account), any(toUnixTimestamp64Micro(event_time)),
    any(identity), digest, any(to_topic), min(after), max(sent)
FROM `+s.database.Of(redriveTable)+`
WHERE digest IN (SELECT digest FROM wanted)
GROUP BY topic, partition, offset, time, digest
ORDER BY topic, partition, offset`)
	})
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	return all, nil
}

func scanRedrive(scan func(...any) error) (r Redrive, err error) {
	var account, identity, digest, to string
	var offset, micros, eventMicros, after int64
	var sent uint8
	if err := scan(&r.Letter.Topic, &r.Letter.Partition, &offset, &micros, &account, &eventMicros, &identity, &digest, &to, &after, &sent); err != nil {
		return r, err
	}
	topic, ok := stream.InputNamed(to)
	if !ok {
		return r, fmt.Errorf("a dead letter was redriven to %q, which is no input topic", to)
	}
	r.Letter.Offset, r.Letter.Time = stream.Offset(offset), event.Time(micros)
	r.Event = EventKey{Account: event.Account(account), Time: event.Time(eventMicros)}
	copy(r.Event.Identity[:], identity)
	copy(r.Digest[:], digest)
	r.To, r.After, r.Sent = topic, stream.Offset(after), sent != 0
	return r, nil
}

// RefusedAgain is, of those of the digests that a dead letter of the source at or
// above the offset from has as its payload's, the highest such offset.
func (s *Store) RefusedAgain(ctx context.Context, epoch uint32, source stream.Source, from stream.Offset, digests [][16]byte) (map[[16]byte]stream.Offset, error) {
	found := map[[16]byte]stream.Offset{}
	op := fmt.Sprintf("look for copies among the dead letters of %s from offset %d on", source, from)
	of, err := s.shardOf(ctx, epoch, source)
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	err = s.readOwnOf(ctx, of, deadLetters.name(), func(conn driver.Conn) error {
		wanted, err := digestTable(digests)
		if err != nil {
			return err
		}
		row := func(scan func(...any) error) error {
			var text string
			var offset int64
			if err := scan(&text, &offset); err != nil {
				return err
			}
			var digest [16]byte
			copy(digest[:], text)
			found[digest] = stream.Offset(offset)
			return nil
		}
		return s.queryOn(clickhouse.Context(ctx, clickhouse.WithExternalTable(wanted)), conn, row, `
SELECT CAST(substring(SHA256(if(empty(headers), payload,
    concat(payload, '\0', arrayStringConcat(arrayMap(h -> concat(h.1, '\0', h.2, '\0'), headers))))), 1, 16), 'FixedString(16)') AS digest, max(offset)
FROM `+s.database.Of(deadLetters.name())+`
WHERE topic = ? AND epoch = ? AND partition = ? AND offset >= ? AND digest IN (SELECT digest FROM wanted)
GROUP BY digest`, source.Topic.String(), epoch, source.Partition, int64(from))
	})
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	return found, nil
}

// digestTable is the digests as the table "wanted" of a query.
func digestTable(digests [][16]byte) (*ext.Table, error) {
	wanted, err := ext.NewTable("wanted", ext.Column("digest", "FixedString(16)"))
	if err != nil {
		return nil, err
	}
	for _, d := range digests {
		if err := wanted.Append(string(d[:])); err != nil {
			return nil, err
		}
	}
	return wanted, nil
}
