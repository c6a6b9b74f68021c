package pricebook

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"runrate/internal/document"
)

func TestProblemsAreCapped(t *testing.T) {
	_, err := Parse([]byte(valid + strings.Repeat("  - {}\n", 40)))
	e, ok := errors.AsType[*document.Error](err)
	if !ok || len(e.Problems) != 50 || e.More != 70 || !strings.HasSuffix(err.Error(), "\nand 70 more") {
		t.Fatal(err)
	}
}

func TestBookIsBounded(t *testing.T) {
	_, err := Parse([]byte(strings.Repeat("#", MaxSize+1)))
	if err == nil || err.Error() != "the price book has 4194305 bytes, more than 4194304" {
		t.Error(err)
	}
	// A billion laughs: the text is small, its expansion is not.
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		ref := "*" + string(c-1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat(ref+",", 8) + ref + "]\n"
	}
	if _, err := Parse([]byte(bomb + "products: *j\n")); err == nil {
		t.Error("a bomb is accepted")
	}
	for _, s := range []string{"[", "{a: ", "- ", "? "} {
		if _, err := Parse([]byte(strings.Repeat(s, 100_000))); err == nil {
			t.Errorf("a nest of %q is accepted", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(valid))
	f.Add([]byte(tidy))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("<<: {version: \"1\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse(data)
		if err != nil {
			if _, ok := errors.AsType[*document.Error](err); !ok || b != nil || err.Error() == "" {
				t.Fatalf("%v, %T", b, err)
			}
			return
		}
		again, err := Parse(b.JSON())
		if err != nil || !reflect.DeepEqual(b, again) {
			t.Fatalf("%s\nreads back as %+v, %v", b.JSON(), again, err)
		}
	})
}
