package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// trimTorn cuts a half-written entry off the end of one of the broker's state
// logs, where a kill during the write left one. The broker would skip it too,
// but append after it, and read nothing of that at its next start: every offset
// committed in between would be forgotten.
//
// An entry is its length (4 bytes), a checksum (4 bytes, CRC-32C) and that many
// bytes, the numbers little-endian. A log that is not there is whole.
func trimTorn(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check the broker's %s: %w", path, err)
	}
	whole := wholeEntries(b)
	if whole == len(b) {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("cut a half-written entry off %s: %w", path, err)
	}
	if err := errors.Join(f.Truncate(int64(whole)), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("cut a half-written entry off %s: %w", path, err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// wholeEntries is the length in bytes of the entries at the start of b that are
// complete and have the right checksum.
func wholeEntries(b []byte) int {
	const head = 8
	pos := 0
	for len(b)-pos >= head {
		length := int64(binary.LittleEndian.Uint32(b[pos:]))
		if length < 2 || int64(len(b)-pos-head) < length {
			break
		}
		body := b[pos+head : pos+head+int(length)]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[pos+4:]) {
			break
		}
		pos += head + int(length)
	}
	return pos
}
