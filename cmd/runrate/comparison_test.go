package main

import (
	"strings"
	"testing"

	"runrate/consumers/consume"
	"runrate/internal/event"
	"runrate/internal/money"
)

// TestComparedDays: the last days are shown, and how many there are besides.
func TestComparedDays(t *testing.T) {
	c := consume.Comparison{Shown: 2, New: 3, AsOf: 4 * event.Day}
	for i := range 3 {
		c.Days = append(c.Days, consume.ComparedDay{AsOf: event.Time(i) * event.Day, Line: "api", Currency: "USD", Before: money.FromInt(10), After: money.FromInt(int64(7 - i))})
	}
	const (
		same = "As of every midnight this topic's part of arr is the same, in every line.\n"
		head = "\nThis topic's part of arr by midnight and line, where it would be another:\n" +
			"as_of       line  currency  epoch 2  epoch 3  change\n"
		first = "1970-01-01  api   USD       10       7        -3\n"
		rest  = "1970-01-02  api   USD       10       6        -4\n" +
			"1970-01-03  api   USD       10       5        -5\n"
	)
	for _, test := range []struct {
		days []consume.ComparedDay
		most int
		want string
	}{
		{nil, 30, same}, {c.Days, 0, head + first + rest + "\n"}, {c.Days, 3, head + first + rest + "\n"},
		{c.Days, 2, head + rest + "1 earlier ones differ, too: --compare-days 0 shows all.\n\n"},
	} {
		c.Days = test.days
		var out strings.Builder
		(&app{out: &out}).comparedDays(c, test.most)
		if out.String() != test.want {
			t.Errorf("%d of %d:\n%s\nwant\n%s", test.most, len(test.days), out.String(), test.want)
		}
	}
}
