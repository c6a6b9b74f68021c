package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"runrate/producers/gateway"
	"runrate/producers/gateway/keys"
)

// TestKeys: who has no valid key is not let in, and who has one only with what it may
// send; what is spent is told; no key is in an answer.
func TestKeys(t *testing.T) {
	_, c := kafka(t)
	path := filepath.Join(t.TempDir(), "keys.yaml")
	secrets := map[string]string{}
	var set keys.Set
	for _, k := range []keys.Key{
		{Name: "all"}, {Name: "usage", Types: []string{"usage.recorded"}, Accounts: []string{"acct_"}, Sources: []string{"test"}, Rate: 0.001},
		{Name: "revoked", Revoked: time.Unix(1, 0)}, {Name: "expired", NotAfter: time.Unix(1, 0)},
	} {
		made, secret, err := keys.New(k)
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, made)
		secrets[k.Name] = secret
	}
	if err := keys.Change(path, func(s *keys.Set) error { *s = set; return nil }); err != nil {
		t.Fatal(err)
	}
	file, err := keys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	core, said := observer.New(zap.DebugLevel)
	url := serve(t, gateway.Options{Log: c, Keys: file, Logger: zap.New(core)}) + "/v1/events"
	send := func(authorization, body string) reply {
		t.Helper()
		got := post(t, url, "application/json", []byte(body), "Authorization", authorization)
		for _, secret := range secrets {
			if strings.Contains(got.body, secret[12:]) || strings.Contains(fmt.Sprint(got.header), secret[12:]) {
				t.Errorf("a key is in an answer: %s", got.body)
			}
		}
		return got
	}
	for _, authorization := range []string{"", "Bearer", "Bearer x", "Basic " + secrets["all"], "Bearer " + secrets["all"] + "0", "Bearer rr_nobody_00",
		"Bearer " + secrets["revoked"], "Bearer " + secrets["expired"], "Bearer " + strings.Replace(secrets["all"], secrets["all"][3:11], secrets["usage"][3:11], 1)} {
		got := send(authorization, usage("1", "acct_1"))
		if got.status != http.StatusUnauthorized || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%.20s: answered %d: %s", authorization, got.status, got.body)
		}
	}
	for _, x := range []struct {
		key, body string
		want      int
	}{
		{"all", usage("1", "x"), 202}, {"all", tick, 403}, {"all", subscription, 202},
		{"usage", usage("1", "acct_1"), 202}, {"usage", usage("1", "x"), 403}, {"usage", subscription, 403},
		{"usage", strings.Replace(usage("1", "acct_1"), `"test"`, `"other"`, 1), 403},
		{"usage", "[" + usage("2", "acct_1") + "," + usage("1", "x") + "]", 403},
	} {
		if got := send("Bearer "+secrets[x.key], x.body); got.status != x.want {
			t.Errorf("%s with %s: answered %d: %s", x.body, x.key, got.status, got.body)
		}
	}
	// 1,000 may come at once, and one has.
	var many []string
	for i := range 600 {
		many = append(many, usage(fmt.Sprint(i), "acct_1"))
	}
	for _, want := range []struct {
		status int
		left   string
	}{{202, `"events";r=399;`}, {429, `"events";r=399;`}} {
		got := send("Bearer "+secrets["usage"], "["+strings.Join(many, ",")+"]")
		if got.status != want.status || !strings.HasPrefix(got.header.Get("RateLimit"), want.left) || got.header.Get("RateLimit-Policy") != `"events";q=1000;w=1000000` {
			t.Errorf("answered %d, want %d: %v: %.300s", got.status, want.status, got.header, got.body)
		}
		if after := got.header.Get("Retry-After"); (after != "") != (want.status == 429) {
			t.Errorf("Retry-After is %q", after)
		}
	}
	for _, entry := range said.All() {
		for _, secret := range secrets {
			if strings.Contains(fmt.Sprint(entry.Message, entry.ContextMap()), secret[12:]) {
				t.Errorf("a key is in the log: %v", entry)
			}
		}
	}
	if n := len(logged(t, c)); n != 3+600 {
		t.Errorf("%d events are in the log", n)
	}
}

// TestKeysAreReloaded: within 5 seconds a change is taken over; a broken file is not, which
// is said once; no key is in the file, which is its owner's alone, or in the log.
func TestKeysAreReloaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.yaml")
	core, said := observer.New(zap.DebugLevel)
	add := func(name string) string {
		made, secret, err := keys.New(keys.Key{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Change(path, func(s *keys.Set) error { s.Keys = append(s.Keys, made); return nil }); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	first := add("first")
	synctest.Test(t, func(t *testing.T) {
		file, err := keys.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go file.Watch(ctx, zap.New(core))
		second := add("second")
		find := func(secret string, want bool) {
			t.Helper()
			if _, err := file.Find("Bearer "+secret, time.Now()); (err == nil) != want {
				t.Errorf("a key: %v", err)
			}
		}
		find(second, false)
		time.Sleep(5 * time.Second)
		find(second, true)
		if err := os.WriteFile(path, []byte("keys: [{id: x}]"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		find(first, true)
		if err := keys.Change(path, func(*keys.Set) error { return nil }); err == nil {
			t.Error("a broken file is changed")
		}
		if err := os.WriteFile(path, []byte("keys: []"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		find(first, false)
	})
	if n := said.FilterMessageSnippet("cannot be read").Len(); n != 1 {
		t.Errorf("a broken file is spoken of %d times", n)
	}
	for _, entry := range said.All() {
		if strings.Contains(fmt.Sprint(entry.Message, entry.ContextMap()), first[12:]) {
			t.Errorf("a key is in the log: %v", entry)
		}
	}
}

// TestFileOfKeys: it has no key, and is its owner's alone.
func TestFileOfKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.yaml")
	made, secret, err := keys.New(keys.Key{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Change(path, func(s *keys.Set) error { s.Keys = append(s.Keys, made); return nil }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte(secret[12:])) {
		t.Errorf("the file has the key: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v: %v", info.Mode(), err)
	}
	for _, bad := range []string{"keys: [{id: a}]", "keyz: []", "keys: [{id: A_, sha256: " + made.SHA256 + "}]",
		"keys: [{id: a, rat: 1, sha256: " + made.SHA256 + "}]", "keys: [{id: a, types: [clock.ticked], sha256: " + made.SHA256 + "}]",
		"keys: [{id: a, sha256: " + made.SHA256 + "},{id: a, sha256: " + made.SHA256 + "}]"} {
		if _, err := keys.Parse([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
