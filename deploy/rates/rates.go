// Package rates holds an example set of exchange rates, so that the program has one
// without any file.
package rates

import _ "embed"

// Example is example.yaml: what currencies are worth, all of it fictitious.
//
//go:embed example.yaml
var Example []byte
