package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"runrate/producers/gateway/keys"
)

// whose is the key of a request; where none is asked for, one that may send all.
func (d *Door) whose(r *http.Request) (keys.Key, *answer) {
	if d.keys == nil {
		return keys.Key{}, nil
	}
	key, err := d.keys.Find(r.Header.Get("Authorization"), time.Now())
	if err == nil {
		return key, nil
	}
	challenge := `Bearer realm="runrate"`
	if !errors.Is(err, keys.ErrNone) {
		challenge += `, error="invalid_token"`
	}
	a := problem(unauthorized, err.Error()).with("WWW-Authenticate", challenge)
	return keys.Key{}, &a
}

// spend takes events off a key's rate; quota are the headers that tell how it stands.
func (d *Door) spend(key keys.Key, events int) (quota [][2]string, wrong *answer) {
	if d.keys == nil {
		return nil, nil
	}
	s, ok := d.keys.Spend(key, events, d.limits.Events, time.Now())
	if !ok {
		return nil, nil
	}
	quota = [][2]string{
		{"RateLimit-Policy", fmt.Sprintf(`"events";q=%d;w=%d`, s.Quota, seconds(s.Window))},
		{"RateLimit", fmt.Sprintf(`"events";r=%d;t=%d`, s.Left, seconds(s.Full))},
	}
	if s.Enough {
		return quota, nil
	}
	a := problem(rateLimited, fmt.Sprintf("the request has %d events, and of its key's rate of %g a second %d are left: send it again, unchanged, after Retry-After", events, key.Rate, max(0, s.Left))).
		with("Retry-After", strconv.Itoa(seconds(s.Missing))).withAll(quota)
	return nil, &a
}

// seconds are whole ones, at least 1.
func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }
