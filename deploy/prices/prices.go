// Package prices holds the example price book, so that the program has one
// without any file.
package prices

import _ "embed"

// Example is example.yaml: what usage earns and costs, all of it fictitious.
//
//go:embed example.yaml
var Example []byte
