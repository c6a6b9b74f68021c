package chaos

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/event"
	"runrate/internal/lag"
	"runrate/internal/stream"
	"runrate/test/oracle"
)

// targets are the numbers of partitions that both topics get, one after the other.
var targets = []int32{5, 3, 6, 2}

// repartition gives both topics other partitions, rounds times, with a kill within each;
// publishers are done by then. It adds the kills to the report, and returns what the
// topics then hold, and in how many partitions.
func (k *killer) repartition(ctx context.Context, rounds int, report *Report) (oracle.Log, int32, error) {
	var n int32
	var log oracle.Log
	before, err := k.holds(ctx)
	if err != nil {
		return nil, 0, err
	}
	for round := range rounds {
		n = targets[round%len(targets)]
		for _, kind := range stream.Kinds() {
			began := time.Now()
			done, err := k.throughRepartition(ctx, kind, n)
			if err != nil {
				return nil, 0, fmt.Errorf("repartition %s into %d: %w", kind, n, err)
			}
			report.Kills = append(report.Kills, Kill{Kind: done, Recover: time.Since(began)})
			k.log.Info("repartitioned", zap.Stringer("topic", kind), zap.Int32("partitions", n), zap.Duration("after", time.Since(began)))
		}
		if log, err = k.holds(ctx); err != nil {
			return nil, 0, err
		}
		if err := sameData(before, log); err != nil {
			return nil, 0, err
		}
	}
	return log, n, nil
}

// throughRepartition begins a repartition, kills it or another part, and begins it again
// until it is done.
func (k *killer) throughRepartition(ctx context.Context, kind stream.Kind, n int32) (what Kind, err error) {
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	begin := func() (*job, error) {
		return k.parts.start("repartition-"+kind.String(), "repartition", kind.String(), "--partitions", fmt.Sprint(n), "--still", "500ms",
			"--brokers", k.parts.broker.Addr(), "--clickhouse", k.parts.tcp, "--kafka-timeout", "5s")
	}
	j, err := begin()
	if err != nil {
		return "", err
	}
	defer func() { j.kill() }()
	if err := pause(ctx, time.Duration(k.random.IntN(4000))*time.Millisecond); err != nil {
		return "", err
	}
	what = killRepartition
	if k.random.IntN(2) == 0 {
		j.kill()
	} else {
		what = withinRepartition
		if err := k.kill(ctx, []Kind{killConsumer, killClickHouse, killBroker}[k.random.IntN(3)]); err != nil {
			return what, err
		}
	}
	for {
		ended, err := j.wait(ctx)
		if err != nil {
			return what, err
		}
		if !ended { // it may have been killed after the switch
			ended, err = k.switched(ctx, kind, n)
		}
		if ended || err != nil {
			return what, err
		}
		if err := pause(ctx, time.Second); err != nil {
			return what, err
		}
		if j, err = begin(); err != nil {
			return what, err
		}
	}
}

// switched says whether the views show a topic of n partitions.
func (k *killer) switched(ctx context.Context, kind stream.Kind, n int32) (bool, error) {
	tables, err := store.Open(ctx, store.Options{Address: k.parts.tcp})
	if err != nil {
		return false, err
	}
	defer tables.Close()
	epoch, err := tables.Epoch(ctx, kind.Topic())
	if err != nil {
		return false, err
	}
	r, _, err := tables.Record(ctx, kind.Topic(), epoch)
	return r.Partitions == n, err
}

// holds waits until all is folded, and reads what the topics hold.
func (k *killer) holds(ctx context.Context) (oracle.Log, error) {
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	tables, err := store.Open(ctx, store.Options{Address: k.parts.tcp})
	if err != nil {
		return nil, err
	}
	defer tables.Close()
	names, err := tables.Names(ctx, stream.Names{})
	if err != nil {
		return nil, err
	}
	plain, err := k.parts.client()
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	client := plain.Named(names)
	if err := lag.Settle(ctx, client, stream.Inputs(), nil); err != nil {
		return nil, fmt.Errorf("after a repartition: %w", err)
	}
	log := oracle.Log{}
	for _, topic := range stream.Inputs() {
		ranges, err := client.Offsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		for p, held := range ranges {
			source := stream.Source{Topic: topic, Partition: p}
			for at := held.First; at < held.End; {
				records, _, err := client.Fetch(ctx, source, at, 8<<20, time.Second)
				if err != nil {
					return nil, err
				}
				log[source] = append(log[source], records...)
				at += stream.Offset(len(records))
			}
		}
	}
	return log, nil
}

// sameData makes sure that two logs have the same data records, whatever their order and
// place: none is lost, and none is there twice that was not.
func sameData(before, after oracle.Log) error {
	is, was := data(after), data(before)
	for topic, records := range was {
		if !slices.EqualFunc(records, is[topic], bytes.Equal) {
			return fmt.Errorf("%s has %d data records after it was copied, and had %d, or not the same", topic, len(is[topic]), len(records))
		}
	}
	return nil
}

// data are the values of each topic's data records, in order.
func data(log oracle.Log) map[stream.Topic][][]byte {
	values := map[stream.Topic][][]byte{}
	var decoder event.Decoder
	for source, records := range log {
		for _, r := range records {
			if e, refusal := decoder.Decode(r.Value); refusal != nil || !e.Type.Control() {
				values[source.Topic] = append(values[source.Topic], r.Value)
			}
		}
	}
	for _, all := range values {
		slices.SortFunc(all, bytes.Compare)
	}
	return values
}
