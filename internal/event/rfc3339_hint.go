package event

import "regexp"

// timeHints are forms of time that are often sent and cannot be read, each with
// the way out. The first that matches counts.
var timeHints = []struct {
	form *regexp.Regexp
	hint string
}{
	{regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`), sinceEpoch},
	{regexp.MustCompile(`^` + date + `$`), "the time of day is missing"},
	{regexp.MustCompile(`\[.*\]$`), "leave out the zone's name in brackets"},
	{regexp.MustCompile(`^` + date + `[Tt ][0-9]{2}(:[0-9]{2})?([Zz]|[+-][0-9:]+)?$`),
		"the seconds are missing, which Java's toString leaves out at a full minute; write :00"},
	{regexp.MustCompile(`^` + date + ` `), "write T between the date and the time, not a blank"},
	{regexp.MustCompile(`:[0-9]{2},[0-9]`), "write the fraction with a point"},
	{regexp.MustCompile(`^` + date + `[Tt][0-9]{2}:[0-9]{2}:60`), "a leap second has no place in the log; write second 59"},
	{regexp.MustCompile(`^` + clock + `$`), "the offset is missing; append Z if it is UTC"},
	{regexp.MustCompile(`^` + clock + `[+-][0-9]{2}([0-9]{2})?$`), "write the offset with hours, colon and minutes, as in +01:00"},
	{regexp.MustCompile(`^` + clock + `([Zz]|[+-][0-9]{2}:[0-9]{2})$`), "there is no such day, time of day or offset"},
}

const (
	date       = `[0-9]{4}-[0-9]{2}-[0-9]{2}`
	clock      = date + `[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?`
	sinceEpoch = "format the seconds or milliseconds since 1970 as such a text"
)

// timeHint is the way out of a time that cannot be read, "" if it is plain.
func timeHint(a attr) string {
	switch a.shape {
	case integer, number:
		return sinceEpoch
	case text:
		for _, h := range timeHints {
			if len(a.text) < 100 && h.form.Match(a.text) {
				return h.hint
			}
		}
	}
	return ""
}
