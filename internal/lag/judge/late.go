package judge

import "time"

// behind judges a partition that is late by more than Late in every sample of LateFor.
func (p *Partition) behind(now time.Time, s Sample) (Verdict, bool) {
	first := -1
	for i := len(p.kept) - 1; i >= 0 && p.late(i) > Late; i-- {
		first = i
	}
	if first < 0 || now.Sub(p.kept[first].At) < LateFor {
		return Verdict{}, false
	}
	from := p.kept[0]
	took := s.At.Sub(from.At).Seconds()
	gained := (s.Commit - from.Commit) - (s.End - from.End)
	late := p.late(len(p.kept) - 1)
	if took <= 0 || gained <= 0 {
		v := s.verdict(Behind, "losing", "at least %s behind, and not catching up%s", seconds(late), s.standing())
		v.NotGaining = true
		return v, true
	}
	rest := time.Duration(float64(s.End-s.Commit) / (float64(gained) / took) * float64(time.Second))
	v := s.verdict(Behind, "gaining", "at least %s behind, caught up in about %s%s", seconds(late), seconds(rest), s.standing())
	v.CatchUp = rest
	return v, true
}

// late is at least how long the record that is due at sample i had been in the log: since
// the first of the kept samples whose end was above it.
func (p *Partition) late(i int) time.Duration {
	s := p.kept[i]
	if !s.waits() || !s.Committed {
		return 0
	}
	since := s.At
	for j := i; j >= 0 && p.kept[j].End > s.Commit; j-- {
		since = p.kept[j].At
	}
	return s.At.Sub(since)
}
