package pricebook

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"runrate/internal/event"
)

// load parses a book of a file.
func load(t testing.TB, file string) *Book {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(data)
	if err != nil {
		t.Fatalf("%s:\n%v", file, err)
	}
	return b
}

// tidy is the book of testdata/book.yaml as JSON.
const tidy = `{"version":"2026-11-01","currency":"USD","products":[` +
	`{"product":"chat-large","line":"api","meters":{` +
	`"input_tokens":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"2.5","cost":"0.6"},` +
	`{"effective_from":"2026-10-01T00:00:00Z","unit":1000000,"price":"2","cost":"0.5"}],` +
	`"output_tokens":[{"effective_from":"2026-01-01T00:00:00Z","unit":1000000,"price":"10","cost":"2.4"}]}},` +
	`{"product":"speech","line":"voice","meters":{` +
	`"seconds":[{"effective_from":"2026-02-01T00:00:00.5Z","unit":1,"price":"0.000000000001","cost":"0"}]}}],` +
	`"discounts":[{"account":"acct_42","effective_from":"2026-06-01T00:00:00Z","percent":"15"},` +
	`{"account":"acct_42","effective_from":"2026-09-01T00:00:00Z","percent":"0"},` +
	`{"account":"acct_7","effective_from":"2026-06-01T00:00:00Z","percent":"50"}]}`

func TestJSON(t *testing.T) {
	b := load(t, "testdata/book.yaml")
	if got := string(b.JSON()); got != tidy {
		t.Errorf("got  %s\nwant %s", got, tidy)
	}
}

func TestJSONReadsBack(t *testing.T) {
	for _, file := range []string{"testdata/book.yaml", "../../deploy/prices/example.yaml"} {
		b := load(t, file)
		again, err := Parse(b.JSON())
		if err != nil || !reflect.DeepEqual(b, again) {
			t.Errorf("%s reads back as %+v, %v", file, again, err)
		}
	}
}

// TestParseJSONLayouts: the same book is the same in whatever way its JSON is laid
// out.
func TestParseJSONLayouts(t *testing.T) {
	want := load(t, "testdata/book.yaml")
	for name, text := range map[string]string{
		"blanks":  "\r\n " + strings.ReplaceAll(tidy, `":`, `" : `) + "\r\n",
		"tabs":    strings.NewReplacer("{", "{\n\t", "[", "[\n\t\t", ",", ",\n\t\t", "}", "\n\t}").Replace(tidy),
		"escapes": strings.NewReplacer("chat", `\u0063hat`, "api", `\u0061p\u0069`).Replace(tidy),
	} {
		got, err := Parse([]byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestJSONKeepsOddNames(t *testing.T) {
	const name = "<a&b> \"c\"\\d/é😀 e"
	b := load(t, "testdata/book.yaml")
	p := b.products["speech"]
	delete(b.products, "speech")
	p.Name = name
	b.products[name] = p
	b.discounts = map[event.Account][]discount{name: b.discounts["acct_7"]}
	again, err := Parse(b.JSON())
	if err != nil || !reflect.DeepEqual(b, again) {
		t.Errorf("reads back as %+v, %v", again, err)
	}
}

// TestParseJSONEscapes: what other languages' encoders write reads as the same
// name.
func TestParseJSONEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`\ud83d\ude00`:       "😀",
		`\\ud83d\ude00`:      "",
		`\\\uD83D\uDE00\/`:   `\😀/`,
		`\u00e9\"\u0041\\u`:  `é"A\u`,
		`\ud83d\ud83d\ude00`: "", // a lone surrogate is no character
		`\ud83d`:             "",
	} {
		b, err := Parse([]byte(strings.Replace(tidy, `"voice"`, `"`+in+`"`, 1)))
		if want == "" {
			if err == nil {
				t.Errorf("%s is %q", in, b.products["speech"].Line)
			}
			continue
		}
		if err != nil || b.products["speech"].Line != want {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}
