package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestKeys: a key is told once, is shown without its secret, and ends.
func TestKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.yaml")
	made := runWith(t, "", "keys", "create", "billing", "--keys", file, "--type", "usage.recorded", "--rate", "5")
	secret := strings.TrimSpace(made.out)
	if made.code != 0 || !strings.HasPrefix(secret, "rr_") || len(secret) != 3+8+1+64 || strings.Contains(made.err, secret) {
		t.Fatalf("%+v", made)
	}
	id := secret[3:11]
	shown := runWith(t, "", "keys", "list", "--keys", file)
	if shown.code != 0 || !strings.Contains(shown.out, id) || !strings.Contains(shown.out, "valid") || !strings.Contains(shown.out, "5/s") || strings.Contains(shown.out, secret[12:]) {
		t.Errorf("%+v", shown)
	}
	if got := runWith(t, "", "keys", "revoke", id, "--keys", file); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if shown := runWith(t, "", "keys", "list", "--keys", file); !strings.Contains(shown.out, "revoked") {
		t.Errorf("%+v", shown)
	}
}
