package pricebook

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"runrate/internal/event"
)

// reader turns YAML nodes into checked values. Each method takes a node and
// its path in the book, notes what is wrong, and says by ok whether the value
// is of use. A nil node is a missing one, which was noted already.
//
// Aliases are not followed: with none, a book is never larger than its text.
type reader struct {
	problems
}

// fields is the values of a mapping by key. Keys must be among required and
// optional; what is unknown, given twice or missing is noted.
func (r *reader) fields(n *yaml.Node, path string, required, optional []string) (values map[string]*yaml.Node, ok bool) {
	if !r.isKind(n, path, yaml.MappingNode, "a mapping") {
		return nil, false
	}
	values = make(map[string]*yaml.Node, len(n.Content)/2)
	for key, value := range r.pairs(n, path) {
		if !slices.Contains(required, key.Value) && !slices.Contains(optional, key.Value) {
			r.add(key.Line, "%s is no key here: only %s are", join(path, key.Value),
				strings.Join(slices.Concat(required, optional), ", "))
			continue
		}
		values[key.Value] = value
	}
	for _, key := range required {
		if values[key] == nil {
			r.add(n.Line, "%s is missing", join(path, key))
		}
	}
	return values, true
}

// pairs yields the keys and values of a mapping, but for keys that are no text
// and keys given before, which it notes.
func (r *reader) pairs(n *yaml.Node, path string) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
				r.add(key.Line, "%s has a key that is no text", or(path, "the price book"))
				continue
			}
			if line, twice := seen[key.Value]; twice {
				r.add(key.Line, "%s is given twice, first in line %d", join(path, key.Value), line)
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

// items is the items of a list that is not empty.
func (r *reader) items(n *yaml.Node, path string) []*yaml.Node {
	if !r.isKind(n, path, yaml.SequenceNode, "a list") {
		return nil
	}
	if len(n.Content) == 0 {
		r.add(n.Line, "%s is empty", path)
	}
	return n.Content
}

// name is a text of 1 to MaxName bytes of visible characters and spaces.
func (r *reader) name(n *yaml.Node, path string) (s string, ok bool) {
	s, ok = r.text(n, path)
	return s, ok && r.isName(n, path, s)
}

// isName notes why s, found at n, is no name.
func (r *reader) isName(n *yaml.Node, path, s string) bool {
	switch {
	case strings.TrimSpace(s) == "":
		r.add(n.Line, "%s is empty", path)
	case len(s) > MaxName:
		r.add(n.Line, "%s has %d bytes, more than %d", path, len(s), MaxName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsGraphic(c) }):
		r.add(n.Line, "%s %q has a character that cannot be seen", path, s)
	default:
		return true
	}
	return false
}

// text is a string. What YAML reads as a number, a date or a truth is none:
// the writer's and another reader's idea of it could differ.
func (r *reader) text(n *yaml.Node, path string) (s string, ok bool) {
	if !r.isKind(n, path, yaml.ScalarNode, "a text") {
		return "", false
	}
	switch n.ShortTag() {
	case "!!str":
		return n.Value, true
	case "!!null":
		r.add(n.Line, "%s is empty", path)
	default:
		r.add(n.Line, "%s %s is no text: write it in quotes", path, clip(n.Value))
	}
	return "", false
}

// unit is a whole number of 1 to MaxUnit, in plain digits.
func (r *reader) unit(n *yaml.Node, path string) (unit uint64, ok bool) {
	if !r.isKind(n, path, yaml.ScalarNode, "a whole number") {
		return 0, false
	}
	unit, err := strconv.ParseUint(n.Value, 10, 64)
	plain := n.ShortTag() == "!!int" && !strings.HasPrefix(n.Value, "0")
	if err != nil || !plain || unit > MaxUnit {
		r.add(n.Line, "%s %s is no whole number from 1 to 2^53", path, scalar(n))
		return 0, false
	}
	return unit, true
}

// instant is an RFC 3339 time, quoted or not, cut to the microsecond.
func (r *reader) instant(n *yaml.Node, path string) (at event.Time, ok bool) {
	if !r.isKind(n, path, yaml.ScalarNode, "a time") {
		return 0, false
	}
	var t time.Time
	tag := n.ShortTag()
	err := t.UnmarshalText([]byte(n.Value)) // RFC 3339, strictly
	if err != nil || tag != "!!str" && tag != "!!timestamp" {
		r.add(n.Line, "%s %s is no RFC 3339 time such as 2026-01-01T00:00:00Z", path, scalar(n))
		return 0, false
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		r.add(n.Line, "%s %s is not within the years 1 to 9999", path, scalar(n))
		return 0, false
	}
	return event.TimeOf(t), true
}

// isKind notes when n is not of the kind that article names.
func (r *reader) isKind(n *yaml.Node, path string, kind yaml.Kind, article string) bool {
	switch {
	case n == nil:
		return false
	case n.Kind == kind:
		return true
	case n.Kind == yaml.AliasNode:
		r.add(n.Line, "%s is an alias: write the value out", or(path, "the price book"))
	default:
		r.add(n.Line, "%s must be %s", or(path, "the price book"), article)
	}
	return false
}

// join is the path of a key below path.
func join(path, key string) string {
	plain := key != "" && len(key) <= MaxName && !strings.ContainsFunc(key, func(c rune) bool {
		return c != '_' && c != '-' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z')
	})
	switch {
	case !plain:
		return path + "[" + strconv.Quote(clip(key)) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// index is the path of an item of a list.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// scalar is a scalar's text for a message, in quotes if it is a string.
func scalar(n *yaml.Node) string {
	if n.ShortTag() == "!!str" {
		return strconv.Quote(clip(n.Value))
	}
	return or(clip(n.Value), "(nothing)")
}

// clip is s, cut at 64 bytes.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
