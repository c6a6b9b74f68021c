package store

import "testing"

// TestPlacement: the settings of an epoch say over how many shards its rows are, beside
// all else that they say.
func TestPlacement(t *testing.T) {
	for settings, want := range map[string]int{
		"": 1, "usage ARR = 13 x 28 days": 1, WithShards("usage ARR = 13 x 28 days", 2): 2, WithShards("", 12): 12, WithShards("x", 1): 1,
		"without runrate.usage/0@1 on 3 shards": 1,
	} {
		if got := ShardsIn(settings); got != want {
			t.Errorf("%q: %d shards, want %d", settings, got, want)
		}
	}
	if got := WithShards("", 2); got != "on 2 shards" {
		t.Errorf("%q", got)
	}
	if Misplaced(1, 1) != nil || Misplaced(2, 3) != nil || Misplaced(3, 2) == nil {
		t.Error("rows of more shards than there are can be reached, or those of fewer cannot")
	}
}
