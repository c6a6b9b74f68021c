package simulate

import "runrate/internal/event"

// Segments and regions, by index.
var (
	segmentNames = [...]string{"enterprise", "business", "developer"}
	regionNames  = [...]string{"us", "eu", "apac"}
)

const (
	enterprise = iota
	business
	developer
	segments
)

const regions = len(regionNames)

// regionShare is how the accounts are spread, in percent.
var regionShare = []uint16{50, 30, 20}

// busyHours is how the use of a working day is spread over its local hours.
var busyHours = [24]uint16{16, 12, 10, 9, 9, 11, 16, 26, 42, 58, 66, 68, 62, 64, 70, 70, 66, 60, 50, 42, 38, 34, 28, 21}

// ahead is how many hours local time is ahead of UTC.
var ahead = [regions]int{-6, 1, 8}

// utcHours is busyHours by UTC hour for each region, and its sum.
var utcHours, hourSum = func() (table [regions][24]uint16, sum int) {
	for r := range regions {
		for h := range 24 {
			table[r][(h-ahead[r]+24)%24] = busyHours[h]
		}
	}
	for _, w := range busyHours {
		sum += int(w)
	}
	return table, sum
}()

// weekdayShare is the use of a day in percent of the average, from Monday.
var weekdayShare = [7]uint64{108, 112, 112, 110, 104, 76, 78}

// weekday counts from Monday, 0; 1970-01-01 was a Thursday.
func weekday(t event.Time) int { return int((t/event.Day + 3) % 7) }

// moment is an instant of a day by the rhythm of a region.
func (m *Model) moment(region uint8, day event.Time) event.Time {
	h := m.draw.weighted(utcHours[region][:], hourSum)
	return day + event.Time(h)*event.Hour + event.Time(m.draw.below(uint64(event.Hour)))
}
