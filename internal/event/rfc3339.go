package event

import "time"

// parseTime reads an RFC 3339 date-time with any offset (DEFINITIONS E4), cut to the
// microsecond: further digits of the fraction are dropped, towards the past.
// The letters T and Z may be lower case, as RFC 3339 allows; no blank instead
// of T, no comma, no missing offset. A leap second (:60) is refused: neither
// the log's clock nor ClickHouse has a place for it. ok is false for anything
// else. Years 0000 to 9999 are read; which are accepted is judged elsewhere.
func parseTime(b []byte) (t Time, ok bool) {
	// 2006-01-02T15:04:05
	if len(b) < len("2006-01-02T15:04:05Z") || b[4] != '-' || b[7] != '-' ||
		b[10]|0x20 != 't' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	year := two(b[0:])*100 + two(b[2:])
	month, day := two(b[5:]), two(b[8:])
	hour, minute, second := two(b[11:]), two(b[14:]), two(b[17:])
	if two(b[0:]) < 0 || two(b[2:]) < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	b = b[19:]

	micros := 0
	if b[0] == '.' {
		digits := 1
		for ; digits < len(b) && '0' <= b[digits] && b[digits] <= '9'; digits++ {
			if digits <= 6 {
				micros = micros*10 + int(b[digits]-'0')
			}
		}
		if digits == 1 {
			return 0, false
		}
		for i := digits; i <= 6; i++ {
			micros *= 10
		}
		b = b[digits:]
	}

	offset, ok := parseOffset(b)
	if !ok {
		return 0, false
	}
	// time.Date is exact in all of the years 0..9999.
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	return Time(at-offset)*Second + Time(micros), true
}

// parseOffset reads Z or +hh:mm or -hh:mm, in seconds east of UTC.
func parseOffset(b []byte) (seconds int64, ok bool) {
	if len(b) == 1 {
		return 0, b[0]|0x20 == 'z'
	}
	if len(b) != len("+00:00") || b[3] != ':' || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	hours, minutes := two(b[1:]), two(b[4:])
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	seconds = int64(hours*3600 + minutes*60)
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// two is the number that two digits write, or below -1000 if they are none.
func two(b []byte) int {
	if b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
		return -100_000
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
