package publish

import (
	"io"
	"time"

	"go.uber.org/zap"

	"runrate/internal/broker"
	"runrate/internal/stream"
)

// Options set up a Publisher; the zero value of each field means its default.
type Options struct {
	BatchBytes  int           // of one produce request; default 512 KiB
	Memory      int           // bytes waiting or under way in all; default 64 MiB
	MaxRecord   int           // bytes of a record's value; default 1,000,000
	Linger      time.Duration // how long a record waits for its batch to fill; default 100 ms
	RetryFor    time.Duration // how long one batch is retried; default 2 min
	Compression broker.Compression

	// Errors, if not nil, gets a line of JSON for each event that cannot be
	// sent, as soon as that is known: its line, reason, detail and text. An
	// error of it ends the publisher.
	Errors io.Writer

	// Result, if not nil, is called once for each record that SendTagged took, when it is
	// acknowledged or can never be: with its tag, where it is, and nil or why not. After
	// the publisher failed or was closed it is not called for what is left. It must not
	// call the publisher.
	Result func(tag uint64, at stream.Place, err error)

	Now func() time.Time // by which ticks are ahead; default time.Now
	Log *zap.Logger      // default: none
}

func (o Options) withDefaults() Options {
	if o.BatchBytes <= 0 {
		o.BatchBytes = 512 << 10
	}
	if o.Memory <= 0 {
		o.Memory = 64 << 20
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = 1_000_000
	}
	if o.Linger <= 0 {
		o.Linger = 100 * time.Millisecond
	}
	if o.RetryFor <= 0 {
		o.RetryFor = 2 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}
