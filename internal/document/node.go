package document

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

// Fields is the values of a mapping by key. Keys must be among required and
// optional; what is unknown, given twice or missing is noted.
func (r *Reader) Fields(n *yaml.Node, path string, required, optional []string) (values map[string]*yaml.Node, ok bool) {
	if !r.IsKind(n, path, yaml.MappingNode, "a mapping") {
		return nil, false
	}
	values = make(map[string]*yaml.Node, len(n.Content)/2)
	for key, value := range r.Pairs(n, path) {
		if !slices.Contains(required, key.Value) && !slices.Contains(optional, key.Value) {
			r.Add(key.Line, "%s is no key here: only %s are", Join(path, key.Value),
				strings.Join(slices.Concat(required, optional), ", "))
			continue
		}
		values[key.Value] = value
	}
	for _, key := range required {
		if values[key] == nil {
			r.Add(n.Line, "%s is missing", Join(path, key))
		}
	}
	return values, true
}

// Pairs yields the keys and values of a mapping, but for keys that are no text
// and keys given before, which it notes.
func (r *Reader) Pairs(n *yaml.Node, path string) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
				r.Add(key.Line, "%s has a key that is no text", or(path, r.what))
				continue
			}
			if line, twice := seen[key.Value]; twice {
				r.Add(key.Line, "%s is given twice, first in line %d", Join(path, key.Value), line)
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

// Items is the items of a list that is not empty.
func (r *Reader) Items(n *yaml.Node, path string) []*yaml.Node {
	if !r.IsKind(n, path, yaml.SequenceNode, "a list") {
		return nil
	}
	if len(n.Content) == 0 {
		r.Add(n.Line, "%s is empty", path)
	}
	return n.Content
}

// Name is a text of 1 to MaxName bytes of visible characters and spaces.
func (r *Reader) Name(n *yaml.Node, path string) (s string, ok bool) {
	s, ok = r.Text(n, path)
	return s, ok && r.IsName(n, path, s)
}

// IsName notes why s, found at n, is no name.
func (r *Reader) IsName(n *yaml.Node, path, s string) bool {
	switch {
	case strings.TrimSpace(s) == "":
		r.Add(n.Line, "%s is empty", path)
	case len(s) > MaxName:
		r.Add(n.Line, "%s has %d bytes, more than %d", path, len(s), MaxName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsGraphic(c) }):
		r.Add(n.Line, "%s %q has a character that cannot be seen", path, s)
	default:
		return true
	}
	return false
}

// Text is a string. What YAML reads as a number, a date or a truth is none:
// the writer's and another reader's idea of it could differ.
func (r *Reader) Text(n *yaml.Node, path string) (s string, ok bool) {
	if !r.IsKind(n, path, yaml.ScalarNode, "a text") {
		return "", false
	}
	switch n.ShortTag() {
	case "!!str":
		return n.Value, true
	case "!!null":
		r.Add(n.Line, "%s is empty", path)
	default:
		r.Add(n.Line, "%s %s is no text: write it in quotes", path, Clip(n.Value))
	}
	return "", false
}

// Unit is a whole number of 1 to MaxWhole, in plain digits.
func (r *Reader) Unit(n *yaml.Node, path string) (unit uint64, ok bool) {
	if !r.IsKind(n, path, yaml.ScalarNode, "a whole number") {
		return 0, false
	}
	unit, err := strconv.ParseUint(n.Value, 10, 64)
	plain := n.ShortTag() == "!!int" && !strings.HasPrefix(n.Value, "0")
	if err != nil || !plain || unit > MaxWhole {
		r.Add(n.Line, "%s %s is no whole number from 1 to 2^53", path, Scalar(n))
		return 0, false
	}
	return unit, true
}

// Instant is an RFC 3339 time, quoted or not, cut to the microsecond.
func (r *Reader) Instant(n *yaml.Node, path string) (at event.Time, ok bool) {
	if !r.IsKind(n, path, yaml.ScalarNode, "a time") {
		return 0, false
	}
	var t time.Time
	tag := n.ShortTag()
	err := t.UnmarshalText([]byte(n.Value)) // RFC 3339, strictly
	if err != nil || tag != "!!str" && tag != "!!timestamp" {
		r.Add(n.Line, "%s %s is no RFC 3339 time such as 2026-01-01T00:00:00Z", path, Scalar(n))
		return 0, false
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		r.Add(n.Line, "%s %s is not within the years 1 to 9999", path, Scalar(n))
		return 0, false
	}
	return event.TimeOf(t), true
}

// IsKind notes when n is not of the kind that article names.
func (r *Reader) IsKind(n *yaml.Node, path string, kind yaml.Kind, article string) bool {
	switch {
	case n == nil:
		return false
	case n.Kind == kind:
		return true
	case n.Kind == yaml.AliasNode:
		r.Add(n.Line, "%s is an alias: write the value out", or(path, r.what))
	default:
		r.Add(n.Line, "%s must be %s", or(path, r.what), article)
	}
	return false
}

// Join is the path of a key below path.
func Join(path, key string) string {
	plain := key != "" && len(key) <= MaxName && !strings.ContainsFunc(key, func(c rune) bool {
		return c != '_' && c != '-' && !('0' <= c && c <= '9') && !('a' <= c|0x20 && c|0x20 <= 'z')
	})
	switch {
	case !plain:
		return path + "[" + strconv.Quote(Clip(key)) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// Index is the path of an item of a list.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Scalar is a scalar's text for a message, in quotes if it is a string.
func Scalar(n *yaml.Node) string {
	if n.ShortTag() == "!!str" {
		return strconv.Quote(Clip(n.Value))
	}
	return or(Clip(n.Value), "(nothing)")
}

// Clip is s, cut at 64 bytes.
func Clip(s string) string {
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
