package markup

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTreeJSON(t *testing.T) {
	tests := []struct{ source, want string }{
		{"", `[]`},
		{"a\n*b*", `[{"t":"p","c":["a",{"t":"br","c":[]},{"t":"em","c":["b"]}]}]`},
		{"3. a", `[{"t":"ol","start":3,"c":[{"t":"li","c":["a"]}]}]`},
		{"1. a", `[{"t":"ol","c":[{"t":"li","c":["a"]}]}]`},
		{"[a](https://a.example/?b&c)", `[{"t":"p","c":[{"t":"a","href":"https://a.example/?b\u0026c","c":["a"]}]}]`},
		{"`</script>`", `[{"t":"p","c":[{"t":"code","c":["\u003c/script\u003e"]}]}]`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(Render(tt.source))
		if err != nil || string(got) != tt.want {
			t.Errorf("JSON of %q = %s, %v\nwant %s", tt.source, got, err, tt.want)
		}
	}
}

func TestNodeJSON(t *testing.T) {
	for _, want := range []Node{{Text: "a"}, {Tag: "br"}, {Tag: "li", Children: []Node{{Text: "b"}}}} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Node
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round trip of %s (-want +got):\n%s", data, diff)
		}
	}
}

func TestNodeJSONRefuses(t *testing.T) {
	for _, data := range []string{`1`, `""`, `{"t":"script","c":[]}`, `{"t":"em","c":[{"t":"p","c":[]}]}`} {
		var n Node
		if err := json.Unmarshal([]byte(data), &n); !errors.Is(err, ErrTree) {
			t.Errorf("Unmarshal(%s) = %v, %v", data, n, err)
		}
	}
}

func TestTreeJSONRefuses(t *testing.T) {
	p := func(s string) string { return `[{"t":"p","c":[` + s + `]}]` }
	tests := map[string]string{
		"no list":               `{"t":"p","c":[]}`,
		"text at the top":       `["a"]`,
		"phrase at the top":     `[{"t":"em","c":["a"]}]`,
		"unknown tag":           `[{"t":"script","c":["a"]}]`,
		"upper case":            `[{"t":"P","c":["a"]}]`,
		"no tag":                `[{"c":["a"]}]`,
		"empty tag":             `[{"t":"","c":["a"]}]`,
		"unknown key":           `[{"t":"p","c":[],"onclick":"x"}]`,
		"wrong type of tag":     `[{"t":1,"c":[]}]`,
		"wrong type of content": `[{"t":"p","c":"a"}]`,
		"a number as node":      p(`1`),
		"null as node":          p(`null`),
		"empty text":            p(`""`),
		"control":               p(`"a\u0000"`),
		"block in a paragraph":  p(`{"t":"p","c":["a"]}`),
		"item outside a list":   p(`{"t":"li","c":["a"]}`),
		"text in a list":        `[{"t":"ul","c":["a"]}]`,
		"element in code":       p(`{"t":"code","c":[{"t":"em","c":["a"]}]}`),
		"element in pre":        `[{"t":"pre","c":[{"t":"em","c":["a"]}]}]`,
		"content of a break":    p(`{"t":"br","c":["a"]}`),
		"link without address":  p(`{"t":"a","c":["a"]}`),
		"script address":        p(`{"t":"a","href":"javascript:alert(1)","c":["a"]}`),
		"relative address":      p(`{"t":"a","href":"/b","c":["a"]}`),
		"address not canonical": p(`{"t":"a","href":"HTTPS://a.example","c":["a"]}`),
		"user in the address":   p(`{"t":"a","href":"https://b@a.example","c":["a"]}`),
		"address of no link":    `[{"t":"p","href":"https://a.example","c":["a"]}]`,
		"link in a link":        p(`{"t":"a","href":"https://a.example","c":[{"t":"em","c":[{"t":"a","href":"https://a.example","c":["a"]}]}]}`),
		"start of no list":      `[{"t":"ul","start":2,"c":[]}]`,
		"start below":           `[{"t":"ol","start":1,"c":[]}]`,
		"start not whole":       `[{"t":"ol","start":2.5,"c":[]}]`,
		"start too large":       `[{"t":"ol","start":1e10,"c":[]}]`,
		"too deep":              strings.Repeat(`[{"t":"blockquote","c":`, 40) + `[]` + strings.Repeat(`}]`, 40),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			tree := Tree{{Tag: "p"}}
			if err := json.Unmarshal([]byte(data), &tree); !errors.Is(err, ErrTree) {
				t.Errorf("Unmarshal(%s) = %s, %v", data, tree.HTML(), err)
			}
			if !cmp.Equal(tree, Tree{{Tag: "p"}}) {
				t.Error("a refused tree was kept")
			}
		})
	}
}

func FuzzTreeJSON(f *testing.F) {
	for _, payload := range payloads(f) {
		data, err := json.Marshal(Render(payload))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tree Tree
		if json.Unmarshal(data, &tree) != nil {
			return
		}
		if _, err := reread(tree.HTML()); err != nil {
			t.Fatalf("%s was read, and its HTML %s has %v", data, tree.HTML(), err)
		}
		checkJSON(t, tree)
	})
}
