//go:build nolibrary

package local

import "errors"

// runLibrary is not here in a build with the tag nolibrary, which needs no C
// library at run time, and so runs in an image that has none.
func runLibrary(string) error {
	return errors.New("this runrate was built with -tags nolibrary, and cannot load a ClickHouse library: put a clickhouse binary on PATH, or give the address of a running server with --clickhouse")
}
