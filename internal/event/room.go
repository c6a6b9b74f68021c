package event

import "strings"

// A decoder that is told when its events are not used any more (Reuse) takes the memory
// of usage events from room of its own: what is written there is of the events since
// the last Reuse.

// usage is a Usage with room for the quantities of most events.
type usage struct {
	Usage
	quantities [4]Quantity
}

// slabUsages is how many usages lie together, in about 70 KB.
const slabUsages = 256

type slab [slabUsages]usage

// room is what usages and strings of a decoder lie in. Its zero value gives each its
// own memory.
type room struct {
	used  bool // again, by Reuse
	slabs []*slab
	next  int // usage
	text  block
}

// Reuse says that the usages decoded so far, and their quantities, are not used any
// more: they are overwritten. A decoder that is told from its beginning decodes usage
// events without garbage. The strings of its events stay as they are, but those of
// usage events that seldom recur, account and id, lie together: who keeps one for long
// must clone it, or keeps what lies beside it in memory, too.
func (d *Decoder) Reuse() {
	r := &d.room
	r.used = true
	if most := max(1, len(r.slabs)/2); r.next < most*slabUsages/2 { // it needs less than it has
		clear(r.slabs[min(most, len(r.slabs)):])
		r.slabs = r.slabs[:min(most, len(r.slabs))]
	}
	r.next = 0
}

// usage is room for the next.
func (r *room) usage() *usage {
	if !r.used {
		return new(usage)
	}
	at := r.next / slabUsages
	if at == len(r.slabs) {
		r.slabs = append(r.slabs, new(slab))
	}
	u := &r.slabs[at][r.next%slabUsages]
	r.next++
	return u
}

// string is b as a string that does not alias it, of an event of kind of.
func (r *room) string(b []byte, of Type) string {
	if r.used && of == UsageRecorded {
		return r.text.get(b)
	}
	return string(b)
}

// block makes strings that lie together, so that most cost no allocation.
type block struct{ text strings.Builder }

// blockBytes is the size of a block, and blockString of the longest string in one.
const (
	blockBytes  = 32 << 10
	blockString = 1 << 10
)

func (t *block) get(b []byte) string {
	if len(b) > blockString {
		return string(b)
	}
	if t.text.Len()+len(b) > t.text.Cap() {
		t.text = strings.Builder{}
		t.text.Grow(blockBytes)
	}
	from := t.text.Len()
	t.text.Write(b)
	return t.text.String()[from:]
}
