package redrive

import (
	"context"
	"math"

	"runrate/consumers/store"
	"runrate/internal/stream"
)

// facts are what is known of a batch of candidates.
type facts struct {
	ends       map[stream.Source]stream.Offset // of the log, read before all else
	folded     map[stream.Source]stream.Offset // next offsets, read before what follows
	partitions map[stream.Kind]int32
	accepted   map[stream.Kind]map[[16]byte]struct{}        // identities
	remembered map[[16]byte][]store.Redrive                 // by digest
	refused    map[stream.Source]map[[16]byte]stream.Offset // where a copy may have been refused again
}

// home is the partition that holds a candidate's event.
func (f *facts) home(c candidate) stream.Source {
	return stream.Source{Topic: c.home.Topic(), Partition: stream.Partition([]byte(c.key.Account), f.partitions[c.home])}
}

// gather reads the facts, in an order such that a copy that is in the log below
// ends, and below folded, is among those accepted or refused.
func (r *run) gather(ctx context.Context, candidates []candidate) (*facts, error) {
	f := &facts{
		ends: map[stream.Source]stream.Offset{}, folded: map[stream.Source]stream.Offset{}, partitions: map[stream.Kind]int32{},
		accepted: map[stream.Kind]map[[16]byte]struct{}{}, remembered: map[[16]byte][]store.Redrive{},
		refused: map[stream.Source]map[[16]byte]stream.Offset{},
	}
	digests := make([][16]byte, 0, len(candidates))
	byKind := map[stream.Kind][]candidate{}
	for _, c := range candidates {
		digests = append(digests, c.digest)
		if c.own != c.digest {
			digests = append(digests, c.own)
		}
		byKind[c.home] = append(byKind[c.home], c)
	}
	all, err := r.tables.Redrives(ctx, digests)
	if err != nil {
		return nil, err
	}
	for _, past := range all {
		f.remembered[past.Digest] = append(f.remembered[past.Digest], past)
	}
	for _, kind := range stream.Kinds() {
		if len(byKind[kind]) == 0 {
			continue
		}
		if err := r.gatherKind(ctx, f, kind, byKind[kind]); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// gatherKind reads the facts about the candidates whose events one topic holds.
func (r *run) gatherKind(ctx context.Context, f *facts, kind stream.Kind, candidates []candidate) error {
	topic := kind.Topic()
	ranges, err := r.log.Offsets(ctx, topic)
	if err != nil {
		return err
	}
	for partition, in := range ranges {
		f.partitions[kind]++
		f.ends[stream.Source{Topic: topic, Partition: partition}] = in.End
	}
	bySource := map[stream.Source][]candidate{}
	for _, c := range candidates {
		bySource[f.home(c)] = append(bySource[f.home(c)], c)
	}
	epoch, err := r.tables.Epoch(ctx, topic)
	if err != nil {
		return err
	}
	if err := r.gatherFolded(ctx, f, epoch, topic, bySource); err != nil {
		return err
	}
	f.accepted[kind] = map[[16]byte]struct{}{}
	for source, these := range bySource {
		if err := r.gatherSource(ctx, f, epoch, source, these); err != nil {
			return err
		}
	}
	return nil
}

// gatherFolded reads how far the partitions of a topic are folded. Where the fate of
// a copy is not known it waits for the end of the log that was read before: in a
// live log there is always something that is not folded yet.
func (r *run) gatherFolded(ctx context.Context, f *facts, epoch uint32, topic stream.Topic, bySource map[stream.Source][]candidate) error {
	for {
		progress, err := r.tables.Progress(ctx, epoch, topic)
		if err != nil {
			return err
		}
		behind := false
		for source, these := range bySource {
			f.folded[source] = progress[source.Partition].NextOffset
			unsure, _ := f.unsure(these)
			behind = behind || len(unsure) > 0 && f.folded[source] < f.ends[source]
		}
		if !behind || r.options.Again || r.options.Pause == nil || !r.options.Pause(ctx) {
			return ctx.Err()
		}
	}
}

// unsure are the digests of which a run was ended between remembering and the
// acknowledgement, and the offset below which no copy of them can be.
func (f *facts) unsure(candidates []candidate) (digests [][16]byte, from stream.Offset) {
	from = math.MaxInt64
	for _, c := range candidates {
		if past := f.remembered[c.digest]; len(past) > 0 && !anySent(past) {
			digests = append(digests, c.digest)
			from = min(from, lowest(past))
		}
	}
	return digests, from
}

// gatherSource reads which of the candidates' events the source has accepted, and
// which copies of unknown fate it has refused.
func (r *run) gatherSource(ctx context.Context, f *facts, epoch uint32, source stream.Source, candidates []candidate) error {
	keys := make([]store.EventKey, 0, len(candidates))
	for _, c := range candidates {
		keys = append(keys, c.key)
	}
	found, err := r.tables.Seen(ctx, epoch, source, keys, math.MaxInt64)
	if err != nil {
		return err
	}
	for identity := range found {
		f.accepted[source.Topic.Kind()][identity] = struct{}{}
	}
	unsure, from := f.unsure(candidates)
	if len(unsure) == 0 {
		return nil
	}
	f.refused[source], err = r.tables.RefusedAgain(ctx, epoch, source, from, unsure)
	return err
}

// anySent says whether a copy of a payload was acknowledged.
func anySent(past []store.Redrive) bool {
	for _, p := range past {
		if p.Sent {
			return true
		}
	}
	return false
}

// lowest is the offset below which no copy of a payload can be.
func lowest(past []store.Redrive) stream.Offset {
	after := past[0].After
	for _, p := range past {
		after = min(after, p.After)
	}
	return after
}
