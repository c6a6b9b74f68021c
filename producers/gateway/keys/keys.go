// Package keys says who may send which events through the door. A key is
// rr_<id>_<256 bits in hexadecimal>; a file in YAML keeps of each its id, the SHA-256 of
// the whole key and what it may do, never the key. Several of one name may be valid at
// once, so that one can take the place of another without a gap.
package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"runrate/internal/event"
)

// Key is what is kept of a key. What is empty allows all.
type Key struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`               // whose it is
	SHA256   string   `yaml:"sha256"`             // of the whole key, in hexadecimal
	Types    []string `yaml:"types,omitempty"`    // of events, such as usage.recorded
	Accounts []string `yaml:"accounts,omitempty"` // what an event's subject begins with
	Sources  []string `yaml:"sources,omitempty"`  // an event's source
	Rate     float64  `yaml:"rate,omitempty"`     // events a second, averaged; 0 is without bound

	Created  time.Time `yaml:"created,omitempty"`
	NotAfter time.Time `yaml:"not_after,omitempty"`
	Revoked  time.Time `yaml:"revoked,omitempty"`
}

// Set are the keys of a file, each with another id.
type Set struct {
	Keys []Key `yaml:"keys"`
}

const prefix = "rr_"

// legalID are the ids: no underscore, which ends them.
var legalID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// Parse reads a file of keys. What it does not know is an error: a limit that is spelled
// wrongly would be none.
func Parse(text []byte) (Set, error) {
	var s Set
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Set{}, fmt.Errorf("no file of keys: %w", err)
	}
	seen := map[string]bool{}
	for i, k := range s.Keys {
		if err := k.check(); err != nil {
			return Set{}, fmt.Errorf("key %d: %w", i+1, err)
		}
		if seen[k.ID] {
			return Set{}, fmt.Errorf("key %d: the id %s is given twice", i+1, k.ID)
		}
		seen[k.ID] = true
	}
	return s, nil
}

func (k Key) check() error {
	sum, err := hex.DecodeString(k.SHA256)
	switch {
	case !legalID.MatchString(k.ID):
		return fmt.Errorf("id is %q; it is 1 to 64 of a to z, 0 to 9 and -", k.ID)
	case err != nil || len(sum) != sha256.Size:
		return fmt.Errorf("%s: sha256 is no SHA-256 in hexadecimal", k.ID)
	}
	if err := k.sound(); err != nil {
		return fmt.Errorf("%s: %w", k.ID, err)
	}
	return nil
}

// sound checks what a key may do.
func (k Key) sound() error {
	if k.Rate < 0 {
		return fmt.Errorf("rate is %g; it is a number of events a second, above 0, or left out", k.Rate)
	}
	for _, name := range k.Types {
		if t, ok := event.ParseType(name); !ok || t.Control() {
			return fmt.Errorf("type is %q, which is none that a key may send", name)
		}
	}
	return nil
}

// Text is the file of a set.
func (s Set) Text() ([]byte, error) { return yaml.Marshal(s) }

// New is a key for somebody, and its secret text, which is told once.
func New(k Key) (Key, string, error) {
	var random [4 + 32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return Key{}, "", fmt.Errorf("make a key: %w", err)
	}
	k.ID = hex.EncodeToString(random[:4])
	secret := prefix + k.ID + "_" + hex.EncodeToString(random[4:])
	sum := sha256.Sum256([]byte(secret))
	k.SHA256 = hex.EncodeToString(sum[:])
	return k, secret, k.sound()
}

// Find is the valid key that a header Authorization has. The error says why there is
// none, and nothing of what was given.
func (s Set) Find(authorization string, now time.Time) (Key, error) {
	scheme, secret, _ := strings.Cut(authorization, " ")
	if authorization == "" {
		return Key{}, ErrNone
	}
	id, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(secret), prefix), "_")
	if !strings.EqualFold(scheme, "Bearer") || !ok {
		return Key{}, errForm
	}
	// One that is not there is compared with, too.
	found, known := Key{SHA256: strings.Repeat("0", 2*sha256.Size)}, false
	if i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.ID == id }); i >= 0 {
		found, known = s.Keys[i], true
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	want, _ := hex.DecodeString(found.SHA256) // check has seen it
	switch {
	case subtle.ConstantTimeCompare(given[:], want) != 1 || !known:
		return Key{}, errUnknown
	case !found.Revoked.IsZero():
		return Key{}, fmt.Errorf("the key %s is revoked: ask for another", found.ID)
	case !found.NotAfter.IsZero() && !now.Before(found.NotAfter):
		return Key{}, fmt.Errorf("the key %s was valid until %s: ask for another", found.ID, found.NotAfter.UTC().Format(time.RFC3339))
	}
	return found, nil
}

// Why a request has no key. Only ErrNone is told from the others: nothing was given.
var (
	ErrNone    = errors.New("the request has no key: send the header Authorization: Bearer rr_<id>_<secret>")
	errForm    = errors.New("the header Authorization is not Bearer rr_<id>_<secret>")
	errUnknown = errors.New("the key is not known: it may be mistyped, or of another door")
)

// Forbids says why an event may not be sent with a key, "" if it may.
func (k Key) Forbids(e event.Event) string {
	begins := func(prefix string) bool { return strings.HasPrefix(string(e.Account), prefix) }
	switch {
	case len(k.Types) > 0 && !slices.Contains(k.Types, e.Type.String()):
		return fmt.Sprintf("type is %s; this key may send %s", e.Type, strings.Join(k.Types, ", "))
	case len(k.Sources) > 0 && !slices.Contains(k.Sources, e.Source):
		return fmt.Sprintf("source is %.100q; this key may send for %s", e.Source, strings.Join(k.Sources, ", "))
	case len(k.Accounts) > 0 && !slices.ContainsFunc(k.Accounts, begins):
		return fmt.Sprintf("subject is %.100q; this key may send for accounts that begin with %s", e.Account, strings.Join(k.Accounts, ", "))
	}
	return ""
}

// State is valid, expired or revoked.
func (k Key) State(now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.NotAfter.IsZero() && !now.Before(k.NotAfter):
		return "expired"
	}
	return "valid"
}
