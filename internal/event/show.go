package event

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many bytes of a value a Detail repeats.
const maxShown = 64

// show is a string in quotes, printable and shortened.
func show(b []byte) string {
	cut, rest := cutAt(b, maxShown)
	return strconv.Quote(string(cut)) + rest
}

// String is the value as a Detail repeats it: printable and shortened.
func (a attr) String() string {
	switch a.shape {
	case absent:
		return "missing"
	case null:
		return "null"
	case text:
		return show(a.text)
	case integer:
		if a.text == nil { // Protobuf
			return strconv.FormatUint(a.n, 10)
		}
	case instant:
		return strconv.FormatInt(int64(a.n), 10) + " s and " + strconv.Itoa(int(a.nanos)) + " ns since 1970"
	}
	return shorten(string(a.text), maxShown)
}

// shorten is s, at most max bytes of it, with what cannot be printed replaced.
func shorten(s string, max int) string {
	cut, rest := cutAt([]byte(s), max)
	out := make([]rune, 0, len(cut))
	for _, r := range string(cut) {
		if !unicode.IsPrint(r) {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out) + rest
}

// cutAt is at most max bytes of b, no rune cut in two, and "…" if that is not
// all.
func cutAt(b []byte, max int) (cut []byte, rest string) {
	if len(b) <= max {
		return b, ""
	}
	for max > 0 && !utf8.RuneStart(b[max]) {
		max--
	}
	return b[:max], "…"
}
