package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/retry"
	"runrate/internal/stream"
)

// Group gives the partitions of one topic to workers, as the consumer group
// protocol assigns them to this process.
type Group struct {
	ID     string // consumer group
	Topic  stream.Topic
	Config broker.Config
	// Worker makes the worker of a partition for one generation of the group;
	// partitions is how many the topic has now.
	Worker func(source stream.Source, partitions int32, member broker.Member) (*Worker, error)
	// Session is after how long without a heartbeat a member counts as gone, and
	// its partitions go to others. 0 stands for DefaultSession.
	Session time.Duration
	Client  *broker.Client
	Logger  *zap.Logger
	// Board, if there is one, is told how the partitions do.
	Board *Board
	// Halted, if there is one, is told why a partition is halted, which then is not
	// tried again.
	Halted func(error)

	kept keeping // from one generation to the next
}

// DefaultSession is Group.Session unless told otherwise.
const DefaultSession = 10 * time.Second

// A member sends its heartbeats in time for several to get lost, and has
// rebalanceTimeout to flush and rejoin when others come or go. So long, too, all
// wait for a member that was killed in the midst of a rebalance. They must not
// lose patience before the coordinator does, or they come back as new members
// and make it wait anew: so requestTimeout, which kafka-go adds to the time that
// joining may take (rebalanceTimeout) and syncing (the session).
const (
	longestHeartbeat = time.Second
	heartbeats       = 4 // within a session, at least
	rebalanceTimeout = lastFlush + 5*time.Second
	requestTimeout   = rebalanceTimeout + 5*time.Second
)

// halts is how long a halted partition waits before it looks whether it may go on:
// somebody may have granted a right, migrated, accepted a loss.
var halts = retry.Policy{First: 5 * time.Second, Longest: time.Minute}

// Run takes part in the group until ctx ends, which is no error. Each assigned
// partition is folded by its own worker; one that must not go on is halted: it
// says so and stands still, and looks again whether it may, while the others
// continue.
func (g *Group) Run(ctx context.Context) error {
	dialer, err := g.Config.Dialer()
	if err != nil {
		return err
	}
	session := g.Session
	if session <= 0 {
		session = DefaultSession
	}
	if g.Board == nil {
		g.Board = NewBoard()
	}
	heartbeat := min(longestHeartbeat, session/heartbeats)
	balancer := &sticky{}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: g.ID, Brokers: g.Config.Brokers, Topics: []string{g.Client.InKafka(g.Topic).String()}, Dialer: dialer,
		// range is what all members can while some are of a program that knows no other.
		GroupBalancers:    []kafka.GroupBalancer{balancer, kafka.RangeGroupBalancer{}},
		HeartbeatInterval: heartbeat, SessionTimeout: session, RebalanceTimeout: rebalanceTimeout,
		Timeout: requestTimeout, JoinGroupBackoff: heartbeat, StartOffset: kafka.FirstOffset,
		ErrorLogger: kafka.LoggerFunc(func(format string, args ...any) {
			g.Logger.Debug("kafka group: " + fmt.Sprintf(format, args...))
		}),
	})
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.ID, err)
	}
	defer group.Close()
	away := false // the coordinator was, last time
	for {
		generation, err := group.Next(ctx)
		if ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed) {
			return nil
		}
		if err != nil {
			if !away {
				g.Logger.Warn("cannot join the group; trying again until it works", zap.String("group", g.ID), zap.Error(err))
			}
			away = true
			continue
		}
		away = false
		balancer.assigned(generation)
		g.begin(generation)
	}
}

// begin starts a worker for each partition of a generation. The generation ends
// when its context does, or when any function started on it returns: so the
// functions stay until then.
func (g *Group) begin(generation *kafka.Generation) {
	member := broker.Member{Group: g.ID, Generation: generation.ID, ID: generation.MemberID}
	assigned := generation.Assignments[g.Client.InKafka(g.Topic).String()]
	g.Logger.Info("partitions assigned", zap.String("group", g.ID), zap.Int32("generation", generation.ID), zap.Int("partitions", len(assigned)))
	g.Board.Join()
	g.kept.only(assigned)
	if len(assigned) == 0 {
		generation.Start(func(ctx context.Context) { <-ctx.Done() })
	}
	for _, a := range assigned {
		source := stream.Source{Topic: g.Topic, Partition: int32(a.ID)}
		generation.Start(func(ctx context.Context) {
			g.run(ctx, source, member)
			<-ctx.Done()
		})
	}
}

// run folds one partition. Where it must not go on, run says so, and tries again
// after a while.
func (g *Group) run(ctx context.Context, source stream.Source, member broker.Member) {
	defer g.Board.leave(source)
	logger := g.Logger.With(zap.Stringer("topic", source.Topic), zap.Int32("partition", source.Partition))
	g.Board.assigned(source)
	var last *Halted
	halts.Each(ctx, func() (again bool) {
		err := g.fold(ctx, source, member)
		switch {
		case ctx.Err() != nil || err == nil:
			return false
		case fault.KindOf(err) == fault.Fenced:
			logger.Info("partition given up: the group has moved on", zap.Error(err))
			return false
		}
		h := halt(source, err)
		g.Board.halt(h)
		if last == nil || last.Error() != h.Error() {
			logger.Error("partition is halted: it needs an operator; the others go on", zap.String("reason", string(h.Reason)), zap.Error(h))
		}
		last = h
		if g.Halted != nil {
			g.Halted(h)
			return false
		}
		return true
	})
}

func (g *Group) fold(ctx context.Context, source stream.Source, member broker.Member) error {
	partitions, err := g.partitions(ctx, source.Topic)
	if err != nil {
		return err
	}
	w, err := g.Worker(source, partitions, member)
	if err != nil {
		return err
	}
	w.config.Kept = g.kept.take(source)
	err = w.Run(ctx)
	g.kept.put(source, w.Keep())
	return err
}

func (g *Group) partitions(ctx context.Context, topic stream.Topic) (n int32, err error) {
	var doubt doubt
	err = retry.Patient.Do(ctx, g.Logger, "count the partitions", func(ctx context.Context) (err error) {
		n, err = g.Client.Partitions(ctx, topic)
		return doubt.about(err)
	})
	return n, err
}
