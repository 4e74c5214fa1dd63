package web_test

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is openapi.json as the tests read it: every request of every test
// goes through it, so that no answer can drift away from what is documented.
type document struct {
	raw        []byte
	root       map[string]any
	operations map[string]operation // by "GET /healthz"

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	seen     map[string]bool // "GET /healthz 200"
}

// operation is one route of the document.
type operation struct {
	method, path string
	at           string // its JSON pointer
	node         map[string]any
}

var openAPI = sync.OnceValue(readDocument)

func readDocument() *document {
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		panic(err)
	}
	d := &document{raw: raw, root: parsed.(map[string]any), operations: map[string]operation{},
		compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("openapi.json", parsed); err != nil {
		panic(err)
	}
	for path, item := range d.root["paths"].(map[string]any) {
		for method, node := range item.(map[string]any) {
			o := operation{strings.ToUpper(method), path, pointer("", "paths", path, method), node.(map[string]any)}
			d.operations[o.method+" "+path] = o
		}
	}
	return d
}

// pointer extends a JSON pointer.
func pointer(at string, tokens ...string) string {
	for _, t := range tokens {
		at += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(t)
	}
	return at
}

// resolve follows references and tells where they led.
func (d *document) resolve(at string, node any) (string, map[string]any) {
	m, _ := node.(map[string]any)
	for {
		target, ok := m["$ref"].(string)
		if !ok {
			return at, m
		}
		at = strings.TrimPrefix(target, "#")
		m, _ = d.lookup(at).(map[string]any)
	}
}

func (d *document) lookup(at string) any {
	var node any = d.root
	for _, token := range strings.Split(strings.TrimPrefix(at, "/"), "/") {
		m, _ := node.(map[string]any)
		node = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return node
}

// check holds a value against the schema at a pointer.
func (d *document) check(at string, value any) error {
	if err := d.compile(at); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.schemas[at].Validate(value)
}

func (d *document) compile(at string) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.schemas[at] != nil {
		return nil
	}
	d.schemas[at], err = d.compiler.Compile("openapi.json#" + (&url.URL{Path: at}).EscapedPath())
	if err != nil {
		err = fmt.Errorf("schema %s: %w", at, err)
	}
	return err
}

func (d *document) checkJSON(at string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return d.check(at, value)
}

// find gives the documented route of a request; the one with the most literal
// parts wins, as in the server.
func (d *document) find(method, path string) (found operation, ok bool) {
	best := -1
	for _, o := range d.operations {
		if o.method != method {
			continue
		}
		if literal := matchPath(o.path, path); literal > best {
			best, found, ok = literal, o, true
		}
	}
	return found, ok
}

// matchPath counts the literal parts of a template that the path fits, -1 if
// it does not. A last part {path} stands for anything, nothing too.
func matchPath(template, path string) int {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	literal := 0
	for i, w := range want {
		switch {
		case w == "{path}" && len(got) > i:
			return literal
		case i >= len(got), !strings.HasPrefix(w, "{") && w != got[i], strings.HasPrefix(w, "{") && got[i] == "":
			return -1
		case !strings.HasPrefix(w, "{"):
			literal++
		}
	}
	if len(got) != len(want) {
		return -1
	}
	return literal
}

// exchange is a request and its answer.
type exchange struct {
	method   string
	url      *url.URL
	sent     []byte
	status   int
	header   http.Header
	body     []byte // nil for a stream
	isStream bool
}

// verify holds an exchange against the document.
func (d *document) verify(t testing.TB, x exchange) {
	t.Helper()
	what := fmt.Sprintf("%s %s → %d", x.method, x.url.RequestURI(), x.status)
	method := x.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	o, ok := d.find(method, x.url.EscapedPath())
	if !ok {
		if x.status != 404 && x.status != 405 {
			t.Errorf("%s: no such route in the document", what)
		}
		if err := d.checkJSON("/components/schemas/Problem", x.body); err != nil {
			t.Errorf("%s: %v\n%.500s", what, err, x.body)
		}
		return
	}
	at := pointer(o.at, "responses", fmt.Sprint(x.status))
	at, response := d.resolve(at, d.lookup(at))
	if response == nil {
		t.Errorf("%s: the document has no such status\n%.500s", what, x.body)
		return
	}
	d.verifyHeaders(t, what, at, response, x.header)
	d.verifyBody(t, what, at, response, x)
	if x.status < 300 {
		d.verifyRequest(t, what, o, x)
		d.mu.Lock()
		d.seen[fmt.Sprintf("%s %s %d", o.method, o.path, x.status)] = true
		d.mu.Unlock()
	}
}

// notable are the headers that are part of the contract: an answer has one
// only where the document says so.
var notable = []string{"ETag", "Idempotent-Replay", "Location", "Retry-After", "Set-Cookie", "Www-Authenticate", "X-Request-Id", "Cache-Control", "CDN-Cache-Control", "Surrogate-Key", "Cache-Tag"}

func (d *document) verifyHeaders(t testing.TB, what, at string, response map[string]any, got http.Header) {
	t.Helper()
	documented := map[string]bool{}
	headers, _ := response["headers"].(map[string]any)
	for name, node := range headers {
		documented[http.CanonicalHeaderKey(name)] = true
		headAt, head := d.resolve(pointer(at, "headers", name), node)
		value := got.Get(name)
		if value == "" {
			if head["required"] == true {
				t.Errorf("%s: the header %s is missing", what, name)
			}
			continue
		}
		if err := d.check(pointer(headAt, "schema"), value); err != nil {
			t.Errorf("%s: header %s: %v", what, name, err)
		}
	}
	for _, name := range notable {
		name = http.CanonicalHeaderKey(name)
		problem := strings.HasPrefix(got.Get("Content-Type"), "application/problem+json") // always no-store, and says so in the text
		if got.Get(name) != "" && !documented[name] && !(problem && (name == "Cache-Control" || name == "Set-Cookie")) {
			t.Errorf("%s: the header %s: %s is not in the document", what, name, got.Get(name))
		}
	}
	if got.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: without nosniff", what)
	}
}

func (d *document) verifyBody(t testing.TB, what, at string, response map[string]any, x exchange) {
	t.Helper()
	content, _ := response["content"].(map[string]any)
	if content == nil || x.method == http.MethodHead {
		if len(x.body) > 0 {
			t.Errorf("%s: has a body: %.200s", what, x.body)
		}
		return
	}
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil || content[kind] == nil {
		t.Errorf("%s: the type %q is not in the document", what, x.header.Get("Content-Type"))
		return
	}
	if x.isStream || !strings.HasSuffix(kind, "json") || strings.HasPrefix(x.url.Path, "/assets/") {
		return
	}
	if err := d.checkJSON(pointer(at, "content", kind, "schema"), x.body); err != nil {
		t.Errorf("%s: %v\n%.500s", what, err, x.body)
	}
}

// verifyRequest makes sure that what the server took is what the document says
// that it takes.
func (d *document) verifyRequest(t testing.TB, what string, o operation, x exchange) {
	t.Helper()
	for name, values := range x.url.Query() {
		at, ok := d.parameter(o, name)
		if !ok {
			t.Errorf("%s: the parameter %s is not in the document", what, name)
			continue
		}
		if schema, _ := d.lookup(pointer(at, "schema")).(map[string]any); schema["enum"] != nil {
			if err := d.check(pointer(at, "schema"), values[0]); err != nil {
				t.Errorf("%s: parameter %s: %v", what, name, err)
			}
		}
	}
	if o.node["requestBody"] == nil || len(x.sent) == 0 {
		return
	}
	if err := d.checkJSON(pointer(o.at, "requestBody", "content", "application/json", "schema"), x.sent); err != nil {
		t.Errorf("%s: the server took what the document does not allow: %v\n%.500s", what, err, x.sent)
	}
}

// parameter finds a query parameter of an operation.
func (d *document) parameter(o operation, name string) (at string, ok bool) {
	list, _ := o.node["parameters"].([]any)
	for i, node := range list {
		at, p := d.resolve(pointer(o.at, "parameters", fmt.Sprint(i)), node)
		if p["in"] == "query" && p["name"] == name {
			return at, true
		}
	}
	return "", false
}

// missing are the documented successes that no test has had as an answer.
func (d *document) missing() (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, o := range d.operations {
		for status := range o.node["responses"].(map[string]any) {
			if strings.HasPrefix(status, "2") && !d.seen[key+" "+status] {
				names = append(names, key+" "+status)
			}
		}
	}
	slices.Sort(names)
	return names
}
