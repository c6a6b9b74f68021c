package program

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUpgrade starts from data directories that older programs left: up folds both
// topics anew by the rules of now, the views show the old numbers until it has, and
// what they show then is proved.
func TestUpgrade(t *testing.T) {
	archives, err := filepath.Glob("testdata/stored/*.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no data directories: %v", err)
	}
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			t.Parallel()
			p := newPipeline(t, "--no-ticker")
			if out, err := exec.Command("tar", "-xzf", archive, "-C", p.dir, "--strip-components=1").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			p.args = append(p.args, "--partitions=2")
			p.start(t)
			p.ready(t)
			const arr = "SELECT line, toString(sum(arr)) FROM arr WHERE as_of = (SELECT max(as_of) FROM arr) GROUP BY line ORDER BY line"
			const want = "api-platform\t205316.67530257975,chat-apps\t76864.999999999992"
			within(t, "both topics are folded anew", func() bool {
				if got := strings.Join(p.query(t, arr), ","); got != want {
					t.Fatalf("shown meanwhile: %s, want %s", got, want)
				}
				return p.query(t, "SELECT count() FROM epochs WHERE shown AND epoch = 1")[0] == "2"
			})
			p.settle(t)
			p.verify(t)
			if got := strings.Join(p.query(t, arr), ","); got != want {
				t.Errorf("folded anew: %s, want %s", got, want)
			}
			for _, says := range []string{"is folded anew; the views show the old numbers", "rebuild is done"} {
				if strings.Count(p.err.String(), says) != 2 {
					t.Errorf("%q is not said of both topics:\n%s", says, p.err.String())
				}
			}
			must(t, tickAt("2026-02-10T00:00:00Z"), "publish", p.brokers(), "-")
			p.settle(t)
			p.verify(t)
			p.terminate(t)
		})
	}
}
