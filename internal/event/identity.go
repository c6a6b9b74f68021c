package event

import (
	"crypto/sha256"
	"encoding/binary"
)

// Identity names the event (DEFINITIONS E5): two records are the same event exactly
// when their account, source, id and time are the same. It is the first 16 bytes of
// SHA-256 over
//
//	len(account) account len(source) source len(id) id time
//
// with each length as 4 bytes and the time in microseconds since 1970 as 8
// bytes, most significant byte first. The account of a control event is empty.
// It does not depend on the form of the record (JSON or Protobuf, the offset
// of its time, digits beyond the microsecond) nor on data. Chance gives two of
// 10^12 events the same identity with a probability of 10^-15.
//
// Identities are stored: a change here counts events twice.
func (e *Event) Identity() [16]byte {
	var room [512]byte
	b := room[:0]
	for _, s := range [...]string{string(e.Account), e.Source, e.ID} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time))
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}
