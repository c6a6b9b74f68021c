package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"runrate/producers/gateway"
	"runrate/producers/gateway/request"
)

// description is what of the description the answers are held to.
type description struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		RequestBody struct{ Content map[string]any }
		Responses   map[string]struct {
			Headers map[string]any
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
}

var describing = sync.OnceValues(func() (d description, err error) { return d, json.Unmarshal(gateway.OpenAPI, &d) })

// described holds an answer of the door to its description: its status, its content type,
// its headers and its body.
func described(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	d, err := describing()
	if err != nil {
		t.Fatal(err)
	}
	operations, ok := d.Paths[req.URL.Path]
	if !ok {
		return // there is nothing
	}
	method := "post"
	if operations[method].Responses == nil {
		method = "get"
	}
	answer, ok := operations[method].Responses[fmt.Sprint(resp.StatusCode)]
	if !ok {
		t.Errorf("%s: %d is not described", req.URL.Path, resp.StatusCode)
		return
	}
	content, ok := answer.Content[resp.Header.Get("Content-Type")]
	if !ok {
		t.Errorf("%s, %d: %s is not described", req.URL.Path, resp.StatusCode, resp.Header.Get("Content-Type"))
		return
	}
	for _, name := range []string{"WWW-Authenticate", "Accept-Post", "Accept-Encoding", "Allow", "Retry-After"} {
		if _, ok := answer.Headers[name]; resp.Header.Get(name) != "" && !ok {
			t.Errorf("%s, %d: the header %s is not described", req.URL.Path, resp.StatusCode, name)
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema(t, content.Schema.Ref).Validate(value); err != nil {
		t.Errorf("%s, %d: %v: %.300s", req.URL.Path, resp.StatusCode, err, body)
	}
}

// schemas are those of the description that were asked for.
var schemas sync.Map

// schema is one of the description's.
func schema(t *testing.T, ref string) *jsonschema.Schema {
	t.Helper()
	if s, ok := schemas.Load(ref); ok {
		return s.(*jsonschema.Schema)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(gateway.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", text); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("openapi.json" + ref)
	if err != nil {
		t.Fatal(err)
	}
	schemas.Store(ref, s)
	return s
}

// TestDescription: it is served as it is, is OpenAPI 3.1, has each kind of problem's
// status and each media type, and its example of an event is taken.
func TestDescription(t *testing.T) {
	_, c := kafka(t)
	url := serve(t, gateway.Options{Log: c})
	resp, err := http.Get(url + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(text, gateway.OpenAPI) || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answered %v, %v: %.100s", resp.Header, err, text)
	}
	d, err := describing()
	if err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("%v: %q", err, d.OpenAPI)
	}
	for _, path := range []string{"/v1/events", "/v1/events:validate"} {
		op := d.Paths[path]["post"]
		for _, status := range []string{"200", "202", "400", "401", "403", "405", "408", "413", "415", "422", "429", "431", "503"} {
			if op.Responses[status].Content == nil {
				t.Errorf("%s: %s is not described", path, status)
			}
		}
		for _, media := range strings.Split(request.MediaTypes, ", ") {
			if op.RequestBody.Content[media] == nil {
				t.Errorf("%s: %s is not described", path, media)
			}
		}
	}
	var of struct {
		Components struct {
			Schemas struct {
				Event struct{ Example json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(gateway.OpenAPI, &of); err != nil {
		t.Fatal(err)
	}
	if got := post(t, url+"/v1/events", "application/json", of.Components.Schemas.Event.Example); got.status != http.StatusAccepted {
		t.Errorf("the example is answered %d: %s", got.status, got.body)
	}
}
