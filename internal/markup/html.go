package markup

import (
	"html"
	"strconv"
	"strings"
)

// linkRel keeps comment links out of rankings and the target out of our page.
const linkRel = ` rel="nofollow ugc noopener noreferrer"`

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// HTML returns the tree as HTML that may stand inside any flow content. It
// writes nothing but the allow list, whatever the tree holds: of an unknown
// element, or a link that leads elsewhere than http, https or mailto, only the
// content is written.
func (t Tree) HTML() string {
	var out strings.Builder
	writeHTML(&out, t)
	return out.String()
}

func writeHTML(out *strings.Builder, nodes []Node) {
	for _, n := range nodes {
		switch {
		case n.Tag == "":
			_, _ = textEscaper.WriteString(out, n.Text)
		case n.Tag == "br":
			out.WriteString("<br>")
		case ruleOf(n.Tag).is == 0, n.Tag == "a" && !safeAddress(n.Href):
			writeHTML(out, n.Children)
		default:
			writeElement(out, n)
		}
	}
}

func writeElement(out *strings.Builder, n Node) {
	out.WriteString("<" + n.Tag)
	switch {
	case n.Tag == "a":
		out.WriteString(` href="` + html.EscapeString(n.Href) + `"` + linkRel)
	case n.Tag == "ol" && n.Start > 1:
		out.WriteString(` start="` + strconv.Itoa(n.Start) + `"`)
	}
	out.WriteByte('>')
	if n.Tag == "pre" && len(n.Children) > 0 && strings.HasPrefix(n.Children[0].Text, "\n") {
		out.WriteByte('\n') // HTML swallows the first newline of a pre
	}
	writeHTML(out, n.Children)
	out.WriteString("</" + n.Tag + ">")
}

// safeAddress is the last look at an address, after newTarget has made it.
func safeAddress(href string) bool {
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if strings.HasPrefix(href, scheme) {
			return true
		}
	}
	return false
}
