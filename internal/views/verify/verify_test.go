package verify_test

import (
	"flag"
	"strings"
	"testing"

	"runrate/internal/views/verify"
	"runrate/test/oracle/gen"
)

var (
	seeds = flag.Int("seeds", 4, "streams to verify")
	seed  = flag.Uint64("seed", 0, "verify one stream")
)

func options(seed uint64) gen.Options {
	o := gen.Options{Days: 2, Skipped: seed%2 == 0, Forms: seed%3 == 0}
	switch seed % 6 {
	case 0, 3:
		o.Days = 75
	case 1:
		o.Days = 40
	}
	return o
}

// What the folds write is proved, whatever the stream.
func TestSound(t *testing.T) {
	one := func(seed uint64) {
		w := newWorld(t, seed, options(seed))
		results := w.verify()
		var compared int64
		for _, r := range results {
			compared += r.Compared
		}
		for check, text := range failing(results) {
			if w.clockless() == 0 || !strings.HasPrefix(text, verify.Unknown.String()+", 0 of 0: no as_of could be compared") {
				t.Errorf("seed %d (replay with -seed %d): %s: %s", seed, seed, check, text)
			}
		}
		if options(seed).Days == 2 {
			soundSample(t, w, seed)
		}
		if len(results) != 30 || compared == 0 {
			t.Errorf("seed %d: %d checks of %d rows", seed, len(results), compared)
		}
		t.Logf("seed %d: %d rows", seed, compared)
	}
	if *seed != 0 {
		one(*seed)
		return
	}
	for s := range *seeds {
		one(uint64(s + 1))
	}
}

// soundSample: a sample of what is sound shows no difference, whatever it left out.
func soundSample(t *testing.T, w *world, seed uint64) {
	t.Helper()
	for _, r := range w.verifyWith(verify.Options{Log: w, Sample: 20}) {
		if r.Outcome == verify.Differs {
			t.Errorf("seed %d (replay with -seed %d), a sample: %v", seed, seed, failing([]verify.Result{r}))
		}
	}
}
