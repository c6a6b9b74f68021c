package gateway

import (
	_ "embed" // the description
	"encoding/json"
	"fmt"
	"net/http"

	"runrate/internal/event"
	"runrate/schemas"
)

// OpenAPI describes the door, in OpenAPI 3.1: openapi.json, and in its components the
// published JSON Schema of each type of event that the door takes, and the names of problems. The tests of this package
// hold each answer to it, and schemathesis the door (test/clients).
var OpenAPI = compose()

//go:embed openapi.json
var door []byte

// compose puts the schemas of events where Event of openapi.json refers to.
func compose() []byte {
	var d, components, all map[string]json.RawMessage
	into(door, &d)
	into(d["components"], &components)
	into(components["schemas"], &all)
	for _, t := range event.Types() {
		if t.Control() {
			continue // no key may send it
		}
		text, err := schemas.JSON.ReadFile("jsonschema/" + t.String() + ".schema.json")
		if err != nil {
			panic(err) // it is embedded
		}
		var schema map[string]json.RawMessage
		into(text, &schema)
		delete(schema, "$id") // as a component it is named by where it stands
		delete(schema, "$schema")
		all[t.String()] = from(schema)
	}
	all["ProblemName"] = from(map[string]any{"type": "string", "enum": problemNames()})
	components["schemas"] = from(all)
	d["components"] = from(components)
	return from(d)
}

// into and from are of what is embedded: that it is JSON, the first test tells.
func into(text []byte, value any) {
	if err := json.Unmarshal(text, value); err != nil {
		panic(fmt.Sprintf("openapi.json and the schemas of events: %v", err))
	}
}

func from(value any) []byte {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		panic(err)
	}
	return text
}

// describe answers the description.
func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(OpenAPI) // whoever has gone does not read it
}
