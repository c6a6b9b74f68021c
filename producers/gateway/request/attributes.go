package request

import (
	"slices"
	"strings"

	"runrate/internal/event"
)

// prefix is what the HTTP binding of CloudEvents puts before the name of an attribute.
const prefix = "ce-"

// Specversion is the header that says that a request is in binary form, in lower case.
const Specversion = prefix + "specversion"

// Attributes are the headers of the Kafka record that stands for a request in binary
// form: content-type, and the ce- headers of the request by the name that they have on
// Kafka. The header's names may be in any case.
func Attributes(header map[string][]string) []event.Header {
	var out []event.Header
	for name, values := range header {
		name = strings.ToLower(name)
		attribute, ok := strings.CutPrefix(name, prefix)
		if !ok && name != "content-type" {
			continue
		}
		for _, value := range values {
			if ok {
				out = append(out, event.Header{Name: "ce_" + attribute, Value: unescape(value)})
			} else {
				out = append(out, event.Header{Name: name, Value: []byte(value)})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b event.Header) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// unescape undoes the percent-encoding of the HTTP binding; what is none is left.
func unescape(value string) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		if value[i] == '%' && i+2 < len(value) {
			if high, low := digit(value[i+1]), digit(value[i+2]); high < 16 && low < 16 {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, value[i])
	}
	return out
}

// digit is the value of a hexadecimal digit, 16 if it is none.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
