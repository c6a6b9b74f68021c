package event

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"runrate/schemas"
)

// jsonSchemas are the published schemas, by the type of event.
func jsonSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	files, err := fs.Glob(schemas.JSON, "jsonschema/*.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, file := range files {
		raw, err := schemas.JSON.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource(file, parseJSON(t, string(raw))); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "jsonschema/"), ".schema.json")
		if compiled[name], err = compiler.Compile(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range Types() {
		if compiled[kind.String()] == nil {
			t.Fatalf("there is no schema of %s", kind)
		}
	}
	if len(compiled) != len(Types()) {
		t.Fatalf("there are %d schemas", len(compiled))
	}
	return compiled
}

func parseJSON(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// schemaFor is the schema of the type that an example has.
func schemaFor(t *testing.T, all map[string]*jsonschema.Schema, example string) *jsonschema.Schema {
	t.Helper()
	var d Decoder
	e, bad := d.Decode([]byte(example))
	if bad != nil {
		t.Fatal(bad)
	}
	return all[e.Type.String()]
}

// TestProtoNamesEveryType: so does the comment of the field that holds it.
func TestProtoNamesEveryType(t *testing.T) {
	proto, err := schemas.Proto.ReadFile("events/v1/event.proto")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range Types() {
		if !strings.Contains(string(proto), kind.String()) {
			t.Errorf("event.proto does not name %s", kind)
		}
	}
}

// TestSchemasAccept: what the decoder accepts, the schemas accept, so that what
// they refuse it refuses.
func TestSchemasAccept(t *testing.T) {
	all := jsonSchemas(t)
	for name, example := range exampleJSON {
		if err := all[name].Validate(parseJSON(t, example)); err != nil {
			t.Errorf("the example of %s: %v", name, err)
		}
	}
	for _, test := range accepted {
		changed := with(t, test.example, test.old, test.new)
		if strings.Contains(changed, "e999") {
			continue // a number that the schema library's reader has no room for
		}
		if err := schemaFor(t, all, test.example).Validate(parseJSON(t, changed)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestSchemasRefuse: what the decoder refuses the schemas refuse, except for
// what they cannot express. That is marked in the table: that a member is
// given twice, lengths in bytes, the bounds of time in other offsets than UTC,
// leap seconds, which currency codes are in force, and quantity x unit_amount.
func TestSchemasRefuse(t *testing.T) {
	all := jsonSchemas(t)
	var d Decoder
	for _, test := range refusals {
		changed := with(t, test.example, test.old, test.new)
		bad := refuse(t, &d, []byte(changed))
		if strings.Contains(bad.Detail, "strict JSON") {
			continue // no JSON at all
		}
		err := schemaFor(t, all, test.example).Validate(parseJSON(t, changed))
		if refused := err != nil; refused == test.beyondSchema {
			t.Errorf("refused by the schema: %v; the decoder says %v", refused, bad)
		}
	}
}

// TestSchemaExamples: the examples in the schemas are events.
func TestSchemaExamples(t *testing.T) {
	all := jsonSchemas(t)
	for name := range all {
		raw, err := schemas.JSON.ReadFile("jsonschema/" + name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		list := parseJSON(t, string(raw)).(map[string]any)["examples"].([]any)
		for _, example := range list {
			if err := all[name].Validate(example); err != nil {
				t.Errorf("the schema of %s refuses its example: %v", name, err)
			}
			var d Decoder
			e, bad := d.Decode(bytes.TrimSpace(marshal(t, example)))
			if bad != nil || e.Invalid != nil || e.Type.String() != name {
				t.Errorf("the example of the schema of %s: %v %v", name, bad, e.Invalid)
			}
		}
	}
}
