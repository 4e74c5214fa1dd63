package markup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// link is the HTML of a link, for expectations.
func link(href, text string) string {
	return `<a href="` + href + `" rel="nofollow ugc noopener noreferrer">` + text + `</a>`
}

func TestRender(t *testing.T) {
	tests := []struct{ name, source, want string }{
		// Paragraphs and lines
		{"nothing", "", ""},
		{"blanks", " \n\t\n ", ""},
		{"one line", "Hello", "<p>Hello</p>"},
		{"lines stay lines", "a\nb\nc", "<p>a<br>b<br>c</p>"},
		{"hard breaks are the same", "a  \nb\\\nc", "<p>a<br>b<br>c</p>"},
		{"blank line parts paragraphs", "a\n\n\n\nb", "<p>a</p><p>b</p>"},
		{"foreign line ends", "a\r\nb\rc\u2028d", "<p>a<br>b<br>c<br>d</p>"},
		{"indent in a paragraph", "a\n      b", "<p>a<br>b</p>"},
		// Emphasis
		{"emphasis", "*a* _b_ **c** __d__ ~~e~~", "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <del>e</del></p>"},
		{"emphasis in emphasis", "***a** b*", "<p><em><strong>a</strong> b</em></p>"},
		{"a tag in itself is dropped", "*a _b_ c*", "<p><em>a b c</em></p>"},
		{"underscores within words", "snake_case_name", "<p>snake_case_name</p>"},
		{"arithmetic", "2 * 3 * 4 < 5 & ~5", "<p>2 * 3 * 4 &lt; 5 &amp; ~5</p>"},
		{"emphasis over lines", "*a\nb*", "<p><em>a<br>b</em></p>"},
		// Escapes and references
		{"backslash", `\*a\* \# \a`, `<p>*a* # \a</p>`},
		{"references", "&copy; &auml; &#x41; &#66; &nosuch; &", "<p>© ä A B &amp;nosuch; &amp;</p>"},
		{"escaped reference", `\&lt; &amp;lt;`, "<p>&amp;lt; &amp;lt;</p>"},
		{"reference to markup", "&#42;a&#42; &lt;b&gt;", "<p>*a* &lt;b&gt;</p>"},
		{"forbidden references stay", "&#0; &#x202E; &#13; &#xE0041; &#xD800;", "<p>&amp;#0; &amp;#x202E; &amp;#13; &amp;#xE0041; \uFFFD</p>"},
		// Code
		{"code", "`<b> *a* &amp;`", "<p><code>&lt;b&gt; *a* &amp;amp;</code></p>"},
		{"code with backticks", "`` a`b ``", "<p><code>a`b</code></p>"},
		{"code over lines", "`a\nb`", "<p><code>a b</code></p>"},
		{"fence", "```go\n<b>\n\n  x\n```", "<pre>&lt;b&gt;\n\n  x</pre>"},
		{"fence that begins with a blank line", "~~~\n\nx\n~~~", "<pre>\n\nx</pre>"},
		{"fence without end", "```\na\n\n*b*", "<pre>a\n\n*b*</pre>"},
		{"words after a fence", "```look at this\nx\n```", "<pre>look at this\nx</pre>"},
		{"indented code", "a\n\n    b\n    c", "<p>a</p><pre>b\nc</pre>"},
		// Quotes and lists
		{"quote", "> a\n> b\n\nc", "<blockquote><p>a<br>b</p></blockquote><p>c</p>"},
		{"quote in quote", "> a\n>> b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"},
		{"list", "- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"},
		{"loose list", "- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"},
		{"numbers", "1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"},
		{"numbers from elsewhere", "7) a\n8) b", `<ol start="7"><li>a</li><li>b</li></ol>`},
		{"a year is no list", "It was\n1984. Then", "<p>It was<br>1984. Then</p>"},
		{"empty item", "- a\n-\n- b", "<ul><li>a</li><li></li><li>b</li></ul>"},
		{"quotes stop at six", strings.Repeat("> ", 8) + "a", strings.Repeat("<blockquote>", 6) + "<p>&gt; &gt; a</p>" + strings.Repeat("</blockquote>", 6)},
		{"lists stop at six", strings.Repeat("- ", 7) + "a", strings.Repeat("<ul><li>", 6) + "- a" + strings.Repeat("</li></ul>", 6)},
		{"lists go on after a deep one", strings.Repeat("- ", 7) + "a\n\nb\n\n- c", strings.Repeat("<ul><li>", 6) + "- a" + strings.Repeat("</li></ul>", 6) + "<p>b</p><ul><li>c</li></ul>"},
		// What the subset has not
		{"heading", "# a *b*", "<p><strong>a <em>b</em></strong></p>"},
		{"heading with strong", "## **a**", "<p><strong>a</strong></p>"},
		{"hashtag", "#a", "<p>#a</p>"},
		{"a line under a text is no heading", "a\n---\nb\n===", "<p>a</p><p>---</p><p>b<br>===</p>"},
		{"raw HTML is text", "<b>a</b> <!-- c -->\n<script>x</script>", "<p>&lt;b&gt;a&lt;/b&gt; &lt;!-- c --&gt;<br>&lt;script&gt;x&lt;/script&gt;</p>"},
		{"table", "|a|*b*|\n|-|-|\n|c|d|", "<p>|a|<em>b</em>|<br>|-|-|<br>|c|d|</p>"},
		{"reference definitions", "[a]: https://a.example\n\n[a] [b][a]", "<p>[a]: " + link("https://a.example", "https://a.example") + "</p><p>[a] [b][a]</p>"},
		{"task list", "- [x] a", "<ul><li>[x] a</li></ul>"},
		// Links
		{"link", "[a *b*](https://a.example/c)", "<p>" + link("https://a.example/c", "a <em>b</em>") + "</p>"},
		{"title is dropped", `[a](https://a.example "t")`, "<p>" + link("https://a.example", "a") + "</p>"},
		{"scheme and host in any case", "[a](HTTPS://A.Example/B)", "<p>" + link("https://a.example/B", "a") + "</p>"},
		{"references in an address", "[a](https://a.example/?b=1&amp;c=2)", "<p>" + link("https://a.example/?b=1&amp;c=2", "a") + "</p>"},
		{"letters in a path", "[a](https://a.example/ä?ö=ü#ß)", "<p>" + link("https://a.example/%C3%A4?%C3%B6=%C3%BC#%C3%9F", "a") + "</p>"},
		{"without words", "[](https://a.example)", "<p>" + link("https://a.example", "https://a.example") + "</p>"},
		{"invisible words", "[\u200b](https://a.example)", "<p>" + link("https://a.example", "https://a.example") + "</p>"},
		{"mail", "[write](mailto:a@b.example?bcc=c@d.example) <a.b@c.example>", "<p>" + link("mailto:a@b.example", "write") + " " + link("mailto:a.b@c.example", "a.b@c.example") + "</p>"},
		{"other schemes", "[a](javascript:x) [b](ftp://b.example) <data:c>", "<p>a b &lt;data:c&gt;</p>"},
		{"no scheme", "[a](/b) [c](//d.example) [e](f.example) [g](#h)", "<p>a c e g</p>"},
		{"user in the address", "[a](https://b@c.example) <https://b:c@d.example>", "<p>a &lt;https://b:c@d.example&gt;</p>"},
		{"image", "![a](https://a.example/b.png) ![c](d.png) ![](https://e.example)", "<p>" + link("https://a.example/b.png", "a") + " c " + link("https://e.example", "https://e.example") + "</p>"},
		{"linked image", "[![a](https://a.example/b.png)](https://c.example)", "<p>" + link("https://c.example", "a") + "</p>"},
		// Honest links
		{"another host", "[bank.example](https://evil.example/x)", "<p>" + link("https://evil.example/x", "bank.example (evil.example)") + "</p>"},
		{"another host in formatting", "[*www.bank*.example](https://evil.example)", "<p>" + link("https://evil.example", "<em>www.bank</em>.example (evil.example)") + "</p>"},
		{"another host as address", "[https://bank.example/?x](https://evil.example)", "<p>" + link("https://evil.example", "https://bank.example/?x (evil.example)") + "</p>"},
		{"user that looks like a host", "[https://bank.example@evil.example](https://evil.example)", "<p>" + link("https://evil.example", "https://bank.example@evil.example (evil.example)") + "</p>"},
		{"wide letters and odd dots", "[ｂank․example](https://evil.example)", "<p>" + link("https://evil.example", "ｂank․example (evil.example)") + "</p>"},
		{"the same host", "[www.a.example](https://a.example/b) [A.example:](https://www.a.example)", "<p>" + link("https://a.example/b", "www.a.example") + " " + link("https://www.a.example", "A.example:") + "</p>"},
		{"another host in the path", "https://a.example/https://b.example/", "<p>" + link("https://a.example/https://b.example/", "https://a.example/https://b.example/") + "</p>"},
		{"mail that is not the one shown", "[a@bank.example](mailto:x@evil.example)", "<p>" + link("mailto:x@evil.example", "a@bank.example (x@evil.example)") + "</p>"},
		{"look-alike letters", "https://аpple.example", "<p>" + link("https://xn--pple-43d.example", "https://аpple.example (xn--pple-43d.example)") + "</p>"},
		{"numbers and ports", "http://127.0.0.1:8080/x http://[::1]/", "<p>" + link("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x") + " http://[::1]/</p>"},
		// Bare addresses
		{"bare", "see https://a.example/b_c_d*e*, or http://b.example.", "<p>see " + link("https://a.example/b_c_d*e", "https://a.example/b_c_d*e") + "*, or " + link("http://b.example", "http://b.example") + ".</p>"},
		{"bare in brackets", "(https://a.example/b_(c)) [https://d.example]", "<p>(" + link("https://a.example/b_(c)", "https://a.example/b_(c)") + ") [" + link("https://d.example", "https://d.example") + "]</p>"},
		{"bare in marks", "**https://a.example** „https://b.example“", "<p><strong>" + link("https://a.example", "https://a.example") + "</strong> „" + link("https://b.example", "https://b.example") + "“</p>"},
		{"bare in a label", "[https://a.example/b](https://a.example/b)", "<p>" + link("https://a.example/b", "https://a.example/b") + "</p>"},
		{"not bare", "xhttps://a.example https\\://b.example https:// http:x `https://c.example`", "<p>xhttps://a.example https://b.example https:// http:x <code>https://c.example</code></p>"},
		{"in angles", "<https://a.example/b>", "<p>" + link("https://a.example/b", "https://a.example/b") + "</p>"},
		{"too long", "https://a.example/" + strings.Repeat("b", 2048), "<p>https://a.example/" + strings.Repeat("b", 2048) + "</p>"},
		// Characters
		{"not UTF-8", "a\xffb", "<p>a\uFFFDb</p>"},
		{"controls", "a\x00b\x1bc", "<p>abc</p>"},
		{"override", "a \u202etxt.exe\u202c b", "<p>a txt.exe b</p>"},
		{"marks without end", "e" + strings.Repeat("\u0316", 30), "<p>e" + strings.Repeat("\u0316", 4) + "</p>"},
		{"marks across elements", "e\u0316\u0316*\u0316\u0316*&#x316;&#x316;", "<p>e\u0316\u0316<em>\u0316\u0316</em></p>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Render(tt.source).HTML(); got != tt.want {
				t.Errorf("Render(%q)\n got %s\nwant %s", tt.source, got, tt.want)
			}
			check(t, tt.source)
		})
	}
}

func TestPlain(t *testing.T) {
	tests := []struct{ source, want string }{
		{"", ""},
		{"a *b*\nc\n\nd", "a b\nc\nd"},
		{"> a\n> - b\n> - c\n\n```\nd\n\ne\n```", "a\nb\nc\nd\n\ne"},
		{"1. a\n\n   b\n2. [c](https://a.example) `d`", "a\nb\nc d"},
		{"<b>&amp;", "<b>&"},
	}
	for _, tt := range tests {
		if got := Render(tt.source).Plain(); got != tt.want {
			t.Errorf("Render(%q).Plain() = %q, want %q", tt.source, got, tt.want)
		}
	}
}

func TestLinks(t *testing.T) {
	tree := Render("[a](https://a.example)\n\n> - **<b@c.example>** https://a.example\n\n[x](javascript:x) ![d](https://d.example)")
	want := []string{"https://a.example", "mailto:b@c.example", "https://a.example", "https://d.example"}
	if diff := cmp.Diff(want, tree.Links()); diff != "" {
		t.Errorf("Links() (-want +got):\n%s", diff)
	}
}

func TestBlank(t *testing.T) {
	for _, source := range []string{"", "-", "#", "```\n```", "&nbsp;", "> ", "[](javascript:x)", "&#x3164;", "*\u200b*"} {
		if tree := Render(source); !tree.Blank() {
			t.Errorf("Render(%q) = %s is not blank", source, tree.HTML())
		}
	}
	for _, source := range []string{"a", ".", "---", "😀", "[](https://a.example)", "`x`"} {
		if tree := Render(source); tree.Blank() {
			t.Errorf("Render(%q) = %s is blank", source, tree.HTML())
		}
	}
}

// Too long a source, or too large a tree, loses its formatting and no word.
func TestRenderFallsBackToPlainParagraphs(t *testing.T) {
	long := strings.Repeat("*a* <b>\n", maxSource/8+1)
	large := strings.Repeat("[](https://a.example/"+strings.Repeat("ä", 250)+")\n", 38)
	for _, source := range []string{long, large} {
		tree := Render(source)
		if got, want := tree.Plain(), strings.TrimSpace(source); got != want {
			t.Errorf("%d bytes of source: %d bytes of text, want %d", len(source), len(got), len(want))
		}
		if len(tree) != 1 || len(tree.Links()) > 0 {
			t.Errorf("%d bytes of source: %d blocks, %d links", len(source), len(tree), len(tree.Links()))
		}
		check(t, source)
	}
	if got, want := plainTree("a\n b \n\n \nc").HTML(), "<p>a<br>b</p><p>c</p>"; got != want {
		t.Errorf("plainTree = %s, want %s", got, want)
	}
}
