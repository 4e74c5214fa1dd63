package markup

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// check holds one rendering against everything that Render promises.
func check(t *testing.T, source string) {
	t.Helper()
	tree := Render(source)
	markup := tree.HTML()
	again, err := reread(markup)
	if err != nil {
		t.Fatalf("Render(%q)\nwrote %s\nwhich has %v", source, markup, err)
	}
	if !reflect.DeepEqual(tree, again) { // cmp takes 2^depth steps
		t.Fatalf("Render(%q)\nwrote %s\nwhich reads otherwise (-tree +read):\n%s", source, markup, cmp.Diff(tree, again))
	}
	for _, n := range again {
		if is := ruleOf(n.Tag).is; is != isBlock {
			t.Fatalf("Render(%q) has %q at the top", source, n.Tag)
		}
	}
	if got, want := again.Plain(), tree.Plain(); got != want {
		t.Fatalf("Render(%q): text of the HTML is %q, Plain is %q", source, got, want)
	}
	if strings.ContainsFunc(tree.Plain(), forbiddenControl) || !utf8.ValidString(markup) {
		t.Fatalf("Render(%q) kept what Clean refuses: %q", source, markup)
	}
	if limit := 5*len(source) + maxOutput + 5*len(source); len(markup) > limit {
		t.Fatalf("Render of %d bytes wrote %d", len(source), len(markup))
	}
	checkJSON(t, tree)
}

func checkJSON(t *testing.T, tree Tree) {
	t.Helper()
	data, err := json.Marshal(tree)
	if err != nil {
		t.Fatalf("marshal %s: %v", tree.HTML(), err)
	}
	var back Tree
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatalf("unmarshal %s: %v", data, err)
	}
	if !reflect.DeepEqual(tree, back) {
		t.Fatalf("JSON round trip of %s (-want +got):\n%s", data, cmp.Diff(tree, back))
	}
}

// payloads reads testdata/xss.txt: one a line, quoted as in Go where it needs
// to be; lines that begin with "# " are headings.
func payloads(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") || line == "" {
			continue
		}
		if strings.HasPrefix(line, `"`) {
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatalf("payload %d: %v", len(list)+1, err)
			}
		}
		list = append(list, line)
	}
	return list
}

func TestHostilePayloads(t *testing.T) {
	list := payloads(t)
	if len(list) < 250 {
		t.Fatalf("only %d payloads were read", len(list))
	}
	frames := []string{"%s", "before %s after", "> %s", "- %s", "*%s*", "[%s](https://e.example)", "![%s](https://e.example/x.png)", "`%s", "# %s\n%s", "&lt;%s", "\\%s", "%s\n%s"}
	for _, payload := range list {
		for _, frame := range frames {
			check(t, strings.ReplaceAll(frame, "%s", payload))
		}
		if cleaned, err := Clean(payload); err == nil {
			check(t, cleaned)
		}
	}
}

// fragments are the pieces from which the property tests build sources.
var fragments = []string{
	"a", "word", " ", "  ", "\n", "\n\n", "\t", "*", "**", "***", "_", "__", "~", "~~", "`", "```", "```\n", "> ", ">", "- ", "* ", "+ ", "1. ", "7) ", "    ",
	"[", "]", "(", ")", "![", "](", "](https://a.example)", "](javascript:x)", "<", ">", "<b>", "</b>", "<https://a.example/>", "<a@b.example>", "https://a.example/b_c", "http://ä.example",
	"&", "&amp;", "&lt;", "&#x202e;", "&#769;", "&nbsp;", "\\", "\\*", "\\\n", "#", "# ", "---\n", "===\n", "|", ":", "\"", "'", "\u0301", "\u202e", "\u2067", "\u2069", "\u202c", "é", "漢", "👩‍🚀", "\x00", "\r\n", "\xff", "[x]: https://a.example\n", "!", "\u200d",
}

func randomSource(random *rand.Rand) string {
	var source strings.Builder
	for range 1 + random.IntN(40) {
		source.WriteString(fragments[random.IntN(len(fragments))])
	}
	return source.String()
}

func TestPropertiesOfRandomSources(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		check(t, randomSource(random))
	}
}

func TestRenderIsDeterministicAndKeepsCleanText(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		source := randomSource(random)
		first := Render(source)
		if second := Render(source); !reflect.DeepEqual(first, second) {
			t.Fatalf("Render(%q) differs from itself:\n%s", source, cmp.Diff(first, second))
		}
		cleaned, err := Clean(source)
		if err != nil {
			continue
		}
		// Clean trims blanks at the ends, which may end an open code block.
		if got, want := strings.Fields(Render(cleaned).Plain()), strings.Fields(first.Plain()); !cmp.Equal(got, want) {
			t.Fatalf("Render(%q) shows %q, cleaned first %q", source, want, got)
		}
	}
}

// The parser is shared by all requests.
func TestRenderConcurrently(t *testing.T) {
	want := Render(typical).HTML()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				if got := Render(typical).HTML(); got != want {
					t.Errorf("Render gave %s, alone %s", got, want)
				}
			}
		})
	}
	wait.Wait()
}

// TestSpecification reads CommonMark's own examples from the parser's module.
// All must be safe; those of the kept subset must mean what CommonMark says.
func TestSpecification(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		t.Fatalf("finding the parser's module: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "_test", "spec.json"))
	if os.IsNotExist(err) {
		t.Fatal("the parser's module came without its tests")
	}
	var examples []struct{ Markdown, HTML, Section string }
	if err := json.Unmarshal(data, &examples); err != nil || len(examples) != 652 {
		t.Fatalf("%d examples, error %v", len(examples), err)
	}
	same := 0
	for _, example := range examples {
		check(t, example.Markdown)
		want, err := reread(subset(example.HTML))
		if err == nil && reflect.DeepEqual(want, Render(example.Markdown)) {
			same++
		}
	}
	// The others use what the subset leaves out: raw HTML, images, relative
	// addresses, references, underlined headings, rules, a tag inside itself,
	// more than a language after a fence, code without a word in it.
	if same < 370 {
		t.Errorf("%d of %d examples mean what CommonMark says, there were 370", same, len(examples))
	}
}

// subset writes a specification's HTML as ours would be.
func subset(source string) string {
	for _, r := range [][2]string{
		{`<pre><code[^>]*>`, "<pre>"}, {`\n*</code></pre>`, "</pre>"},
		{`<h\d>`, "<p><strong>"}, {`</h\d>`, "</strong></p>"},
		{`<br />\n`, "\n"},
		{`(>)\n(</?(p|ul|ol|li|pre|blockquote)\b)`, "$1$2"}, {`(</?(p|ul|ol|li|pre|blockquote)>)\n`, "$1"},
		{`\n(</?(ul|ol|li|pre|blockquote|p)\b)`, "$1"},
		{`<a href="([^"]*)"[^>]*>`, `<a href="$1" rel="nofollow ugc noopener noreferrer">`},
	} {
		source = regexp.MustCompile(r[0]).ReplaceAllString(source, r[1])
	}
	return regexp.MustCompile(`(?s)<pre>.*?</pre>|\n`).ReplaceAllStringFunc(strings.TrimSpace(source), func(s string) string {
		if s == "\n" {
			return "<br>"
		}
		return s
	})
}

func FuzzRender(f *testing.F) {
	for _, payload := range payloads(f) {
		f.Add(payload)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		f.Add(randomSource(random))
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) <= maxSource {
			parse(normalise(strings.ToValidUTF8(source, "\uFFFD"))) // without the net that Render has
		}
		check(t, source)
	})
}
