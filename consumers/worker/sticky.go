package worker

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// sticky assigns partitions so that as few as possible move: each that moves is restored
// where it comes to. How many a member has differs by one at most. Each member tells the
// leader of the group what it had (UserData), and deal does the rest.
type sticky struct {
	mu  sync.Mutex
	had had
}

// had is what a member had, as it tells it. One that tells nothing, or nothing that can be
// read, had nothing.
type had struct {
	Generation int32            `json:"generation"`
	Partitions map[string][]int `json:"partitions"` // by topic
}

// ProtocolName is the name by which members agree on it.
func (*sticky) ProtocolName() string { return "runrate-sticky" }

// UserData is what this member tells of itself when it joins.
func (s *sticky) UserData() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.had)
}

// assigned takes down what a generation assigns to this member.
func (s *sticky) assigned(g *kafka.Generation) {
	now := had{Generation: g.ID, Partitions: map[string][]int{}}
	for topic, partitions := range g.Assignments {
		for _, p := range partitions {
			now.Partitions[topic] = append(now.Partitions[topic], p.ID)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.had = now
}

// AssignGroups is called where this member leads the group.
func (*sticky) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	all := kafka.GroupMemberAssignments{}
	told := map[string]had{}
	for _, m := range members {
		var h had
		if json.Unmarshal(m.UserData, &h) != nil {
			h = had{}
		}
		all[m.ID], told[m.ID] = map[string][]int{}, h
	}
	ids := map[string][]int{}
	for _, p := range partitions {
		ids[p.Topic] = append(ids[p.Topic], p.ID)
	}
	for topic, ids := range ids {
		slices.Sort(ids)
		claims := map[string]claim{}
		for _, m := range members {
			if slices.Contains(m.Topics, topic) {
				claims[m.ID] = claim{told[m.ID].Generation, told[m.ID].Partitions[topic]}
			}
		}
		for id, dealt := range deal(claims, ids) {
			all[id][topic] = dealt
		}
	}
	return all
}

// claim is what a member had of a topic, in which generation.
type claim struct {
	generation int32
	partitions []int
}

// deal gives the partitions of a topic, ascending, to its members: as evenly as can be,
// those that had more getting the odd ones, and each as many as it may of those it had.
// It depends on nothing but its arguments.
func deal(members map[string]claim, partitions []int) map[string][]int {
	if len(members) == 0 {
		return nil
	}
	had, free := settle(members, partitions)
	order := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(had[b]), len(had[a])), cmp.Compare(a, b))
	})
	each, odd := len(partitions)/len(members), len(partitions)%len(members)
	share := func(i int) int {
		if i < odd {
			return each + 1
		}
		return each
	}
	dealt := map[string][]int{}
	for i, id := range order {
		keep := min(share(i), len(had[id]))
		dealt[id] = had[id][:keep:keep]
		free = append(free, had[id][keep:]...)
	}
	slices.Sort(free)
	for i, id := range order {
		wants := share(i) - len(dealt[id])
		dealt[id] = append(dealt[id], free[:wants]...)
		free = free[wants:]
		slices.Sort(dealt[id])
	}
	return dealt
}

// settle tells who had which partitions, ascending, and which nobody had. Of two that say so
// of one, the later generation is right: the other was away when that began.
func settle(members map[string]claim, partitions []int) (had map[string][]int, free []int) {
	owner := map[int]string{}
	for _, id := range slices.Sorted(maps.Keys(members)) {
		for _, p := range members[id].partitions {
			if first, taken := owner[p]; !taken || members[id].generation > members[first].generation {
				owner[p] = id
			}
		}
	}
	had = map[string][]int{}
	for _, p := range partitions {
		if id, ok := owner[p]; ok {
			had[id] = append(had[id], p)
		} else {
			free = append(free, p)
		}
	}
	return had, free
}
