package main

import (
	"fmt"
	"strings"

	"runrate/internal/stream"
)

// joined are things by name, with a word between them.
func joined[T fmt.Stringer](all []T, between string) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.String()
	}
	return strings.Join(names, between)
}

// kindNames are what a command calls the kinds of topic, in their order.
func kindNames() []string {
	var names []string
	for _, k := range stream.Kinds() {
		names = append(names, k.String())
	}
	return names
}
