package web_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/afterword-comments/afterword/internal/comment"
)

// bodySchema is a schema as it is served, compiled with nothing beside it.
func (h *house) bodySchema(path string) *jsonschema.Schema {
	h.t.Helper()
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(h.get(path).want(200).body))
	if err != nil {
		h.t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://afterword.example"+path, raw); err != nil {
		h.t.Fatal(err)
	}
	schema, err := compiler.Compile("https://afterword.example" + path)
	if err != nil {
		h.t.Fatalf("%s: %v", path, err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, body []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}

// TestWebhookSchemas: there is a schema and a sample for each body, each schema
// stands alone, takes its own sample and no other type's.
func TestWebhookSchemas(t *testing.T) {
	t.Parallel()
	h := open(t)
	const index = "/api/webhooks/schemas"
	list := into[struct {
		Types []struct{ Type, Description, Schema, Sample string }
	}](h.get(index).want(200)).Types
	base, _ := url.Parse(index)
	var names []string
	schemas, samples := map[string]*jsonschema.Schema{}, map[string][]byte{}
	for _, entry := range list {
		schema, _ := base.Parse(entry.Schema)
		sample, _ := base.Parse(entry.Sample)
		names = append(names, entry.Type)
		schemas[entry.Type] = h.bodySchema(schema.Path)
		samples[entry.Type] = h.get(sample.Path).want(200).body
	}
	want := slices.Sorted(slices.Values(append([]string{"thin", "rebuild"}, comment.PublicTypes...)))
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for name, schema := range schemas {
		for other, sample := range samples {
			err := validate(t, schema, sample)
			if taken := name == other; taken != (err == nil) {
				t.Errorf("the schema of %s on the sample of %s: %v", name, other, err)
			}
		}
		spoilt := bytes.Replace(samples[name], []byte(`"site"`), []byte(`"email": "ada@reader.example", "site"`), 1)
		if validate(t, schema, spoilt) == nil {
			t.Errorf("the schema of %s takes what is not documented", name)
		}
	}
	for _, path := range []string{"/api/webhooks/schemas/comment.approved", "/api/webhooks/schemas/x.json", "/api/webhooks/samples/.json"} {
		h.get(path).want(404)
	}
}

// TestWhatIsSentIsValid: what endpoints of each kind are really sent is valid
// under the schemas that are served.
func TestWhatIsSentIsValid(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	admin := h.staff("grace", comment.Admin, "daily")
	full, thin, rebuild := receive(t), receive(t), receive(t)
	var ids []string
	for _, in := range []map[string]any{
		{"url": full.URL, "types": comment.PublicTypes},
		{"url": thin.URL, "types": comment.PublicTypes, "mode": "thin"},
		{"url": rebuild.URL + "/TOKEN", "target": "rebuild", "settings": map[string]string{"every": "5s"}},
	} {
		e := into[endpoint](h.post(hooks, in, as(admin)).want(201))
		ids = append(ids, e.ID)
		if strings.Contains(e.URL, "TOKEN") {
			t.Errorf("the address of a build hook is shown: %s", e.URL)
		}
	}
	p := h.comment("Words that are sent.")
	for _, action := range []string{"approve", "reject", "spam", "restore", "approve", "delete"} {
		h.decide(admin, action, p.Comment)
	}
	h.patch(daily+"/pages?page="+article, `{"open":false}`, as(admin)).want(200)
	for _, id := range ids {
		h.post(hooks+"/"+id+"/test", `{}`, as(admin)).want(202)
	}
	h.eventually("all have come", func() bool {
		return len(full.all()) == 9 && len(thin.all()) == 9 && len(rebuild.all()) > 1
	})
	for _, g := range full.all() {
		var ev event
		if err := json.Unmarshal(g.body, &ev); err != nil {
			t.Fatal(err)
		}
		if err := validate(t, h.bodySchema("/api/webhooks/schemas/"+ev.Type+".json"), g.body); err != nil {
			t.Errorf("%s: %v\n%s", ev.Type, err, g.body)
		}
	}
	for _, g := range thin.all() {
		if err := validate(t, h.bodySchema("/api/webhooks/schemas/thin.json"), g.body); err != nil || strings.Contains(string(g.body), "Words") {
			t.Errorf("%v\n%s", err, g.body)
		}
	}
	for _, g := range rebuild.all() {
		if err := validate(t, h.bodySchema("/api/webhooks/schemas/rebuild.json"), g.body); err != nil {
			t.Errorf("%v\n%s", err, g.body)
		}
	}
}
