package judge

import (
	"testing"
	"time"
)

var began = time.Unix(1_800_000_000, 0).UTC()

// at is a sample at second t of a partition that is owned.
func at(t int, commit, end int64) Sample {
	return Sample{At: began.Add(time.Duration(t) * time.Second), Committed: true, Commit: commit, End: end, Rows: true, Owner: Owned}
}

// TestTooFewSamplesAreNotOK: records wait, and nobody has seen yet whether they are folded.
func TestTooFewSamplesAreNotOK(t *testing.T) {
	var p Partition
	for s := 0; s < 60; s += 5 {
		if v := p.Observe(at(s, 10, 20)); v.Status != Unknown || v.Reason != TooFew || v.Lag != 10 {
			t.Fatalf("at %d s: %+v", s, v)
		}
	}
	if v := p.Observe(at(60, 10, 20)); v.Status != Stalled {
		t.Errorf("%+v", v)
	}
	for name, second := range map[string]Sample{"the commit moves": at(5, 11, 40), "all is folded": at(5, 20, 20)} {
		var p Partition
		p.Observe(at(0, 10, 20))
		if v := p.Observe(second); v.Status != OK {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestTold: one look tells of what is caught up, lost or halted; of what waits, a commit
// that reaches the end as it was at first, or a minute and more.
func TestTold(t *testing.T) {
	lost, halted := at(0, 30, 20), at(0, 10, 20)
	halted.Spoke, halted.Halted = true, "log_gap"
	for name, s := range map[string]Sample{"caught up": at(0, 20, 20), "lost": lost, "halted": halted} {
		var p Partition
		p.Observe(s)
		if !p.Told(s.At) {
			t.Errorf("%s: not told", name)
		}
	}
	var p Partition
	for i, c := range []struct {
		s    Sample
		told bool
	}{{at(0, 10, 20), false}, {at(5, 15, 30), false}, {at(10, 20, 40), true}} {
		p.Observe(c.s)
		if p.Told(c.s.At) != c.told {
			t.Errorf("sample %d: told is %t", i, !c.told)
		}
	}
	var losing Partition
	for s := 0; s <= 75; s += 5 {
		sample := at(s, int64(10+s), int64(1000+10*s))
		v := losing.Observe(sample)
		if told := losing.Told(sample.At); told != (v.Status == Behind) && s < 75 {
			t.Errorf("at %d s: told is %t, %+v", s, told, v)
		}
		if s == 75 && v.Status != Behind {
			t.Errorf("%+v", v)
		}
	}
}
