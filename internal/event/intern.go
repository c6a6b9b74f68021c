package event

// interner returns the same string for the same bytes, so that names that
// recur cost no allocation. Its zero value is ready.
type interner struct {
	seen map[string]string
}

// The interner's bounds: how many strings it holds and how long they may be,
// in bytes. When it is full it starts again, so that names that have gone out
// of use do not keep out those that are in use.
const (
	maxInterned    = 4096
	maxInternedLen = 128
)

// get is b as a string that does not alias it.
func (t *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := t.seen[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(b) > maxInternedLen {
		return s
	}
	if t.seen == nil {
		t.seen = make(map[string]string)
	}
	if len(t.seen) >= maxInterned {
		clear(t.seen)
	}
	t.seen[s] = s
	return s
}
