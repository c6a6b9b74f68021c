//go:build chromium

package page

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"runrate/internal/money"
	"runrate/internal/views/report"
)

var update = flag.Bool("update", false, "write the screenshots of docs/")

// values are the exact values on the page, by their names: text, where it is no amount.
const values = `Object.fromEntries([...document.querySelectorAll('[data-value]')].map((e) =>
	[e.dataset.value, e.querySelector('[data-exact]')?.dataset.exact ?? e.textContent.replaceAll(',', '')]))`

// wanted are the same values from the views.
var wanted = []string{
	"SELECT 'arr ' || line, toString(arr) FROM arr WHERE as_of = (SELECT max(as_of) FROM arr)",
	"SELECT 'arr *', toString(sum(arr)) FROM arr WHERE as_of = (SELECT max(as_of) FROM arr)",
	`SELECT 'bridge ' || b.1, b.2 FROM (SELECT arrayJoin([('opening', toString(sum(opening))), ('new', toString(sum(new))), ('expansion', toString(sum(expansion))),
		('reactivation', toString(sum(reactivation))), ('contraction', toString(sum(contraction))), ('churn', toString(sum(churn))), ('closing', toString(sum(closing)))]) AS b
		FROM net_new_arr WHERE as_of = (SELECT max(as_of) FROM net_new_arr))`,
	"SELECT 'active ' || window, toString(accounts) FROM active_accounts WHERE line = '*' AND as_of = (SELECT max(as_of) FROM active_accounts)",
	"SELECT 'refused ' || reason, toString(count()) FROM dead_letters GROUP BY reason",
}

// TestPage walks through the life of a pipeline, as one sees it who leaves the page open.
func TestPage(t *testing.T) {
	p := up(t)
	b := open(t, p.page+"/")
	within(t, patience, "the page says that there is no data", func() bool {
		return eval[bool](t, b, `!document.getElementById('empty').hidden && document.getElementById('numbers').hidden`)
	})
	p.runrate(t, "", "replay-subscriptions")
	p.runrate(t, "", "simulate", "--preset", "startup")
	p.runrate(t, "", "settle", "--timeout", "2m")
	within(t, patience, "the numbers show by themselves", func() bool {
		return eval[bool](t, b, `!document.getElementById('numbers').hidden && document.documentElement.dataset.status === 'good'`)
	})
	t.Run("equals the views", func(t *testing.T) { equalsViews(t, p, b) })
	t.Run("of monitor", func(t *testing.T) { ofMonitor(t, p) })
	t.Run("as one reads it", func(t *testing.T) { readable(t, b) })
	t.Run("keyboard", func(t *testing.T) { keyboard(t, b) })
	t.Run("dark, light, phone", func(t *testing.T) { looks(t, b) })
	t.Run("a halted partition", func(t *testing.T) { halts(t, p, b) })
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.asked {
		if !strings.HasPrefix(address, p.page+"/") {
			t.Errorf("it asked for %s", address)
		}
	}
	for _, said := range b.wrong {
		t.Errorf("the console says: %s", said)
	}
}

// equalsViews: each value on the page is that of the views, and no value is missing.
func equalsViews(t *testing.T, p *pipeline, b *browser) {
	want := map[string]string{}
	for _, q := range wanted {
		for _, row := range p.query(t, q) {
			want[row[0]] = row[1]
		}
	}
	if len(want) < 18 {
		t.Fatalf("the views have only %d values: %v", len(want), want)
	}
	var differs string
	within(t, patience, "the page has what the views have", func() bool {
		got := eval[map[string]string](t, b, values)
		differs = ""
		for name, value := range want {
			if got[name] != value {
				differs += name + " is " + got[name] + ", not " + value + "; "
			}
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				differs += name + " is in no view; "
			}
		}
		return differs == "" || t.Failed()
	})
	chartsEqual(t, p, b)
	for _, link := range eval[[]string](t, b, `[...document.querySelectorAll('a[href^="/sql/"]')].map((a) => a.href)`) {
		if status := eval[int](t, b, `fetch(`+"`"+link+"`"+`).then((r) => r.status)`); status != 200 {
			t.Errorf("%s answers %d", link, status)
		}
	}
}

// readable: every amount is shown rounded to cents as the report rounds it.
func readable(t *testing.T, b *browser) {
	amounts := eval[[][2]string](t, b, `[...document.querySelectorAll('[data-exact]')].map((e) => [e.dataset.exact, e.textContent])`)
	if len(amounts) < 20 {
		t.Fatalf("only %d amounts", len(amounts))
	}
	for _, a := range amounts {
		exact, err := money.Parse(a[0])
		if err != nil {
			t.Errorf("%q: %v", a[0], err)
			continue
		}
		want := report.Money(exact, false)
		if got := strings.TrimPrefix(strings.Replace(a[1], "$", "", 1), "+"); got != want {
			t.Errorf("%s is shown as %s, want %s", a[0], a[1], want)
		}
	}
}

// keyboard: lines are chosen and charts are read without a pointer.
func keyboard(t *testing.T, b *browser) {
	b.run(t, chromedp.Focus(chromedp.CSS(`#lines input[value="*"]`)), chromedp.KeyEvent(kb.ArrowRight))
	line := eval[string](t, b, `document.querySelector('#lines input:checked').value`)
	if line == "*" || !eval[bool](t, b, `location.hash.includes('line=')`) {
		t.Errorf("the arrow key chose %q", line)
	}
	total := eval[string](t, b, `document.querySelector('[data-value="bridge closing"] [data-exact]').dataset.exact`)
	if own := eval[string](t, b, `document.querySelector('#lines input:checked + .inside').textContent`); total == "" || own == "" {
		t.Errorf("of %s: %q %q", line, total, own)
	}
	b.run(t, chromedp.KeyEvent(kb.ArrowLeft), chromedp.Focus(chromedp.CSS(`#time`)))
	last := eval[string](t, b, `document.getElementById('time-readout').textContent`)
	b.run(t, chromedp.KeyEvent(kb.ArrowLeft))
	if before := eval[string](t, b, `document.getElementById('time-readout').textContent`); before == last || !strings.Contains(before, "All lines") {
		t.Errorf("the arrow key went from %q to %q", last, before)
	}
	reached := map[string]bool{}
	b.run(t, chromedp.Focus(chromedp.CSS(`.skip`)))
	for range 60 {
		reached[eval[string](t, b, `document.activeElement.id || document.activeElement.getAttribute('href') || document.activeElement.name || ''`)] = true
		b.run(t, chromedp.KeyEvent(kb.Tab))
	}
	for _, stop := range []string{"line", "range", "time", "usage", "/sql/arr", "/sql/bridge", "/sql/partitions", "/sql/clock"} {
		if !reached[stop] {
			t.Errorf("the tab key never reaches %q: %v", stop, reached)
		}
	}
}

// contrast are the texts whose contrast to what is behind them is too low (WCAG 2.2, AA).
const contrast = `(() => {
	const rgb = (text) => text.match(/[\d.]+/g).map(Number);
	const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, w, i) => {
		const v = c[i] / 255;
		return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	}, 0);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgb(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] === 1) return c;
		}
		return [255, 255, 255];
	};
	const low = [];
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
		const style = getComputedStyle(e);
		const [a, b] = [light(rgb(e instanceof SVGElement ? style.fill : style.color)), light(behind(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) low.push(e.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
	}
	return low;
})()`

// looks: text can be read in dark and light, and a phone shows all without scrolling
// sideways.
func looks(t *testing.T, b *browser) {
	for _, scheme := range []string{"light", "dark"} {
		call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		b.run(t, chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(), scrollTo(0, 0)`))
		if low := eval[[]string](t, b, contrast); len(low) > 0 {
			t.Errorf("%s: too little contrast: %q", scheme, low)
		}
		b.shot(t, scheme)
		b.run(t, chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
		within(t, patience, "the charts are drawn for a phone", func() bool { return eval[bool](t, b, `document.querySelector('#time svg').clientWidth <= 390`) })
		if wide := eval[int](t, b, `document.documentElement.scrollWidth`); wide > 390 {
			t.Errorf("%s: a phone shows 390 of %d pixels", scheme, wide)
		}
		b.shot(t, scheme+"-phone")
		b.run(t, chromedp.EmulateViewport(1280, 1640))
		within(t, patience, "the charts are drawn wide again", func() bool { return eval[bool](t, b, `document.querySelector('#time svg').clientWidth > 800`) })
	}
}

// shot writes what is seen to .cache/page and, to be kept, to docs.
func (b *browser) shot(t *testing.T, name string) {
	t.Helper()
	taken, err := png.Decode(bytes.NewReader(ask(t, b, chromedp.CaptureScreenshot())))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, paletted(taken)); err != nil {
		t.Fatal(err)
	}
	folders := []string{filepath.Join(root, ".cache", "page")}
	if *update && !strings.Contains(name, "-") {
		folders = append(folders, filepath.Join(root, "docs"))
	}
	for _, folder := range folders {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "page-"+name+".png"), small.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// paletted is an image in the 256 colours that it has most of, which is a third of the
// bytes.
func paletted(of image.Image) image.Image {
	count := map[color.Color]int{}
	size := of.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			count[of.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	out := image.NewPaletted(size, colours[:min(len(colours), 256)])
	index := map[color.Color]uint8{}
	for _, c := range colours {
		index[c] = uint8(out.Palette.Index(c))
	}
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			out.SetColorIndex(x, y, index[of.At(x, y)])
		}
	}
	return out
}

// halts: a partition that is halted turns the page red within ten seconds, with the
// reason; when it goes on, the page is well again.
func halts(t *testing.T, p *pipeline, b *browser) {
	const event = `{"specversion":"1.0","type":"usage.recorded","source":"test","id":"1","time":"2026-11-01T00:00:00Z","subject":"acct_1","data":{"product":"nonsense","quantities":{"tokens":1}}}` + "\n"
	p.query(t, "RENAME TABLE dead_letter_versions TO elsewhere")
	p.runrate(t, event, "publish", "-")
	within(t, 10*time.Second, "the page is red", func() bool {
		return eval[bool](t, b, `document.documentElement.dataset.status === 'bad' && document.querySelectorAll('tr.bad[data-partition^="runrate.usage/"]').length === 1`)
	})
	b.shot(t, "halted-one")
	if said := eval[string](t, b, `document.getElementById('banner').textContent`); !strings.Contains(said, "is halted (store): ") || !strings.Contains(said, "runrate migrate") {
		t.Errorf("it says %q", said)
	}
	if title := eval[string](t, b, `document.title`); !strings.HasPrefix(title, "1 of 4 partitions halted") {
		t.Errorf("its title is %q", title)
	}
	within(t, patience, "what cannot be read says so", func() bool {
		return strings.Contains(eval[string](t, b, `document.querySelector('[data-asof="refusals"]').textContent`), "not read since")
	})
	p.query(t, "RENAME TABLE elsewhere TO dead_letter_versions")
	within(t, patience, "the page is well again", func() bool {
		return eval[bool](t, b, `document.documentElement.dataset.status === 'good' && document.getElementById('banner').textContent === ''`)
	})
}
