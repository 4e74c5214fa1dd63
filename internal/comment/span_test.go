package comment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// What the renderer makes a link of, the checks find in the source; and a word that
// the renderer brings to light too.
func TestEvidencePointsIntoTheSource(t *testing.T) {
	words, err := moderation.CompileWords([]moderation.Word{{ID: "c", List: moderation.ListBanned, Text: "casino"}})
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string][]string{
		"Größe — „https://a.example/x“, (https://b.example/y_(z)).":               {"https://a.example/x", "https://b.example/y_(z)"},
		"> - see [a **b**\nc](https://a.example/?q=1&amp;r=2 \"title\") https://": {"[a **b**\nc](https://a.example/?q=1&amp;r=2 \"title\")"},
		"<HTTPS://A.example> ![alt](<http://b.example/x>) <me@c.example>":         {"<HTTPS://A.example>", "[alt](<http://b.example/x>)", "<me@c.example>"},
		"[https://a.example](https://b.example) *https://c.example*":              {"[https://a.example](https://b.example)", "https://c.example"},
		"[o [i](https://a.example/1)](https://b.example/2) [m](mailto:m@c.example)": {
			"[i](https://a.example/1)", "https://b.example/2", "[m](mailto:m@c.example)"},
		`[x](h&#116;tps://a\.example) https://bücher.example/ä?ö \[y](https://d.example)`: {
			`[x](h&#116;tps://a\.example)`, "https://bücher.example/ä?ö", "https://d.example"},
		"c&#97;sino, ca**si**no c\\_a\\_s\\_i\\_n\\_o": {"c\\_a\\_s\\_i\\_n\\_o", "c&#97;sino", "ca**si**no"},
	} {
		tree := markup.Render(source)
		s := &moderation.Subject{Text: source, Plain: tree.Plain(), Links: tree.Links(), Words: words}
		s.Site.TrustedAfter = 1
		var got []string
		for _, step := range moderation.New().Examine(t.Context(), s) {
			for _, e := range step.Evidence {
				if e.Code != moderation.CodeNewcomerLink && e.Code != moderation.CodeBannedWord {
					continue
				}
				for _, span := range e.Spans {
					got = append(got, string([]rune(source)[span.Start:span.End]))
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\nrendered as %v\n%s", source, tree, diff)
		}
	}
}
