package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "write the goldens anew: a change of format")

// TestGolden pins the bytes of each kind of event in both forms. They are
// public: what was written with them yesterday must be read tomorrow.
func TestGolden(t *testing.T) {
	all := examples(t)
	for _, kind := range Types() {
		if all[kind.String()].Type != kind || exampleJSON[kind.String()] == "" {
			t.Errorf("there is no example of %s", kind)
		}
	}
	jump := all["clock.ticked"]
	jump.Jump = true
	all["clock.ticked.jump"] = jump
	once := all["adjustment.recorded"]
	adjustment := *once.Adjustment
	adjustment.OneOff = true
	once.Adjustment = &adjustment
	all["adjustment.recorded.one_off"] = once
	for name, e := range all {
		proto, err := e.AppendProto(nil)
		if err != nil {
			t.Fatal(err)
		}
		for ending, got := range map[string][]byte{".json": e.AppendJSON(nil), ".pb": proto} {
			file := filepath.Join("testdata", "golden", name+ending)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err) // a golden that is not there is a failure
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s:\ngot  %q\nwant %q", file, got, want)
			}
			var d Decoder
			back, bad := d.Decode(want)
			if bad != nil {
				t.Errorf("%s: %v", file, bad)
			} else if !reflect.DeepEqual(back, e) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", file, back, e)
			}
		}
	}
}

// TestAppendKeeps: AppendJSON and AppendProto leave alone what dst holds.
func TestAppendKeeps(t *testing.T) {
	for name, e := range examples(t) {
		if got := e.AppendJSON([]byte("head")); !bytes.Equal(got, append([]byte("head"), e.AppendJSON(nil)...)) {
			t.Errorf("%s: %s", name, got)
		}
		proto, _ := e.AppendProto(nil)
		if got, err := e.AppendProto([]byte("head")); err != nil || !bytes.Equal(got, append([]byte("head"), proto...)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAppendProtoLacksData(t *testing.T) {
	for _, kind := range append(Types(), Types()[len(Types())-1]+1) {
		got, err := Event{Type: kind, Source: "s", ID: "1"}.AppendProto([]byte("head"))
		if (err == nil) != (kind == ClockTicked) {
			t.Errorf("%s: %v", kind, err)
		}
		if err != nil && string(got) != "head" {
			t.Errorf("%s: dst is %q", kind, got)
		}
	}
}

// marshal is v as JSON.
func marshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
