package consume

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"runrate/consumers/worker"
	"runrate/internal/broker"
	"runrate/internal/fault"
	"runrate/internal/stream"
)

// lock is held by one process at a time, whatever it does to a topic as a whole.
// It is the only partition-holder of a consumer group that folds nothing; a
// process that dies lets go of it when its session ends. What the group has
// committed is a register: the highest epoch that anybody claimed, and what is
// being done. Only who holds the lock can write it.
type lock struct {
	client   *broker.Client
	kind     stream.Kind
	consumer *kafka.ConsumerGroup
	holds    atomic.Bool

	mu     sync.Mutex
	member broker.Member
}

// register is where the group commits.
var register = stream.Source{Topic: stream.Snapshots()}

// Busy says that another process holds the lock, and what it does.
type Busy struct {
	Kind stream.Kind
	What string // "" if it has not said yet
}

func (e *Busy) Error() string {
	what := e.What
	if what == "" {
		what = "beginning"
	}
	return fmt.Sprintf("a rebuild of %s is running (%s): wait until it ends, or end it", e.Kind.Topic(), what)
}

var errLockLost = errors.New("the lock was lost: Kafka was away for longer than a session, and another process took it; what was folded is not shown (begin again)")

func (l *lock) group() string { return l.kind.Group() + ".admin" }

// lock takes the lock of a kind, or returns Busy. The context that it returns ends,
// with the cause, when the lock is lost.
func (o Options) lock(ctx context.Context, kind stream.Kind) (*lock, context.Context, error) {
	l := &lock{client: o.Client, kind: kind}
	config := o.Client.Config()
	dialer, err := config.Dialer()
	if err != nil {
		return nil, nil, err
	}
	session := o.Session
	if session <= 0 {
		session = worker.DefaultSession
	}
	if l.consumer, err = kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: l.group(), Brokers: config.Brokers, Topics: []string{register.Topic.String()}, Dialer: dialer,
		GroupBalancers: []kafka.GroupBalancer{oneHolder{&l.holds}}, HeartbeatInterval: min(time.Second, session/4),
		SessionTimeout: session, RebalanceTimeout: session, JoinGroupBackoff: time.Second, StartOffset: kafka.FirstOffset,
	}); err != nil {
		return nil, nil, fmt.Errorf("join group %s: %w", l.group(), err)
	}
	generation, err := l.consumer.Next(ctx)
	for until := time.Now().Add(waits); err != nil && ctx.Err() == nil && time.Now().Before(until); {
		generation, err = l.consumer.Next(ctx) // it was disturbed by others that ask, or Kafka is away
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("take the lock of %s: %w", kind.Topic(), err), l.consumer.Close())
	}
	if !l.enter(generation) {
		_, what, err := l.read(ctx)
		return nil, nil, errors.Join(&Busy{kind, what}, err, l.consumer.Close())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go l.keep(ctx, cancel)
	return l, ctx, nil
}

// enter takes a generation's place, and says whether it holds the lock.
func (l *lock) enter(generation *kafka.Generation) bool {
	held := len(generation.Assignments[register.Topic.String()]) > 0
	l.holds.Store(held)
	if held {
		l.mu.Lock()
		l.member = broker.Member{Group: l.group(), Generation: generation.ID, ID: generation.MemberID}
		l.mu.Unlock()
	}
	generation.Start(func(ctx context.Context) { <-ctx.Done() })
	return held
}

// keep goes from generation to generation: each process that asks for the lock
// makes one.
func (l *lock) keep(ctx context.Context, lost context.CancelCauseFunc) {
	for {
		generation, err := l.consumer.Next(ctx)
		if ctx.Err() != nil || errors.Is(err, kafka.ErrGroupClosed) {
			return
		}
		if err == nil && !l.enter(generation) {
			lost(errLockLost)
			return
		}
	}
}

// release lets go of the lock.
func (l *lock) release() error { return l.consumer.Close() }

// read is the register.
func (l *lock) read(ctx context.Context) (highest uint32, what string, err error) {
	commits, err := l.client.Committed(ctx, l.group(), register.Topic)
	if err != nil {
		return 0, "", fmt.Errorf("read the register of group %s: %w", l.group(), err)
	}
	c := commits[register.Partition]
	if c.Next < 0 || c.Next > math.MaxUint32 {
		return 0, "", fmt.Errorf("read the register of group %s: %d is no epoch", l.group(), c.Next)
	}
	return uint32(c.Next), c.Metadata, nil
}

// write writes the register; it fails if the lock is not held any more.
func (l *lock) write(ctx context.Context, highest uint32, what string) error {
	what = what[:min(len(what), broker.MaxMetadata)]
	for {
		l.mu.Lock()
		member := l.member
		l.mu.Unlock()
		err := l.client.Commit(ctx, member, register, stream.Offset(highest), what)
		if kind := fault.KindOf(err); kind != fault.Fenced && kind != fault.Retry {
			return err
		}
		select { // until the next generation, or the lock is lost
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// oneHolder gives all of a group to one member: to the one that has it, or else to
// the first.
type oneHolder struct{ holds *atomic.Bool }

const holding = "holds"

// ProtocolName is the name that all members must agree on.
func (oneHolder) ProtocolName() string { return "runrate-one-holder" }

// UserData tells the other members whether this one has the lock.
func (b oneHolder) UserData() ([]byte, error) {
	if b.holds.Load() {
		return []byte(holding), nil
	}
	return nil, nil
}

// AssignGroups chooses the member.
func (oneHolder) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	assigned := kafka.GroupMemberAssignments{}
	chosen := members[0].ID
	for _, m := range members {
		assigned[m.ID] = map[string][]int{register.Topic.String(): {}}
		chosen = min(chosen, m.ID)
	}
	for _, m := range members {
		if string(m.UserData) == holding {
			chosen = m.ID
		}
	}
	for _, p := range partitions {
		if p.Topic == register.Topic.String() {
			assigned[chosen][p.Topic] = append(assigned[chosen][p.Topic], p.ID)
		}
	}
	return assigned
}
