package fold

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"runrate/internal/stream"
)

// Mark is a record by its offset and a fingerprint of 16 bytes. It tells a log
// that was made anew, and so uses offsets again, from the one that was folded.
// The zero Mark is no record.
type Mark struct {
	offset stream.Offset
	digest string // empty if no record is known
}

const markBytes = 16

// MarkOf returns a record's mark. Its fingerprint begins SHA-256 over its
// timestamp, its key's length, its key and its value; then comes whether it is skipped.
func MarkOf(r stream.Record) Mark {
	h := sha256.New()
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], uint64(r.Time))
	binary.BigEndian.PutUint64(head[8:], uint64(len(r.Key)))
	h.Write(head[:])
	h.Write(r.Key)
	h.Write(r.Value)
	if r.Skipped {
		h.Write([]byte("skipped"))
	}
	return Mark{r.Offset, string(h.Sum(nil)[:markBytes])}
}

// Offset returns the record's offset; ok is false if no record is known.
func (m Mark) Offset() (offset stream.Offset, ok bool) { return m.offset, m.digest != "" }

// Is says whether r is the record.
func (m Mark) Is(r stream.Record) bool { return m == MarkOf(r) }

// Fingerprint is the record's, in hexadecimal, without its offset.
func (m Mark) Fingerprint() string { return hex.EncodeToString([]byte(m.digest)) }

// fingerprint is what snapshots hold of the mark, beside the offset.
func (m Mark) fingerprint() []byte {
	if m.digest == "" {
		return nil
	}
	return []byte(m.digest)
}
