package event

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestReuse decodes batches of sizes around that of a slab, by a decoder that uses its
// room again and by one that does not: both see the same events, those of a batch stay
// as they are until it is over, and their strings for ever.
func TestReuse(t *testing.T) {
	var reusing, plain Decoder
	reusing.Reuse()
	n := 0
	var ids []string
	for _, size := range []int{1, slabUsages, slabUsages + 1, 3*slabUsages + 7, 2, 0, 5} {
		var got, want []Event
		for range size {
			n++
			value := strings.NewReplacer(`"01JD8ZK5Y3W5T7"`, fmt.Sprintf("%q", fmt.Sprint("id-", n)), `:1234`, fmt.Sprint(":", n),
				`"output_tokens"`, `"a":1,"b":2,"c":3,"d":4,"e":5,"output_tokens"`).Replace(benchUsage)
			a, bad := reusing.Decode([]byte(value))
			b, worse := plain.Decode([]byte(value))
			if bad != nil || worse != nil {
				t.Fatal(bad, worse)
			}
			got, want = append(got, a), append(want, b)
			ids = append(ids, a.ID)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("a batch of %d:\ngot  %+v\nwant %+v", size, got, want)
		}
		reusing.Reuse()
	}
	for i, id := range ids {
		if id != fmt.Sprint("id-", i+1) {
			t.Fatalf("id %d became %q", i+1, id)
		}
	}
	for range 10 {
		reusing.Reuse()
	}
	if held := len(reusing.room.slabs); held > 1 {
		t.Errorf("a decoder without events holds %d slabs", held)
	}
}

// TestReuseAllocatesNothing: what a usage event costs is its share of a block.
func TestReuseAllocatesNothing(t *testing.T) {
	for _, value := range [][]byte{[]byte(benchUsage), protoOf(t, benchUsage)} {
		var d Decoder
		var e Event
		if each := testing.AllocsPerRun(10_000, func() {
			d.Reuse()
			if bad := d.Read(&e, nil, value); bad != nil {
				t.Fatal(bad)
			}
		}); each >= 1 {
			t.Errorf("%q: %v allocations an event", value[0], each)
		}
	}
}

func protoOf(tb testing.TB, json string) []byte {
	var d Decoder
	e, bad := d.Decode([]byte(json))
	if bad != nil {
		tb.Fatal(bad)
	}
	value, err := e.AppendProto(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return value
}
