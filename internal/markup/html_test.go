package markup

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// reread parses HTML as a browser would and turns it back into a tree. It
// names every element and attribute it accepts, apart from the renderer's own
// list, and fails on any other.
func reread(source string) (Tree, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(source), body)
	if err != nil {
		return nil, err
	}
	var tree Tree
	for _, n := range nodes {
		node, err := rereadNode(n)
		if err != nil {
			return nil, err
		}
		tree = append(tree, node)
	}
	return tree, nil
}

func rereadNode(n *html.Node) (Node, error) {
	if n.Type == html.TextNode {
		return Node{Text: n.Data}, nil
	}
	if n.Type != html.ElementNode || n.Namespace != "" {
		return Node{}, fmt.Errorf("node of type %d, namespace %q: %q", n.Type, n.Namespace, n.Data)
	}
	out := Node{Tag: n.Data}
	switch n.Data {
	case "p", "br", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a":
	default:
		return Node{}, fmt.Errorf("element %q", n.Data)
	}
	if err := rereadAttributes(n, &out); err != nil {
		return Node{}, err
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		child, err := rereadNode(c)
		if err != nil {
			return Node{}, err
		}
		out.Children = append(out.Children, child)
	}
	return out, nil
}

func rereadAttributes(n *html.Node, out *Node) error {
	seen := map[string]string{}
	for _, a := range n.Attr {
		seen[a.Key] = a.Val
	}
	var err error
	switch {
	case n.Data == "a" && len(seen) == 2 && seen["rel"] == "nofollow ugc noopener noreferrer":
		out.Href = seen["href"]
		err = checkAddress(out.Href)
	case n.Data == "ol" && len(seen) == 1:
		out.Start, err = strconv.Atoi(seen["start"])
	case n.Data == "a" || len(seen) > 0:
		err = fmt.Errorf("attributes %v of %q", seen, n.Data)
	}
	return err
}

// checkAddress holds an address against a grammar narrower than any browser's.
func checkAddress(href string) error {
	rest, web := strings.CutPrefix(href, "https://")
	if !web {
		rest, web = strings.CutPrefix(href, "http://")
	}
	if !web && !strings.HasPrefix(href, "mailto:") {
		return fmt.Errorf("scheme of %q", href)
	}
	host, _, _ := strings.Cut(strings.NewReplacer("?", "/", "#", "/").Replace(rest), "/")
	if web && (host == "" || strings.ContainsAny(host, "@%\\ ")) {
		return fmt.Errorf("host %q of %q", host, href)
	}
	for _, r := range href {
		if r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\`", r) {
			return fmt.Errorf("character %q in %q", r, href)
		}
	}
	if len(href) > 2048 {
		return fmt.Errorf("address of %d bytes", len(href))
	}
	return nil
}

func TestHTMLWritesOnlyTheAllowList(t *testing.T) {
	text := []Node{{Text: `a<b>"'&`}}
	tests := []struct {
		name string
		tree Tree
		want string
	}{
		{"unknown element", Tree{{Tag: "script", Children: text}}, `a&lt;b&gt;"'&amp;`},
		{"element with attributes", Tree{{Tag: `p onclick="x"`, Children: text}}, `a&lt;b&gt;"'&amp;`},
		{"unknown around known", Tree{{Tag: "div", Children: []Node{{Tag: "p", Children: text}}}}, `<p>a&lt;b&gt;"'&amp;</p>`},
		{"script address", Tree{{Tag: "a", Href: "javascript:alert(1)", Children: text}}, `a&lt;b&gt;"'&amp;`},
		{"no address", Tree{{Tag: "a", Children: text}}, `a&lt;b&gt;"'&amp;`},
		{"attribute breakout", Tree{{Tag: "a", Href: `https://e/"><script>`}}, `<a href="https://e/&#34;&gt;&lt;script&gt;" rel="nofollow ugc noopener noreferrer"></a>`},
		{"address elsewhere", Tree{{Tag: "p", Href: "https://e/", Start: 3}}, `<p></p>`},
		{"pre that begins with a newline", Tree{{Tag: "pre", Children: []Node{{Text: "\nx"}}}}, "<pre>\n\nx</pre>"},
		{"list start", Tree{{Tag: "ol", Start: 7}, {Tag: "ol", Start: 1}, {Tag: "ol", Start: -2}}, `<ol start="7"></ol><ol></ol><ol></ol>`},
		{"nothing", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.tree.HTML(); got != tt.want {
				t.Errorf("HTML() = %s\nwant     %s", got, tt.want)
			}
		})
	}
}
