package worker

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"pgregory.net/rapid"
)

// TestDeal: who gets which partitions of a topic, by who had which.
func TestDeal(t *testing.T) {
	for _, c := range []struct {
		name       string
		members    map[string]claim
		partitions int
		want       map[string][]int
	}{
		{"nobody had anything", map[string]claim{"a": {}, "b": {}, "c": {}}, 8, map[string][]int{"a": {0, 1, 2}, "b": {3, 4, 5}, "c": {6, 7}}},
		{"nothing moves", map[string]claim{"a": {1, []int{6, 7}}, "b": {1, []int{0, 2, 4}}, "c": {1, []int{1, 3, 5}}}, 8,
			map[string][]int{"a": {6, 7}, "b": {0, 2, 4}, "c": {1, 3, 5}}},
		{"one has left", map[string]claim{"a": {1, []int{0, 1}}, "b": {1, []int{2, 3}}}, 6, map[string][]int{"a": {0, 1, 4}, "b": {2, 3, 5}}},
		{"one has come", map[string]claim{"a": {}, "b": {1, []int{0, 1, 2}}, "c": {1, []int{3, 4, 5}}}, 6,
			map[string][]int{"a": {2, 5}, "b": {0, 1}, "c": {3, 4}}},
		{"the odd one stays with whom it was", map[string]claim{"a": {}, "b": {1, []int{1, 2, 3, 4, 0}}}, 5, map[string][]int{"a": {3, 4}, "b": {0, 1, 2}}},
		{"more members than partitions", map[string]claim{"a": {}, "b": {}, "c": {4, []int{0}}}, 2, map[string][]int{"a": {1}, "b": {}, "c": {0}}},
		{"two claim the same, one was away", map[string]claim{"a": {3, []int{0, 1}}, "b": {5, []int{0, 1}}}, 2, map[string][]int{"a": {1}, "b": {0}}},
		{"two claim the same at once", map[string]claim{"a": {3, []int{0, 1}}, "b": {3, []int{1, 2}}}, 4, map[string][]int{"a": {0, 1}, "b": {2, 3}}},
		{"what is not there any more", map[string]claim{"a": {3, []int{0, 1, 9, -4}}, "b": {}}, 2, map[string][]int{"a": {0}, "b": {1}}},
		{"partitions were added", map[string]claim{"a": {3, []int{1}}, "b": {3, []int{0}}}, 5, map[string][]int{"a": {1, 2, 3}, "b": {0, 4}}},
		{"nobody", nil, 3, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			partitions := make([]int, c.partitions)
			for p := range partitions {
				partitions[p] = p
			}
			got := deal(c.members, partitions)
			for id, dealt := range got {
				if len(dealt) == 0 {
					got[id] = []int{}
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("dealt %v, want %v", got, c.want)
			}
		})
	}
}

// TestDealProperties: each partition goes to one member, members differ by one at most, and
// no more move than must: a member that had more than its share gives the rest, and all
// that nobody had is given. Who leads, and in what order it knows the members, is no matter.
func TestDealProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "partitions")
		members := map[string]claim{}
		count := rapid.IntRange(1, 9).Draw(t, "members")
		for p := range n {
			if who := rapid.IntRange(0, count).Draw(t, "who"); who < count { // else nobody
				id := fmt.Sprint("member-", who)
				members[id] = claim{7, append(members[id].partitions, p)}
			}
		}
		partitions := make([]int, n)
		for p := range partitions {
			partitions[p] = p
		}
		for who := range count {
			members[fmt.Sprint("member-", who)] = claim{7, members[fmt.Sprint("member-", who)].partitions}
		}
		dealt := deal(members, partitions)
		to, stay, most := map[int]string{}, 0, 0
		for id, ps := range dealt {
			if l := len(ps); l != n/count && l != n/count+1 {
				t.Errorf("%s has %d of %d, among %d", id, l, n, count)
			}
			for _, p := range ps {
				if other, twice := to[p]; twice {
					t.Errorf("%d is dealt to %s and to %s", p, other, id)
				}
				to[p] = id
				if slices.Contains(members[id].partitions, p) {
					stay++
				}
			}
		}
		if len(to) != n {
			t.Errorf("%d of %d are dealt", len(to), n)
		}
		odd := n % count
		for _, had := range slices.SortedFunc(maps.Values(members), func(a, b claim) int { return len(b.partitions) - len(a.partitions) }) {
			share := n / count
			if odd > 0 {
				share, odd = share+1, odd-1
			}
			most += min(share, len(had.partitions))
		}
		if stay != most {
			t.Errorf("%d stay, and %d could", stay, most)
		}
		if again := deal(members, partitions); !reflect.DeepEqual(again, dealt) {
			t.Errorf("%v, then %v", dealt, again)
		}
	})
}

// TestSticky plays the protocol: what a member was assigned, it tells when it joins again,
// and the leader, whoever that is, leaves it there. A member of another program tells
// nothing that can be read, and has a share all the same.
func TestSticky(t *testing.T) {
	const topic, other = "runrate.usage", "runrate.usage.v2"
	partitions := []kafka.Partition{{Topic: other, ID: 0}}
	for p := range 6 {
		partitions = append(partitions, kafka.Partition{Topic: topic, ID: 5 - p})
	}
	fresh, had := &sticky{}, &sticky{}
	had.assigned(&kafka.Generation{ID: 4, Assignments: map[string][]kafka.PartitionAssignment{topic: {{ID: 5}, {ID: 1}, {ID: 3}}}})
	data := func(s *sticky) []byte {
		b, err := s.UserData()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	members := []kafka.GroupMember{
		{ID: "a", Topics: []string{topic}, UserData: data(fresh)},
		{ID: "b", Topics: []string{topic}, UserData: data(had)},
		{ID: "c", Topics: []string{topic}, UserData: []byte("\x00\x01 another program's")},
		{ID: "d", Topics: []string{other}},
	}
	want := kafka.GroupMemberAssignments{"a": {topic: {0, 2}}, "b": {topic: {1, 3}}, "c": {topic: {4, 5}}, "d": {other: {0}}}
	for range 20 {
		if got := fresh.AssignGroups(members, partitions); !reflect.DeepEqual(got, want) {
			t.Fatalf("assigned %v, want %v", got, want)
		}
		members = append(members[1:], members[0])
	}
	var told map[string]any
	if err := json.Unmarshal(data(had), &told); err != nil || told["generation"] != 4.0 {
		t.Errorf("it tells %v, %v", told, err)
	}
}
