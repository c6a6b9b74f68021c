package store

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"runrate/internal/fault"
)

// wire is the type of a column as ClickHouse names it.
type wire string

// The column types that rows are made of.
const (
	wireInt32       wire = "Int32"
	wireInt64       wire = "Int64"
	wireUInt8       wire = "UInt8"
	wireUInt32      wire = "UInt32"
	wireUInt64      wire = "UInt64"
	wireMoney       wire = "Decimal(38, 12)"
	wireMicros      wire = "DateTime64(6, 'UTC')"
	wireSeconds     wire = "DateTime('UTC')"
	wireDate        wire = "Date"
	wireText        wire = "String"
	wireWord        wire = "LowCardinality(String)"
	wireIdentity    wire = "FixedString(16)"
	wireQuantities  wire = "Map(LowCardinality(String), UInt64)"
	wireHeaders     wire = "Array(Tuple(String, String))"
	wireUnspecified wire = ""
)

// columnData is one column of a chunk, in the layout of ClickHouse's native
// format, which is what clickhouse-go's columns read with Decode. That goes
// past their Append, which would take every Decimal through two big integers
// and every time through a time.Time: twenty times the work.
type columnData struct {
	wire  wire
	fixed []byte   // values of fixed width, little endian; offsets of a map or an array; unused by text and words
	texts []string // of wireText
	words wordList // of wireWord; keys of a map
	extra []byte   // values of a map; names of headers
	more  []byte   // values of headers
	count uint64   // of headers

	native []byte // scratch of load, for columns of several parts
}

func (c *columnData) reset() {
	c.wire = wireUnspecified
	c.fixed, c.extra, c.more, c.count = c.fixed[:0], c.extra[:0], c.more[:0], 0
	clear(c.texts) // let go of the strings
	c.texts = c.texts[:0]
	c.words.reset()
}

// load moves the column's rows to the column of an insert.
func (c *columnData) load(to column.Interface, rows int, r *nativeReader) error {
	if string(to.Type()) != string(c.wire) {
		return &Error{
			Op:   "column " + to.Name(),
			Kind: fault.Setup,
			Hint: "run `runrate migrate`",
			Err:  fmt.Errorf("the table has %s, and rows have %s", to.Type(), c.wire),
		}
	}
	if err := c.move(to, rows, r); err != nil {
		return fmt.Errorf("column %s: %w", to.Name(), err)
	}
	return nil
}

func (c *columnData) move(to column.Interface, rows int, r *nativeReader) error {
	switch c.wire {
	case wireText:
		_, err := to.Append(c.texts)
		return err
	case wireWord:
		c.native = c.words.native(c.native[:0])
		return to.Decode(r.over(c.native), rows)
	case wireQuantities:
		c.native = append(c.native[:0], c.fixed...)
		if len(c.extra) > 0 { // else no keys and values follow
			c.native = append(c.words.native(c.native), c.extra...)
		}
		return to.Decode(r.over(c.native), rows)
	case wireHeaders:
		c.native = append(append(append(c.native[:0], c.fixed...), c.extra...), c.more...)
		return to.Decode(r.over(c.native), rows)
	default:
		return to.Decode(r.over(c.fixed), rows)
	}
}

// wordList holds repeated strings: each distinct one once, and an index per row.
type wordList struct {
	index map[string]uint32
	words []string
	rows  []uint32
	last  string // the string of the row before, mostly the same
	at    uint32
}

func (l *wordList) reset() {
	clear(l.index)
	clear(l.words)
	l.words, l.rows, l.last, l.at = l.words[:0], l.rows[:0], "", 0
}

func (l *wordList) add(s string) {
	if len(l.rows) > 0 && s == l.last {
		l.rows = append(l.rows, l.at)
		return
	}
	at, ok := l.index[s]
	if !ok {
		if l.index == nil {
			l.index = map[string]uint32{}
		}
		at = uint32(len(l.words))
		l.index[s] = at
		l.words = append(l.words, s)
	}
	l.last, l.at = s, at
	l.rows = append(l.rows, at)
}

// native is b with the column appended as LowCardinality(String): flags, the
// dictionary, and a four-byte key per row. Flags 2 | 1<<9 | 1<<10 mean four-byte
// keys, and a dictionary that belongs to this block alone.
func (l *wordList) native(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, 2|1<<9|1<<10)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(l.words)))
	for _, w := range l.words {
		b = binary.AppendUvarint(b, uint64(len(w)))
		b = append(b, w...)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(len(l.rows)))
	for _, at := range l.rows {
		b = binary.LittleEndian.AppendUint32(b, at)
	}
	return b
}

// nativeReader gives bytes in memory to a Decode. It is reused, because a
// proto.Reader holds a large buffer: each Decode reads exactly the bytes given.
type nativeReader struct {
	rest   []byte
	reader *proto.Reader
}

func (r *nativeReader) over(b []byte) *proto.Reader {
	r.rest = b
	if r.reader == nil {
		r.reader = proto.NewReader(r)
	}
	return r.reader
}

// Read is for the proto.Reader.
func (r *nativeReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.ErrUnexpectedEOF // a column was encoded too short
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
