package money

import "testing"

func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(100, f); n != 0 {
		t.Errorf("%s allocates %v times", what, n)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	a, b, p := mustParse(t, "12345678.901234"), mustParse(t, "-0.5"), mustPercent(t, "12.5")
	buf := make([]byte, 0, 64)
	noAllocs(t, "Add", func() { _, _ = a.Add(b) })
	noAllocs(t, "Sub", func() { _, _ = a.Sub(b) })
	noAllocs(t, "Cmp", func() { _ = a.Cmp(b) })
	noAllocs(t, "Rate", func() { _, _ = Rate(1234, a, p) })
	noAllocs(t, "Parse", func() { _, _ = Parse("-12345678.901234") })
	noAllocs(t, "AppendText", func() { _ = a.AppendText(buf) })
	noAllocs(t, "AppendBinary", func() { _ = a.AppendBinary(buf) })
	noAllocs(t, "IsCurrency", func() { _ = IsCurrency("USD") })
}

var (
	sinkAmount Amount
	sinkOK     bool
)

func BenchmarkAdd(b *testing.B) {
	x, y := mustParse(b, "0.003085"), mustParse(b, "-0.5")
	for b.Loop() {
		sinkAmount, sinkOK = x.Add(y)
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		sinkAmount, _ = Parse("-1234.56")
	}
}

func BenchmarkString(b *testing.B) {
	a, buf := mustParse(b, "-1234.56"), make([]byte, 0, 64)
	for b.Loop() {
		buf = a.AppendText(buf[:0])
	}
}

func BenchmarkRate(b *testing.B) {
	price := mustParse(b, "0.0000025")
	for name, discount := range map[string]Percent{"full": NoDiscount, "discounted": mustPercent(b, "15")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				sinkAmount, sinkOK = Rate(1234, price, discount)
			}
		})
	}
}

func BenchmarkMonthly(b *testing.B) {
	unit, discount := mustParse(b, "30"), mustPercent(b, "10")
	for b.Loop() {
		sinkAmount, sinkOK = Monthly(25, unit, discount, 1, 12)
	}
}
