package judge

import "time"

// TooFew is the reason of an unknown status where the log and the commit could be read:
// something waits, and no sample tells yet whether it moves. A partition that was never
// seen to move is not called ok.
const TooFew = "too_few_samples"

// brief says whether all that was seen is one commit with something to read behind it.
func (p *Partition) brief() bool {
	first, last := p.kept[0], p.kept[len(p.kept)-1]
	return last.waits() && p.stillSince().Equal(first.At) && len(p.kept) < Kept
}

// Told says whether the samples are enough to tell how the partition does: more of them
// change what is said only if it does otherwise. It takes a commit that reached what was
// the end at the first sample, or as long as a partition must stand still or be late.
func (p *Partition) Told(now time.Time) bool {
	if v := p.At(now); v.Status != OK && (v.Status != Unknown || v.Reason != TooFew) {
		return true
	}
	first, last := p.kept[0], p.kept[len(p.kept)-1]
	return !last.waits() || last.Committed && last.Commit >= first.End || now.Sub(first.At) > Late+LateFor
}
