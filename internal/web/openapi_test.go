package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// TestDocumentHangsTogether wants every reference to lead somewhere, every
// parameter of a path to be declared, and every schema to be a valid one.
func TestDocumentHangsTogether(t *testing.T) {
	d := openAPI()
	if d.root["openapi"] != "3.1.0" {
		t.Errorf("openapi: %v", d.root["openapi"])
	}
	walk("", d.root, func(at string, m map[string]any) {
		if ref, ok := m["$ref"].(string); ok && asMap(d.lookup(strings.TrimPrefix(ref, "#"))) == nil {
			t.Errorf("%s: %s leads nowhere", at, ref)
		}
		if m["schema"] != nil {
			if err := d.compile(pointer(at, "schema")); err != nil {
				t.Error(err)
			}
		}
	})
	for name := range schemas(t) {
		if err := d.compile(pointer("/components/schemas", name)); err != nil {
			t.Error(err)
		}
	}
	inPath := regexp.MustCompile(`\{(\w+)\}`)
	for key, o := range d.operations {
		want, got := map[string]bool{}, map[string]bool{}
		for _, m := range inPath.FindAllStringSubmatch(o.path, -1) {
			want[m[1]] = true
		}
		for i, node := range asList(o.node["parameters"]) {
			if _, p := d.resolve(pointer(o.at, "parameters", fmt.Sprint(i)), node); p["in"] == "path" {
				got[p["name"].(string)] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: parameters of the path: %s", key, diff)
		}
	}
}

// TestDocumentNamesEveryRoute compares the document with what Register adds.
func TestDocumentNamesEveryRoute(t *testing.T) {
	h := open(t)
	registered := map[string]bool{}
	app := fiber.New(h.app.Web.Settings())
	h.app.Web.Register(app)
	param := regexp.MustCompile(`:(\w+)`)
	for _, r := range app.GetRoutes(true) {
		if r.Method == fiber.MethodHead { // comes with each GET
			continue
		}
		path := strings.ReplaceAll(param.ReplaceAllString(r.Path, "{$1}"), "*", "{path}")
		registered[r.Method+" "+path] = true
	}
	documented := map[string]bool{}
	for key := range openAPI().operations {
		documented[key] = true
	}
	if diff := cmp.Diff(registered, documented); diff != "" {
		t.Errorf("routes: - registered, + documented\n%s", diff)
	}
}

func TestDocumentIsServed(t *testing.T) {
	h := open(t)
	if got := h.get("/api/openapi.json").want(200); !bytes.Equal(got.body, openAPI().raw) {
		t.Error("what is served is not openapi.json")
	}
}

// TestDocumentForm keeps the file readable: indented by two spaces, paths and
// components in order.
func TestDocumentForm(t *testing.T) {
	var want bytes.Buffer
	if err := json.Indent(&want, openAPI().raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want.Bytes(), openAPI().raw) {
		t.Error("openapi.json is not indented by two spaces")
	}
	for _, section := range [][]string{{"paths"}, {"webhooks"}, {"components", "headers"}, {"components", "parameters"},
		{"components", "responses"}, {"components", "schemas"}, {"components", "securitySchemes"}} {
		if keys := keysInOrder(t, openAPI().raw, section); !slices.IsSorted(keys) {
			t.Errorf("%s are not sorted: %v", strings.Join(section, "."), keys)
		}
	}
}

// keysInOrder gives the keys of an object as they stand in the text.
func keysInOrder(t *testing.T, raw []byte, path []string) (keys []string) {
	t.Helper()
	for _, name := range path {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		raw = m[name]
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		t.Fatal(err)
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, name.String())
		if err := d.SkipValue(); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// TestDocumentIsClosed finds objects that would let a new key pass unnoticed.
func TestDocumentIsClosed(t *testing.T) {
	for name, node := range schemas(t) {
		walk(pointer("", name), node, func(at string, m map[string]any) {
			if m["properties"] == nil || isCondition(at) || strings.HasSuffix(strings.Split(at, "/")[1], "Base") && strings.Count(at, "/") == 1 {
				return
			}
			if m["additionalProperties"] != false && m["unevaluatedProperties"] != false {
				t.Errorf("%s: lets unknown keys pass", at)
			}
		})
	}
}

func isCondition(at string) bool {
	return slices.ContainsFunc(strings.Split(at, "/"), func(part string) bool { return part == "if" || part == "else" })
}

// TestDocumentIsDescribed wants a sentence for everything that has a place for one.
func TestDocumentIsDescribed(t *testing.T) {
	for name, node := range schemas(t) {
		walk(pointer("", name), node, func(at string, m map[string]any) {
			for property, p := range asMap(m["properties"]) {
				if isCondition(at) {
					continue
				}
				if s := asMap(p); s["description"] == nil && s["$ref"] == nil {
					t.Errorf("%s.%s: without a description", at, property)
				}
			}
		})
		if asMap(node)["description"] == nil {
			t.Errorf("%s: without a description", name)
		}
		if asMap(node)["examples"] == nil && !strings.HasSuffix(name, "Base") && name != "Event" && name != "DeskDetail" {
			t.Errorf("%s: without an example", name)
		}
	}
	ids := map[string]string{}
	for key, o := range openAPI().operations {
		id, _ := o.node["operationId"].(string)
		if id == "" || ids[id] != "" {
			t.Errorf("%s: the operationId %q is empty or taken", key, id)
		}
		ids[id] = key
		for _, field := range []string{"summary", "description", "security", "tags"} {
			if o.node[field] == nil {
				t.Errorf("%s: without %s", key, field)
			}
		}
	}
}

// TestDocumentExamples holds the examples against their own schemas.
func TestDocumentExamples(t *testing.T) {
	d := openAPI()
	for name, node := range schemas(t) {
		for i, x := range asList(asMap(node)["examples"]) {
			if err := d.check(pointer("/components/schemas", name), x); err != nil {
				t.Errorf("%s: example %d: %v", name, i, err)
			}
		}
	}
}

// TestDocumentWebhooks wants one webhook for each type that an endpoint can ask
// for, and for the two bodies that are no event.
func TestDocumentWebhooks(t *testing.T) {
	types := slices.Sorted(slices.Values(comment.PublicTypes))
	bodies := slices.Sorted(slices.Values(append([]string{"rebuild", "thin"}, types...)))
	if diff := cmp.Diff(bodies, slices.Sorted(maps.Keys(asMap(openAPI().root["webhooks"])))); diff != "" {
		t.Error(diff)
	}
	listed := []string{}
	for _, v := range asList(asMap(schemas(t)["EventType"])["enum"]) {
		listed = append(listed, v.(string))
	}
	if diff := cmp.Diff(types, slices.Sorted(slices.Values(listed))); diff != "" {
		t.Error(diff)
	}
}

// TestDocumentOptions wants every site option in both schemas.
func TestDocumentOptions(t *testing.T) {
	want := slices.Sorted(slices.Values(comment.OptionNames()))
	for _, name := range []string{"Options", "OptionsChange"} {
		got := slices.Sorted(maps.Keys(asMap(asMap(schemas(t)[name])["properties"])))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestDocumentUsesWhatItHas finds components that nothing refers to.
func TestDocumentUsesWhatItHas(t *testing.T) {
	for _, kind := range []string{"headers", "parameters", "responses", "schemas"} {
		for name := range asMap(asMap(openAPI().root["components"])[kind]) {
			if !bytes.Contains(openAPI().raw, []byte(`"#/components/`+kind+`/`+name+`"`)) {
				t.Errorf("%s/%s is not used", kind, name)
			}
		}
	}
}

func schemas(t *testing.T) map[string]any {
	t.Helper()
	all := asMap(asMap(openAPI().root["components"])["schemas"])
	if len(all) == 0 {
		t.Fatal("the document has no schemas")
	}
	return all
}

func walk(at string, node any, visit func(at string, m map[string]any)) {
	switch v := node.(type) {
	case map[string]any:
		visit(at, v)
		for name, child := range v {
			if name != "examples" && name != "enum" {
				walk(pointer(at, name), child, visit)
			}
		}
	case []any:
		for i, child := range v {
			walk(pointer(at, fmt.Sprint(i)), child, visit)
		}
	}
}

func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }

func asList(v any) []any { l, _ := v.([]any); return l }
