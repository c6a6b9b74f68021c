package redrive

import "runrate/consumers/store"

// plan is what is done about a batch.
type plan struct {
	before []store.Redrive // remembered before anything is sent
	send   []candidate
	after  []store.Redrive // remembered once all of send is acknowledged
}

// decide says what becomes of each candidate, and counts it.
func (r *run) decide(candidates []candidate, known *facts) plan {
	var p plan
	for _, c := range candidates {
		row := store.Redrive{Letter: c.letter, Event: c.key, Digest: c.digest, To: c.home.Topic(), After: known.ends[known.home(c)]}
		why := r.why(c, known)
		switch why {
		case "":
			if r.report.Sent >= r.options.Most {
				r.report.Full = true
				continue
			}
			r.report.Sent++
			r.sent[c.digest] = row.After
			p.send = append(p.send, c)
			p.before = append(p.before, row)
			row.Sent = true
			p.after = append(p.after, row)
			continue
		case Counted: // so that its state says so
			p.before = append(p.before, row)
		case Same: // the copy of the other is its copy, too
			row.After, row.Sent = r.sent[c.digest], true
			p.after = append(p.after, row)
		case RefusedAgain:
			p.before = append(p.before, resolved(known.remembered[c.digest])...)
		}
		r.report.Left[why]++
	}
	return p
}

// why is the reason for which a candidate is not sent, "" if it is.
func (r *run) why(c candidate, known *facts) Why {
	if _, ok := known.accepted[c.home][c.key.Identity]; ok {
		return Counted
	}
	if _, ok := r.sent[c.digest]; ok {
		return Same
	}
	if c.own != c.digest && !r.options.Again && anySent(known.remembered[c.own]) {
		return RefusedAgain // it is a copy itself
	}
	past := known.remembered[c.digest]
	if r.options.Again || len(past) == 0 {
		return ""
	}
	if anySent(past) {
		return RefusedAgain
	}
	// A run was ended between remembering and the acknowledgement.
	source := known.home(c)
	if at, ok := known.refused[source][c.digest]; ok && at >= lowest(past) {
		return RefusedAgain
	}
	if known.folded[source] < known.ends[source] {
		return Unknown
	}
	return "" // all of the log was judged, and no copy was in it
}

// resolved are rows that say of dead letters whose copy was found that it was sent.
func resolved(past []store.Redrive) []store.Redrive {
	if anySent(past) {
		return nil
	}
	var found []store.Redrive
	for _, p := range past {
		p.Sent = true
		found = append(found, p)
	}
	return found
}
