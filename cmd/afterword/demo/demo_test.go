package demo

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

var noon = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

// opened is a newspaper of the site "daily" whose receiver takes a call for
// genuine when its signature is "good".
func opened(t *testing.T) (*Paper, *fiber.App) {
	t.Helper()
	paper := New("daily", func(headers http.Header, _ []byte) error {
		if headers.Get("Webhook-Signature") != "good" {
			return errors.New("webhook-signature: <b>wrong</b>")
		}
		return nil
	}, func() time.Time { return noon })
	app := fiber.New()
	paper.Register(app)
	return paper, app
}

func ask(t *testing.T, app *fiber.App, r *http.Request) (*http.Response, string) {
	t.Helper()
	answer, err := app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func get(t *testing.T, app *fiber.App, path string) (*http.Response, string) {
	t.Helper()
	return ask(t, app, httptest.NewRequest(http.MethodGet, path, nil))
}

var everyPage = []string{
	"/demo/", "/demo/last-ferry", "/demo/tide-gauge", "/demo/library-of-things",
	"/demo/webhooks", "/demo/no-such-article",
	"/demo/tide-gauge?theme=dark&dir=rtl&lang=de",
}

func TestEveryPageIsSoundAndStrict(t *testing.T) {
	_, app := opened(t)
	for _, path := range everyPage {
		t.Run(path, func(t *testing.T) {
			answer, body := get(t, app, path)
			if got := answer.Header.Get("Content-Security-Policy"); got != "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'" {
				t.Errorf("policy %q", got)
			}
			if got := answer.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("content type %q", got)
			}
			balanced(t, body)
			page := parse(t, body)
			if n := len(page.all("h1")); n != 1 {
				t.Errorf("%d headings of the first level", n)
			}
			if n := len(page.all("footer")); n != 1 || !strings.Contains(body, "A demonstration newspaper.") {
				t.Error("the footer does not say what this is")
			}
			page.nothingInline(t)
			page.uniqueIDs(t)
			page.describedPictures(t)
			page.whole(t, app)
		})
	}
}

// balanced fails unless every element is closed where it was opened, which the
// lenient parser would repair in silence.
func balanced(t *testing.T, body string) {
	t.Helper()
	void := []string{"meta", "link", "img", "br"}
	var open []string
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		kind := z.Next()
		token := z.Token()
		switch {
		case kind == html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return
		case kind == html.StartTagToken && !slices.Contains(void, token.Data):
			open = append(open, token.Data)
		case kind == html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %v", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

type document struct{ root *html.Node }

func parse(t *testing.T, body string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return document{root}
}

// all lists the elements of a name, of any name when it is "*".
func (d document) all(name string) []*html.Node {
	var found []*html.Node
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && (name == "*" || n.Data == name) {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (d document) nothingInline(t *testing.T) {
	t.Helper()
	for _, n := range d.all("*") {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "style" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
			t.Errorf("inline <%s>", n.Data)
		}
	}
}

func (d document) uniqueIDs(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range d.all("*") {
		id := attr(n, "id")
		if id != "" && seen[id] {
			t.Errorf("the id %q stands twice", id)
		}
		seen[id] = true
	}
	for _, n := range d.all("*") {
		if by := attr(n, "aria-labelledby"); by != "" && !seen[by] {
			t.Errorf("nothing has the id %q", by)
		}
	}
}

func (d document) describedPictures(t *testing.T) {
	t.Helper()
	for _, n := range d.all("img") {
		if attr(n, "alt") == "" || attr(n, "width") == "" || attr(n, "height") == "" {
			t.Errorf("picture %s lacks a description or its size", attr(n, "src"))
		}
	}
}

// whole follows every address within the paper.
func (d document) whole(t *testing.T, app *fiber.App) {
	t.Helper()
	followed := 0
	for _, n := range d.all("*") {
		for _, address := range []string{attr(n, "href"), attr(n, "src")} {
			if !strings.HasPrefix(address, "/demo/") {
				continue
			}
			followed++
			answer, body := get(t, app, address)
			if answer.StatusCode != http.StatusOK || body == "" {
				t.Errorf("%s answers %d with %d bytes", address, answer.StatusCode, len(body))
			}
		}
	}
	if followed < 5 {
		t.Errorf("only %d addresses within the paper", followed)
	}
}

func TestArticlePageCarriesItsThread(t *testing.T) {
	paper, app := opened(t)
	articles := paper.Articles()
	if len(articles) != 3 {
		t.Fatalf("%d articles", len(articles))
	}
	for _, a := range articles {
		answer, body := get(t, app, a.Path)
		if answer.StatusCode != http.StatusOK || a.Path != "/demo/"+a.Slug {
			t.Fatalf("%s answers %d", a.Path, answer.StatusCode)
		}
		page := parse(t, body)
		got := map[string]string{}
		for _, n := range page.all("link") {
			got[attr(n, "rel")] = attr(n, "href")
		}
		for _, n := range page.all("meta") {
			got[attr(n, "property")] = attr(n, "content")
		}
		for _, n := range page.all("script") {
			got["script"] = attr(n, "src") + " " + attr(n, "data-site") + " " + attr(n, "data-page")
		}
		for name, want := range map[string]string{
			"canonical": "http://example.com" + a.Path,
			"og:title":  a.Title,
			"script":    "/embed.js daily " + a.Key,
		} {
			if got[name] != want {
				t.Errorf("%s: %s is %q, want %q", a.Slug, name, got[name], want)
			}
		}
	}
}

func TestArticlesAreOfReadableLength(t *testing.T) {
	paper, _ := opened(t)
	for _, s := range paper.stories {
		words := 0
		for n := range parse(t, string(s.Prose)).root.Descendants() {
			if n.Type == html.TextNode {
				words += len(strings.Fields(n.Data))
			}
		}
		if words < 500 || words > 720 {
			t.Errorf("%s has %d words", s.Slug, words)
		}
	}
}

func TestFrontPageAsksForCounts(t *testing.T) {
	paper, app := opened(t)
	_, body := get(t, app, "/demo/")
	page := parse(t, body)
	var want, got []string
	for _, a := range paper.Articles() {
		want = append(want, a.Key)
	}
	for _, n := range page.all("afterword-count") {
		got = append(got, attr(n, "page"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	script := page.all("script")[0]
	if attr(script, "src") != "/embed.js" || attr(script, "data-auto") != "false" || attr(script, "data-site") != "daily" {
		t.Errorf("the script is %v", script.Attr)
	}
	if !strings.Contains(body, "Tuesday, 4 March 2025") {
		t.Error("the front page does not show today's date")
	}
}

func TestMissingPageIsNotFound(t *testing.T) {
	_, app := opened(t)
	answer, body := get(t, app, "/demo/%3Cscript%3E")
	if answer.StatusCode != http.StatusNotFound || !strings.Contains(body, "There is no such page") {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func TestSkinTakesKnownValuesOnly(t *testing.T) {
	_, app := opened(t)
	for _, test := range []struct{ query, lang, dir, theme string }{
		{"", "en", "", ""},
		{"?theme=dark&dir=rtl&lang=de", "de", "rtl", "dark"},
		{"?theme=light", "en", "", "light"},
		{"?theme=%22%3E%3Cscript%3E&dir=up&lang=xx", "en", "", ""},
		{"?theme=DARK&theme=light", "en", "", ""},
	} {
		_, body := get(t, app, "/demo/last-ferry"+test.query)
		root := parse(t, body).all("html")[0]
		got := []string{attr(root, "lang"), attr(root, "dir"), attr(root, "data-theme")}
		if diff := cmp.Diff([]string{test.lang, test.dir, test.theme}, got); diff != "" {
			t.Errorf("%q: %s", test.query, diff)
		}
	}
}

func TestLinksKeepTheSkin(t *testing.T) {
	_, app := opened(t)
	_, body := get(t, app, "/demo/?lang=de&theme=dark")
	for _, want := range []string{`href="/demo/last-ferry?lang=de&amp;theme=dark"`, `href="/demo/webhooks?lang=de&amp;theme=dark"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	_, body = get(t, app, "/demo/last-ferry?theme=dark")
	if !strings.Contains(body, `<link rel="canonical" href="http://example.com/demo/last-ferry">`) {
		t.Error("the skin is part of the canonical address")
	}
}

// A foreign host name is only ever text or an address, whatever it is.
func TestForeignHostIsEscaped(t *testing.T) {
	_, app := opened(t)
	r := httptest.NewRequest(http.MethodGet, "/demo/last-ferry", nil)
	r.Host = `a"><script>x`
	_, body := ask(t, app, r)
	parse(t, body).nothingInline(t)
	if strings.Contains(body, "<script>") || !strings.Contains(body, "script%3e") {
		t.Error("the host name became an element")
	}
}

func TestScriptHasNoHTMLSink(t *testing.T) {
	_, app := opened(t)
	answer, script := get(t, app, "/demo/webhooks.js")
	if !strings.Contains(answer.Header.Get("Content-Type"), "javascript") || !strings.Contains(script, "textContent") {
		t.Fatalf("this is not the script: %s", answer.Header.Get("Content-Type"))
	}
	for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("} {
		if strings.Contains(script, sink) {
			t.Errorf("the script uses %s", sink)
		}
	}
}

func TestPicturesAreStill(t *testing.T) {
	_, app := opened(t)
	for _, name := range []string{"ferry", "tide-gauge", "library", "sea-level", "icon"} {
		answer, picture := get(t, app, "/demo/assets/"+name+".svg")
		if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "image/svg+xml") {
			t.Errorf("%s is %q", name, got)
		}
		if !strings.HasPrefix(picture, "<svg") || bytes.Contains([]byte(picture), []byte("<script")) || strings.Contains(picture, "<style") {
			t.Errorf("%s is no plain picture", name)
		}
	}
}
