package verify

// rowKey tells the rows of a stream apart and orders them: by bytes, as
// ClickHouse orders strings.
type rowKey[K any] interface {
	Compare(K) int
	String() string
}

// rowValue is what must be the same.
type rowValue interface {
	comparable
	String() string
}

// found is a stream of the rows that are there, in ascending order of keys. Its
// row is good until the next one is asked for.
type found[K, V any] interface {
	next() (bool, error)
	row() (*K, *V)
}

// matcher holds the rows that should be there, given to it one by one in
// ascending order of keys, against those found. It keeps one row of each.
type matcher[K rowKey[K], V rowValue] struct {
	found   found[K, V]
	d       *Differences
	started bool
	more    bool // whether found's row is yet to be matched
}

// newMatcher matches against found and reports to d.
func newMatcher[K rowKey[K], V rowValue](f found[K, V], d *Differences) *matcher[K, V] {
	return &matcher[K, V]{found: f, d: d}
}

func (m *matcher[K, V]) advance() (err error) {
	m.more, err = m.found.next()
	return err
}

// surplus reports found's row and goes on to the next.
func (m *matcher[K, V]) surplus() error {
	k, v := m.found.row()
	m.d.Compared++
	m.d.add((*k).String(), "", (*v).String())
	return m.advance()
}

func (m *matcher[K, V]) start() error {
	if m.started {
		return nil
	}
	m.started = true
	return m.advance()
}

// expect is told the next row that should be there.
func (m *matcher[K, V]) expect(k *K, v *V) error {
	if err := m.start(); err != nil {
		return err
	}
	for m.more {
		key, value := m.found.row()
		order := (*key).Compare(*k)
		if order > 0 {
			break
		}
		if order < 0 {
			if err := m.surplus(); err != nil {
				return err
			}
			continue
		}
		m.d.Compared++
		if *value != *v {
			m.d.add((*k).String(), (*v).String(), (*value).String())
		}
		return m.advance()
	}
	m.d.Compared++
	m.d.add((*k).String(), (*v).String(), "")
	return nil
}

// finish is told that no other row should be there.
func (m *matcher[K, V]) finish() error {
	if err := m.start(); err != nil {
		return err
	}
	for m.more {
		if err := m.surplus(); err != nil {
			return err
		}
	}
	return nil
}

// match expects every row of a stream, and no other.
func match[K rowKey[K], V rowValue](expected, f found[K, V], d *Differences) error {
	m := newMatcher(f, d)
	for {
		more, err := expected.next()
		if err != nil {
			return err
		}
		if !more {
			return m.finish()
		}
		if err := m.expect(expected.row()); err != nil {
			return err
		}
	}
}
