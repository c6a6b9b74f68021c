package gateway

import (
	_ "embed" // the description
	"net/http"
)

// OpenAPI describes the door, in OpenAPI 3.1. The tests of this package hold each answer
// to it.
//
//go:embed openapi.json
var OpenAPI []byte

// describe answers the description.
func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(OpenAPI) // whoever has gone does not read it
}
