package document

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// yamlEscapes is JSON with the two escapes that yaml.v3 does not read written
// out: surrogate pairs, "\ud83d\ude00", and "\/". Text that is no JSON is
// returned as it is; lines stay the same.
func yamlEscapes(data []byte) []byte {
	if !bytes.ContainsRune(data, '\\') || !json.Valid(data) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		if data[i] != '\\' { // outside of an escape
			out = append(out, data[i])
			i++
			continue
		}
		if c := utf16.DecodeRune(escaped(data[i:]), escaped(data[min(i+6, len(data)):])); c != utf8.RuneError {
			out = utf8.AppendRune(out, c)
			i += 12
			continue
		}
		// In valid JSON a backslash is never the last byte.
		if data[i+1] == '/' {
			out = append(out, '/')
		} else {
			out = append(out, data[i], data[i+1])
		}
		i += 2
	}
	return out
}

// escaped is the UTF-16 unit of the \u escape that b starts with, else
// utf8.RuneError.
func escaped(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
