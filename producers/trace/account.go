package trace

import (
	"fmt"
	"math/bits"

	"runrate/internal/event"
)

// Customer is the account that a call is given to, with what follows from it.
type Customer struct {
	Account event.Account
	Segment string
	Region  string
}

// CustomerOf is the customer of a row. The traces name none, so a fixed rule
// gives each row one of n accounts, acct_00001 the busiest, by a hash of the
// file's name and the row's number:
//
//   - an octave is drawn evenly from 1, 2-3, 4-7, 8-15, ... up to n, and a rank
//     evenly from it, so that the account of rank r has about 1/r of the calls
//     of the first (Zipf's law), as real usage is skewed;
//   - the first 1% of accounts are enterprise, the next 9% business, the rest
//     developer;
//   - half of the accounts are in us, three tenths in eu, a fifth in apac, by a
//     hash of the account.
//
// Only integers are used, so that every machine gives the same events.
func CustomerOf(file string, row int64, n int) Customer {
	h := mix(hash(file) ^ uint64(row))
	octave := uint(h % uint64(bits.Len(uint(n))))
	rest := h >> 16
	rank := int(uint64(1)<<octave+rest%(uint64(1)<<octave)) - 1 // from 0
	if rank >= n {                                              // the last octave may reach beyond n
		rank = int(rest % uint64(n))
	}
	c := Customer{Account: event.Account(fmt.Sprintf("acct_%05d", rank+1))}
	switch {
	case rank*100 < n:
		c.Segment = "enterprise"
	case rank*10 < n:
		c.Segment = "business"
	default:
		c.Segment = "developer"
	}
	switch r := mix(uint64(rank)+0x5eed) % 10; {
	case r < 5:
		c.Region = "us"
	case r < 8:
		c.Region = "eu"
	default:
		c.Region = "apac"
	}
	return c
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}

// mix is the finalizer of splitmix64.
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
