package local

import (
	"context"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// reaper removes dead members from consumer groups that kfake would keep for
// ever: it starts a member's session timer only when an answer reaches it, so one
// that is killed while it waits for a rebalance stays in the group, with
// partitions that nobody folds. The reaper listens to what members send, and has
// those of a stable group leave that were silent for longer than their session.
type reaper struct {
	heard chan heard
	stop  chan struct{}
	done  chan struct{}
}

// heard is one request of a member. Session is set when it joins.
type heard struct {
	group, member string
	session       time.Duration
}

// A member is dead when it was silent for its session and so much more.
const (
	reapEvery = time.Second
	mercy     = 2 * time.Second
)

// startReaper listens to the groups of a cluster at addr.
func startReaper(cluster *kfake.Cluster, addr string) *reaper {
	r := &reaper{heard: make(chan heard, 1024), stop: make(chan struct{}), done: make(chan struct{})}
	listen := func(key kmsg.Key, what func(kmsg.Request) heard) {
		cluster.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			select {
			case r.heard <- what(req):
			case <-r.done:
			}
			return nil, nil, false
		})
	}
	listen(kmsg.JoinGroup, func(req kmsg.Request) heard {
		j := req.(*kmsg.JoinGroupRequest)
		return heard{j.Group, j.MemberID, time.Duration(j.SessionTimeoutMillis) * time.Millisecond}
	})
	listen(kmsg.SyncGroup, func(req kmsg.Request) heard {
		s := req.(*kmsg.SyncGroupRequest)
		return heard{group: s.Group, member: s.MemberID}
	})
	listen(kmsg.Heartbeat, func(req kmsg.Request) heard {
		h := req.(*kmsg.HeartbeatRequest)
		return heard{group: h.Group, member: h.MemberID}
	})
	go r.run(&kafka.Client{Addr: kafka.TCP(addr), Timeout: 5 * time.Second, Transport: &kafka.Transport{}})
	return r
}

// close ends the reaper. The cluster must still run.
func (r *reaper) close() {
	close(r.stop)
	<-r.done
}

// roll is what the reaper knows of a group.
type roll struct {
	session time.Duration        // the longest of its members
	last    map[string]time.Time // when a member was heard last, or first seen
}

func (r *reaper) run(client *kafka.Client) {
	defer close(r.done)
	defer client.Transport.(*kafka.Transport).CloseIdleConnections()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	groups := map[string]*roll{}
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	looked := make(chan struct{}, 1)
	looking := false
	answers := make(chan kafka.DescribeGroupsResponseGroup, 64)
	for {
		select {
		case <-r.stop:
			return
		case h := <-r.heard:
			g := groups[h.group]
			if g == nil {
				g = &roll{last: map[string]time.Time{}}
				groups[h.group] = g
			}
			g.session = max(g.session, h.session)
			g.last[h.member] = time.Now()
		case <-looked:
			looking = false
		case answer := <-answers:
			if dead := groups[answer.GroupID].dead(answer, time.Now()); len(dead) > 0 {
				go func() {
					// Should it fail, the next look finds the same.
					_, _ = client.LeaveGroup(ctx, &kafka.LeaveGroupRequest{GroupID: answer.GroupID, Members: dead})
				}()
			}
		case <-tick.C:
			if looking || len(groups) == 0 {
				continue
			}
			var ids []string
			for id := range groups {
				ids = append(ids, id)
			}
			looking = true
			go func() { // requests are answered only while the loop listens
				res, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: ids})
				if err == nil { // else the next look asks again
					for _, g := range res.Groups {
						select {
						case answers <- g:
						case <-ctx.Done():
						}
					}
				}
				looked <- struct{}{}
			}()
		}
	}
}

// dead is the members of a stable group that are not heard any more.
func (g *roll) dead(now kafka.DescribeGroupsResponseGroup, at time.Time) []kafka.LeaveGroupRequestMember {
	stable := now.Error == nil && now.GroupState == "Stable" && g.session > 0
	last := make(map[string]time.Time, len(now.Members))
	var dead []kafka.LeaveGroupRequestMember
	for _, m := range now.Members {
		heard, known := g.last[m.MemberID]
		if !known || !stable { // those that wait for a rebalance send nothing
			heard = at
		}
		last[m.MemberID] = heard
		if stable && at.Sub(heard) > g.session+mercy {
			dead = append(dead, kafka.LeaveGroupRequestMember{ID: m.MemberID})
		}
	}
	g.last = last
	return dead
}
