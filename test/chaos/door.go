package chaos

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"runrate/consumers/store"
	"runrate/internal/broker"
	"runrate/internal/lag"
	"runrate/internal/retry"
	"runrate/internal/stream"
	"runrate/test/posting"
)

// doorWeights are how often each kind of kill comes while services post to a door, after each
// came once.
var doorWeights = []weight{{killDoor, 30}, {killDoorAndBroker, 8}, {hangDoor, 6}, {killBroker, 20}, {killConsumer, 10}, {killClickHouse, 10}, {killBoth, 4}}

// DoorReport is what a run of Door found.
type DoorReport struct {
	Seed                  uint64
	Kills                 []Kill
	Acknowledged, Counted int      // events
	Unanswered            int      // requests without an answer, or answered 503
	Wrong                 []string // events that are counted twice, or were acknowledged and are not counted
	Stopped               []string // log lines of partitions that stood still
}

// OK says whether the run found nothing, and had something to find.
func (r *DoorReport) OK() bool {
	return len(r.Wrong)+len(r.Stopped) == 0 && r.Acknowledged > 0 && r.Unanswered > 0
}

// WriteTo writes the report for people.
func (r *DoorReport) WriteTo(out io.Writer) (int64, error) {
	writeKills(out, r.Kills)
	for _, line := range append(r.Stopped, r.Wrong...) {
		fmt.Fprintln(out, line)
	}
	n, err := fmt.Fprintf(out, "seed %d: a door acknowledged %d events; %d are counted, %d of all are lost or counted twice; %d requests were not answered, or by 503\n",
		r.Seed, r.Acknowledged, r.Counted, len(r.Wrong), r.Unanswered)
	return int64(n), err
}

// Door has services post to a `runrate gateway` while it and the other parts are killed, and then
// holds what it acknowledged to what is counted: every event that was answered 202, or listed as
// accepted in a 422, is in ClickHouse exactly once. The error is why it could not be finished.
func Door(ctx context.Context, o Options) (*DoorReport, error) {
	o = o.withDefaults()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts, err := startParts(ctx, o, cancel)
	if err != nil {
		return nil, err
	}
	defer parts.stop()
	client, err := parts.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := controls(ctx, client); err != nil {
		return nil, err
	}
	if err := parts.openDoor(ctx); err != nil {
		return nil, err
	}
	k := &killer{parts: parts, log: o.Logger, random: rand.New(rand.NewPCG(o.Seed, 0x646f6f72))}
	report := &DoorReport{Seed: o.Seed}
	senders := posting.Start("http://"+parts.doorAddress+"/v1/events", 2)
	report.Kills, err = k.throughDoor(ctx, o.Kills, client, senders)
	acknowledged, unanswered := senders.End()
	if err == nil {
		err = report.count(ctx, parts, client, acknowledged)
	}
	report.Unanswered = unanswered
	if err != nil {
		return report, fmt.Errorf("%w\n%s", cause(ctx, err), parts.lastWords())
	}
	return report, nil
}

// throughDoor kills n times. After each, events are acknowledged again, and what the log had by
// then is folded, written and committed, before the next.
func (k *killer) throughDoor(ctx context.Context, n int, client *broker.Client, senders *posting.Senders) (kills []Kill, err error) {
	if err := acknowledgedMore(ctx, senders); err != nil {
		return nil, err
	}
	for i := range n {
		if err := pause(ctx, time.Duration(k.random.IntN(400))*time.Millisecond); err != nil {
			return kills, err
		}
		kind := k.kind(doorWeights)
		if i < len(doorWeights) {
			kind = doorWeights[i].kind
		}
		k.log.Info("kill", zap.Int("number", i+1), zap.String("kind", string(kind)))
		began := time.Now()
		if err = k.kill(ctx, kind); err == nil {
			if err = acknowledgedMore(ctx, senders); err == nil {
				err = settle(ctx, client)
			}
		}
		if err != nil {
			return kills, fmt.Errorf("kill %d, %s: %w", i+1, kind, err)
		}
		kills = append(kills, Kill{Kind: kind, Recover: time.Since(began)})
	}
	return kills, nil
}

// acknowledgedMore waits until more events are acknowledged.
func acknowledgedMore(ctx context.Context, senders *posting.Senders) error {
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	had := senders.Count()
	err := retry.Poll(ctx, 20*time.Millisecond, func(context.Context) (bool, error) { return senders.Count() >= had+100, nil })
	if err != nil {
		return fmt.Errorf("no events are acknowledged: %w", err)
	}
	return nil
}

// settle waits until what the log has now is committed.
func settle(ctx context.Context, client *broker.Client) error {
	ctx, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	return lag.Settle(ctx, client, stream.Inputs(), nil)
}

// count holds what was acknowledged to what is counted.
func (r *DoorReport) count(ctx context.Context, parts *parts, client *broker.Client, acknowledged map[string]bool) error {
	if err := settle(ctx, client); err != nil {
		return err
	}
	tables, err := store.Open(ctx, store.Options{Address: parts.tcp})
	if err != nil {
		return err
	}
	defer tables.Close()
	var counted []string
	if err := tables.Conn().QueryRow(ctx, "SELECT groupArray(id) FROM "+tables.Database().SQL()+".usage_events WHERE source = '"+posting.Source+"'").Scan(&counted); err != nil {
		return err
	}
	r.Acknowledged, r.Counted, r.Wrong = len(acknowledged), len(counted), posting.Compare(acknowledged, counted)
	r.Stopped, err = parts.complaints()
	return err
}

// controls are the prices and a tick, in every partition.
func controls(ctx context.Context, client *broker.Client) error {
	for _, topic := range stream.Inputs() {
		for p := range int32(partitions) {
			if _, err := client.Append(ctx, topic, p, posting.Controls()); err != nil {
				return err
			}
		}
	}
	return nil
}
