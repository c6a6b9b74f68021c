// Package document reads a YAML document, or the same as JSON, that people write
// and that is checked whole: everything that is wrong with it is noted with its
// line, its path and its value. It knows shapes, not meanings; price books and sets
// of exchange rates are read with it.
//
// Start at Reader.
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Bounds of what a document holds.
const (
	MaxName  = 256     // bytes of a name
	MaxWhole = 1 << 53 // the largest whole number, as of event.MaxQuantity
)

// Reader turns YAML nodes into checked values. Each method takes a node and its
// path in the document, notes what is wrong, and says by ok whether the value is of
// use. A nil node is a missing one, which was noted already.
//
// Aliases are not followed: with none, what is read is never larger than its text.
type Reader struct {
	problems
	what    string // the document, in sentences: "the price book"
	maxSize int    // bytes of its text
}

// New is a reader of a document that sentences call what, of at most maxSize bytes.
func New(what string, maxSize int) *Reader { return &Reader{what: what, maxSize: maxSize} }

// Document is the root of the one YAML document in data.
func (r *Reader) Document(data []byte) *yaml.Node {
	if len(data) > r.maxSize {
		r.Add(0, "%s has %d bytes, more than %d", r.what, len(data), r.maxSize)
		return nil
	}
	if !r.isText(data) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(yamlEscapes(data)))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if err == nil {
		switch err = dec.Decode(&second); {
		case err == nil:
			r.Add(second.Line, "%s ends here: a second document follows", r.what)
			return nil
		case errors.Is(err, io.EOF):
			return doc.Content[0]
		}
	}
	if errors.Is(err, io.EOF) {
		r.Add(0, "%s is empty", r.what)
		return nil
	}
	// yaml.v3 says "yaml: line 7: …", without a line when that is the first;
	// of some errors its line is the one before.
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	r.Add(line, "no YAML near here: %s", text)
	return nil
}

// isText notes the first byte that no text has. yaml.v3 would refuse it too,
// but without its line.
func (r *Reader) isText(data []byte) bool {
	line := 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.Add(line, "a byte that is no UTF-8")
			return false
		case c == '\n':
			line++
		case c != '\r' && c != '\t' && c != '\u0085' && unicode.IsControl(c):
			r.Add(line, "a control character")
			return false
		}
		i += size
	}
	return true
}
