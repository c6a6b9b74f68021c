package store

import (
	"encoding/binary"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"runrate/internal/event"
	"runrate/internal/money"
	"runrate/internal/stream"
	"runrate/schemas/definitions"
)

// chunk is the rows of one INSERT, by column. A row is written by calling one
// method per column in the order of the INSERT's column list; the first row
// fixes the columns' types. Its memory is reused.
type chunk struct {
	columns []*columnData
	names   []string
	used    int // columns in use
	next    int // column that the next value goes to
	rows    int
	bytes   int   // before compression, about
	fault   error // the first value out of range: column and value
	reader  nativeReader
}

// begin empties the chunk for rows with these columns.
func (c *chunk) begin(names []string) {
	for len(c.columns) < len(names) {
		c.columns = append(c.columns, new(columnData))
	}
	for _, col := range c.columns {
		col.reset()
	}
	c.names, c.used, c.next, c.rows, c.bytes, c.fault = names, len(names), 0, 0, 0, nil
}

// endRow ends a row. The error names the value that does not fit its column.
func (c *chunk) endRow() error {
	if c.next != c.used {
		panic(fmt.Sprintf("store: a row has %d values for %d columns %v", c.next, c.used, c.names))
	}
	c.next = 0
	c.rows++
	return c.fault
}

// load moves the rows to an insert with the same column list.
func (c *chunk) load(b driver.Batch) error {
	to := b.Columns()
	if len(to) != c.used {
		return fmt.Errorf("the insert has %d columns, and rows have %d", len(to), c.used)
	}
	for i, col := range c.columns[:c.used] {
		if err := col.load(to[i], c.rows, &c.reader); err != nil {
			return err
		}
	}
	return nil
}

func (c *chunk) column(w wire, size int) *columnData {
	col := c.columns[c.next]
	if col.wire != w {
		if c.rows > 0 {
			panic(fmt.Sprintf("store: column %s is %s, then %s", c.names[c.next], col.wire, w))
		}
		col.wire = w
	}
	c.next++
	c.bytes += size
	return col
}

// misfit notes a value out of range, in the column just written.
func (c *chunk) misfit(value any, bounds string) {
	if c.fault == nil {
		c.fault = fmt.Errorf("column %s: %v is not %s", c.names[c.next-1], value, bounds)
	}
}

func (c *chunk) int32(v int32) {
	col := c.column(wireInt32, 4)
	col.fixed = binary.LittleEndian.AppendUint32(col.fixed, uint32(v))
}

func (c *chunk) uint32(v uint32) {
	col := c.column(wireUInt32, 4)
	col.fixed = binary.LittleEndian.AppendUint32(col.fixed, v)
}

func (c *chunk) int64(v int64) {
	col := c.column(wireInt64, 8)
	col.fixed = binary.LittleEndian.AppendUint64(col.fixed, uint64(v))
}

func (c *chunk) bool(v bool) {
	col := c.column(wireUInt8, 1)
	b := byte(0)
	if v {
		b = 1
	}
	col.fixed = append(col.fixed, b)
}

// headers are name and value of each; a null value is as good as an empty one.
func (c *chunk) headers(all []event.Header) {
	size := 8
	for _, h := range all {
		size += len(h.Name) + len(h.Value)
	}
	col := c.column(wireHeaders, size)
	for _, h := range all {
		col.extra = append(binary.AppendUvarint(col.extra, uint64(len(h.Name))), h.Name...)
		col.more = append(binary.AppendUvarint(col.more, uint64(len(h.Value))), h.Value...)
	}
	col.count += uint64(len(all))
	col.fixed = binary.LittleEndian.AppendUint64(col.fixed, col.count)
}

// count is a UInt64 that Go keeps in an int64.
func (c *chunk) count(v int64) {
	col := c.column(wireUInt64, 8)
	if v < 0 {
		c.misfit(v, "0 or more")
	}
	col.fixed = binary.LittleEndian.AppendUint64(col.fixed, uint64(v))
}

// version is the offset that a row carries.
func (c *chunk) version(v stream.Offset) { c.count(int64(v)) }

func (c *chunk) money(v money.Amount) {
	col := c.column(wireMoney, money.Size)
	if !v.InRange() && c.fault == nil {
		c.fault = fmt.Errorf("column %s: %w: a sum is not within 38 digits, 12 of them decimals", c.names[c.next-1], money.ErrOverflow)
	}
	col.fixed = v.AppendBinary(col.fixed)
}

// micros is an event time.
func (c *chunk) micros(v event.Time) {
	col := c.column(wireMicros, 8)
	if v < event.MinTime || v >= event.MaxTime {
		c.misfit(v, "from 1970 to 2099")
	}
	col.fixed = binary.LittleEndian.AppendUint64(col.fixed, uint64(v))
}

// maxSeconds is beyond what windows of the latest events end at: the longest
// window and a day after event.MaxTime. ClickHouse's DateTime ends in February
// 2106.
var maxSeconds = int64(event.MaxTime/event.Second) + int64(definitions.Rolling[len(definitions.Rolling)-1].Days()+1)*86_400

// seconds is an hour boundary or a midnight.
func (c *chunk) seconds(v event.Time) {
	col := c.column(wireSeconds, 4)
	s := int64(v / event.Second)
	if v%event.Second != 0 || v < 0 || s > maxSeconds {
		c.misfit(v, "a whole second from 1970 to 2100")
	}
	col.fixed = binary.LittleEndian.AppendUint32(col.fixed, uint32(s))
}

// date is the first midnight of a day.
func (c *chunk) date(v event.Time) {
	col := c.column(wireDate, 2)
	if v%event.Day != 0 || v < event.MinTime || v >= event.MaxTime {
		c.misfit(v, "a day from 1970 to 2099")
	}
	col.fixed = binary.LittleEndian.AppendUint16(col.fixed, uint16(v/event.Day))
}

func (c *chunk) text(v string) {
	col := c.column(wireText, len(v)+1)
	col.texts = append(col.texts, v)
}

// word is a string that few values of are expected.
func (c *chunk) word(v string) {
	c.column(wireWord, 4).words.add(v)
}

func (c *chunk) identity(v [16]byte) {
	col := c.column(wireIdentity, 16)
	col.fixed = append(col.fixed, v[:]...)
}

func (c *chunk) quantities(v []event.Quantity) {
	col := c.column(wireQuantities, 8+12*len(v))
	for _, q := range v {
		if q.Count > event.MaxQuantity {
			c.misfit(q.Count, "at most 2^53")
		}
		col.words.add(q.Meter)
		col.extra = binary.LittleEndian.AppendUint64(col.extra, q.Count)
	}
	col.fixed = binary.LittleEndian.AppendUint64(col.fixed, uint64(len(col.extra)/8))
}
