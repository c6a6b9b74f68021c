package main

import (
	"io"
	"sync"
)

// output is standard output. It keeps the first error and takes nothing after
// it, so code that prints need not look at each write: execute asks failed when
// the command is done. Many goroutines may write.
type output struct {
	to io.Writer

	mu  sync.Mutex
	err error
}

// Write returns the first error of any Write.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(b)
	o.err = err
	return n, err
}

// failed is the first error of any Write, nil if there was none.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
