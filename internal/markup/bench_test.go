package markup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

const typical = `I read the piece **twice**, and I still think the council has it wrong.

> The bridge will be closed for *two* years.

Two years for a bridge of 40 metres? See https://news.example/2026/bridge_plan (page 7):

- the budget was known in March
- nobody asked the shops, [as the mayor said](https://council.example/minutes?id=42)

Fix it by night, as they did in ` + "`1998`" + `. My neighbour's shop won't live through it & neither will mine.`

// hostile are sources of 20 KiB, each aimed at one part of a Markdown parser
// that is known to do more work than there is text.
func hostile() map[string]string {
	fill := func(s string) string { return strings.Repeat(s, maxSource/len(s)) }
	build := func(next func(i int) string) string {
		var out strings.Builder
		for i := 0; ; i++ {
			s := next(i)
			if out.Len()+len(s) > maxSource {
				return out.String()
			}
			out.WriteString(s)
		}
	}
	sources := map[string]string{
		"brackets in brackets":   strings.Repeat("[", maxSource/2) + strings.Repeat("]", maxSource/2),
		"links in labels":        strings.Repeat("[", maxSource/2) + "a" + strings.Repeat("](b)", maxSource/8),
		"backticks of any run":   build(func(i int) string { return strings.Repeat("`", i+1) + " " }),
		"reference definitions":  build(func(i int) string { return fmt.Sprintf("[%d]: x\n", i) }),
		"stair of lists":         build(func(i int) string { return strings.Repeat("  ", i) + "- a\n" }),
		"stair of quotes":        build(func(i int) string { return strings.Repeat(">", i+1) + "\n" }),
		"label without end":      "[" + strings.Repeat("a.", maxSource/2-20) + "](https://a.b)",
		"marks without end":      "a" + fill("\u0301"),
		"marks in two orders":    "a" + fill("\u0301\u0316"),
		"quote, then lazy lines": strings.Repeat(">", maxSource/2) + strings.Repeat("\na", maxSource/4),
		"list, then lazy lines":  strings.Repeat("- ", maxSource/4) + strings.Repeat("\na", maxSource/4),
	}
	for _, s := range []string{
		"[", "![", "[a](", "[a](b", "[a](<b", "[a](b \"", "[[a](https://b.c)", "](", "[a][", "[a](https://a.b)", "[a]: b\n", "[a]: b \"\n",
		"*", "*a ", "a* ", "**x* ", "*a_ ", "_a ", "a**b_c ", "*a**", "*[", "[*a**", "~", "~a ", "~~a~ ",
		">", "> ", "- ", "* - ", "1. ", "1) ", "-\n+\n", "- - - - - - - a\n", ">\n\n", "> - ", "    > ",
		"`", "` `` ", "```\n", "```a`` \n", "~~~ a\n", "# a\n", "---\n", "* * a\n", "\ta\n", "|a|b|\n|-|-|\n",
		"https://", "https://@", "https://a.b ", "https://ä.b ", "https://a.b(", "a:", "<https:", "<a@a.", "<a@b.c>", "<!--", "<?", "<![CDATA[", "<a b=\"", "<a ",
		"&", "&amp", "&lt;", "&#x41;", "\\", "\\&", "\"", "a\n", "a\n\n", " a", "a  \n", "\u2067", "\u202a\u2067", "\u2067a\u2069", "漢", "👩‍🚀",
	} {
		sources[fmt.Sprintf("run of %q", s)] = fill(s)
	}
	return sources
}

// maxRender is what one hostile comment may cost. The slack is the price of
// the race detector, and the best of three leaves out a busy machine.
const maxRender = 50 * time.Millisecond

func TestHostileSourcesAreCheap(t *testing.T) {
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			best := time.Hour
			for range 3 {
				start := time.Now()
				Render(source)
				best = min(best, time.Since(start))
			}
			if best > maxRender*slack {
				t.Errorf("%d bytes took %v", len(source), best)
			}
			check(t, source)
		})
	}
}

func BenchmarkRender(b *testing.B) {
	sources := hostile()
	b.Run("typical", func(b *testing.B) { benchmark(b, typical) })
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		b.Run(name, func(b *testing.B) { benchmark(b, sources[name]) })
	}
}

func benchmark(b *testing.B, source string) {
	b.ReportAllocs()
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		Render(source)
	}
}

func BenchmarkHTML(b *testing.B) {
	tree := Render(typical)
	b.ReportAllocs()
	for b.Loop() {
		_ = tree.HTML()
	}
}

func BenchmarkClean(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Clean(typical); err != nil {
			b.Fatal(err)
		}
	}
}
