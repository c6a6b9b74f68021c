package main

import (
	"encoding/json"
	"time"
)

// boundary reads --as-of of the commands that show figures; "" is the zero time, which
// stands for the last boundary passed.
func boundary(asOf string) (at time.Time, err error) {
	if asOf == "" {
		return at, nil
	}
	if at, err = time.Parse(time.RFC3339, asOf); err != nil {
		return at, usagef("--as-of %q is no RFC 3339 time such as 2026-11-01T00:00:00Z", asOf)
	}
	return at, nil
}

// writeJSON writes what --json of a command shows, indented.
func (a *app) writeJSON(v any) error {
	out := json.NewEncoder(a.out)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
