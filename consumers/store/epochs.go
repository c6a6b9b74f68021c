package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/fault"
	"runrate/internal/stream"
)

// entries is the table of what epochs are folded from, and which was switched to.
const entries = "epoch_entries"

// Record is what an epoch of a topic is folded from, beside the log. It is
// written once, when the epoch is opened; gaps and the switch are added to it.
type Record struct {
	Topic      stream.Topic // the kind's, by the name of the contract
	Epoch      uint32
	Kafka      string // name of the topic in Kafka; "" stands for Topic's
	Partitions int32  // of the topic in Kafka, 1 or more
	Rules      uint32 // version of the rules of folding
	Settings   string // that rows depend on
	Reason     string
	Shards     int // that its rows are spread over by partition, 1 or more; Settings say it (WithShards)
	// CopiedFrom is where the topic was copied from, nil if it was not.
	CopiedFrom *CopiedFrom
	// LogIdentity is the first record of each partition that had one, as
	// topic/partition@offset=fingerprint.
	LogIdentity []string
	// Exclusions are the control records that are left out, in ascending order. Here they
	// go by Topic; what is kept, and shown, goes by the name in Kafka, which tells whose
	// offsets they are.
	Exclusions []stream.Place
	// Gaps are those that are folded over, in ascending order.
	Gaps []Gap
	// HandOver is where consumers go on that had folded an epoch before; nil where
	// nothing was handed over. It is written by the switch.
	HandOver map[int32]HandOver
}

// CopiedFrom is a topic that was copied into another one, and where it ended: nobody
// may write to it any more.
type CopiedFrom struct {
	Topic string                  `json:"topic"`
	Ends  map[int32]stream.Offset `json:"ends"`
}

// HandOver is where a consumer goes on with a partition: a commit to make.
type HandOver struct {
	Next     stream.Offset `json:"next"`
	Metadata string        `json:"metadata"`
}

// Epoch is the logic epoch that views show of a topic: the highest that was
// switched to, 0 if none was.
func (s *Store) Epoch(ctx context.Context, topic stream.Topic) (uint32, error) {
	var epoch uint32
	err := s.queryOwn(ctx, entries, "read the epoch of "+topic.String(), func(scan func(...any) error) error { return scan(&epoch) },
		`SELECT max(epoch) FROM `+s.database.Of(entries)+` WHERE topic = ? AND entry = 'switched'`, topic.String())
	return epoch, err
}

// Record returns the record of an epoch; ok is false if it was never opened.
func (s *Store) Record(ctx context.Context, topic stream.Topic, epoch uint32) (r Record, ok bool, err error) {
	op := fmt.Sprintf("read the record of %s, epoch %d", topic, epoch)
	r = Record{Topic: topic, Epoch: epoch}
	err = s.queryOwn(ctx, entries, op, func(scan func(...any) error) error {
		var entry, kafka, settings, handOver, reason, exclusions, identity, copied string
		var partitions int32
		var rules uint32
		if err := scan(&entry, &kafka, &partitions, &rules, &settings, &handOver, &reason, &exclusions, &identity, &copied); err != nil {
			return err
		}
		if entry == "opened" {
			ok = true
			r.Kafka, r.Partitions, r.Rules, r.Settings, r.Reason = kafka, partitions, rules, settings, reason
			r.Shards = ShardsIn(settings)
			r.LogIdentity = append(r.LogIdentity, strings.Fields(identity)...) // nil if there is none
			if r.Exclusions, err = places(topic, exclusions); err == nil && copied != "" {
				err = json.Unmarshal([]byte(copied), &r.CopiedFrom)
			}
			return err
		}
		if handOver == "" {
			return nil
		}
		if err := json.Unmarshal([]byte(handOver), &r.HandOver); err != nil {
			return fmt.Errorf("the hand-over: %w", err)
		}
		return nil
	}, `SELECT entry, kafka_topic, partitions, rules, settings, hand_over, reason, exclusions, log_identity, copied_from FROM `+s.database.Of(entries)+
		` FINAL WHERE topic = ? AND epoch = ? AND entry IN ('opened', 'switched')`, topic.String(), epoch)
	if err != nil || !ok {
		return r, ok, err
	}
	s.learn(r.Shards)
	r.Gaps, err = s.gaps(ctx, topic, epoch)
	return r, ok, err
}

// Names are what the input topics are called in Kafka, by the epochs that views show;
// those of a topic that was never folded are in otherwise.
func (s *Store) Names(ctx context.Context, otherwise stream.Names) (stream.Names, error) {
	for _, kind := range stream.Kinds() {
		epoch, err := s.Epoch(ctx, kind.Topic())
		if err != nil {
			return otherwise, err
		}
		r, opened, err := s.Record(ctx, kind.Topic(), epoch)
		if err != nil {
			return otherwise, err
		}
		if opened && r.Kafka != "" {
			otherwise = otherwise.With(kind, r.Kafka)
		}
	}
	return otherwise, nil
}

// places reads exclusions as they are kept.
func places(topic stream.Topic, text string) (all []stream.Place, err error) {
	for _, field := range strings.Fields(text) {
		p, err := topic.Kind().ParsePlace(field)
		if err != nil {
			return nil, fmt.Errorf("the exclusions: %w", err)
		}
		all = append(all, p.In(topic))
	}
	return all, nil
}

// LeftOut are the exclusions by the name in Kafka, as the view epochs shows them.
func (r Record) LeftOut() string {
	in := r.Topic.Kind().Named(cmp.Or(r.Kafka, r.Topic.String()))
	texts := make([]string, len(r.Exclusions))
	for i, p := range r.Exclusions {
		texts[i] = p.In(in).String()
	}
	return strings.Join(texts, " ")
}

// OpenEpoch writes the record of an epoch that has none; its gaps first, so that
// no record is without them.
func (s *Store) OpenEpoch(ctx context.Context, r Record) error {
	op := fmt.Sprintf("open epoch %d of %s", r.Epoch, r.Topic)
	if r.Partitions <= 0 {
		return &Error{Op: op, Kind: fault.Defect, Err: fmt.Errorf("%d partitions, want 1 or more", r.Partitions)}
	}
	for _, gap := range r.Gaps {
		if err := s.AcceptGap(ctx, r.Topic, r.Epoch, gap); err != nil {
			return err
		}
	}
	copied := ""
	if r.CopiedFrom != nil {
		b, err := json.Marshal(r.CopiedFrom)
		if err != nil {
			return &Error{Op: op, Kind: fault.Defect, Err: err}
		}
		copied = string(b)
	}
	return s.exec(ctx, op, `INSERT INTO `+s.database.Of(entries)+
		` (topic, epoch, entry, kafka_topic, partitions, rules, settings, reason, exclusions, log_identity, copied_from, controls) SELECT ?, ?, 'opened', ?, ?, ?, ?, ?, ?, ?, ?, 1`,
		r.Topic.String(), r.Epoch, cmp.Or(r.Kafka, r.Topic.String()), r.Partitions, r.Rules, r.Settings, r.Reason, r.LeftOut(), strings.Join(r.LogIdentity, " "), copied)
}

// SwitchEpoch makes all views show an epoch of a topic, at once, unless a higher
// one was switched to. Consumers go on from handOver.
func (s *Store) SwitchEpoch(ctx context.Context, topic stream.Topic, epoch uint32, handOver map[int32]HandOver, reason string) error {
	op := fmt.Sprintf("switch %s to epoch %d", topic, epoch)
	where, err := json.Marshal(handOver)
	if err != nil {
		return &Error{Op: op, Kind: fault.Defect, Err: err}
	}
	return s.exec(ctx, op, `INSERT INTO `+s.database.Of(entries)+` (topic, epoch, entry, hand_over, reason) SELECT ?, ?, 'switched', ?, ?`,
		topic.String(), epoch, string(where), reason)
}

// LastEpoch is the greatest logic epoch that a topic has a record or rows of.
func (s *Store) LastEpoch(ctx context.Context, topic stream.Topic) (uint32, error) {
	var last uint32
	row := func(scan func(...any) error) error {
		var epoch uint32
		err := scan(&epoch)
		last = max(last, epoch)
		return err
	}
	all, err := s.shards(ctx)
	for _, table := range []string{entries, progress.name()} {
		if err == nil {
			err = s.onEach(ctx, all, table, func(conn driver.Conn) error {
				return s.queryOn(ctx, conn, row, `SELECT max(epoch) FROM `+s.database.Of(table)+` WHERE topic = ?`, topic.String())
			})
		}
	}
	if err != nil {
		return 0, failure(ctx, "read the last epoch of "+topic.String(), err)
	}
	return last, nil
}

// AbandonEpochs writes of each epoch between two that it was begun, and is never to
// be shown.
func (s *Store) AbandonEpochs(ctx context.Context, topic stream.Topic, after, before uint32) error {
	op := fmt.Sprintf("abandon the epochs of %s before %d", topic, before)
	err := s.readOwn(ctx, entries, func(conn driver.Conn) error {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		table := s.database.Of(entries)
		return conn.Exec(ctx, `INSERT INTO `+table+` (topic, epoch, entry, reason)
SELECT topic, epoch, 'abandoned', 'its rebuild ended early' FROM `+table+` WHERE topic = ? AND epoch > ? AND epoch < ? GROUP BY topic, epoch HAVING countIf(entry != 'opened') = 0`,
			topic.String(), after, before)
	})
	if err != nil {
		return failure(ctx, op, err)
	}
	return nil
}
