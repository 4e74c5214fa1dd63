package moderation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLinkPlaces(t *testing.T) {
	const a = "https://a.example/x"
	for _, c := range []struct {
		name, source string
		links, want  []string
	}{
		{"by itself", "Größe: https://a.example/x, ok", []string{a}, []string{a}},
		{"by itself, in brackets", "(see HTTPS://A.example/x?)", []string{a}, []string{"HTTPS://A.example/x"}},
		{"with brackets of its own", "https://a.example/x_(y).", []string{a}, []string{"https://a.example/x_(y)"}},
		{"pointed", "<https://a.example/x>y", []string{a}, []string{"<https://a.example/x>"}},
		{"a mailbox", "<me@a.example> or [me](mailto:me@a.example)", []string{"mailto:me@a.example"}, []string{"<me@a.example>", "[me](mailto:me@a.example)"}},
		{"with a text", "see [*the* page](https://a.example/x) ok", []string{a}, []string{"[*the* page](https://a.example/x)"}},
		{"with a title", `[x]( <https://a.example/x> "t" )`, []string{a}, []string{`[x]( <https://a.example/x> "t" )`}},
		{"with references and escapes", `[x](h&#116;tps://a\.example/x)`, []string{a}, []string{`[x](h&#116;tps://a\.example/x)`}},
		{"an address as the text", "[https://b.example](https://a.example/x) https://b.example", []string{a, "https://b.example"},
			[]string{"[https://b.example](https://a.example/x)", "https://b.example"}},
		{"one in another", "[o [i](https://a.example/x)](https://a.example/x)", []string{a}, []string{"[i](https://a.example/x)", "https://a.example/x"}},
		{"no link", `[x](ftp://a.example) \[x](nowhere) a.example xhttps://a.example https: [ ] ]( <> <a`, []string{a}, nil},
		{"none of the comment's", "`https://b.example` https://a.example/x", []string{a}, []string{a}},
		{"the host in letters", "https://bücher.example/x", []string{"https://xn--bcher-kva.example/x"}, []string{"https://bücher.example/x"}},
	} {
		var got []string
		for _, p := range linkPlaces(c.source, c.links) {
			got = append(got, string([]rune(c.source)[p.span.Start:p.span.End]))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestEvidenceOfLinksSaysWhere(t *testing.T) {
	words, err := CompileWords([]Word{
		{ID: "b", List: ListBanned, Text: "pills.example", Host: true}, {ID: "a", List: ListAllowed, Text: "fine.example", Host: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := clean()
	s.Text = "[buy](https://pills.example/1) https://bit.ly/a https://fine.example https://bit.ly/b <https://XN--80AK6AA92E.com>"
	s.Plain = s.Text
	s.Links = []string{"https://pills.example/1", "https://bit.ly/a", "https://fine.example", "https://bit.ly/b", "https://xn--80ak6aa92e.com"}
	s.Words, s.LinkShare, s.Author.Approved = words, 1, 0
	s.Hosts = []Host{{Name: "pills.example", Rejected: 9}, {Name: "bit.ly", Approved: 1}}
	got := map[string][]string{}
	for _, step := range New().Examine(t.Context(), s) {
		for _, e := range step.Evidence {
			if step.Check != "links" && step.Check != "words" {
				continue
			}
			for _, span := range e.Spans {
				got[e.Code] = append(got[e.Code], string([]rune(s.Text)[span.Start:span.End]))
			}
		}
	}
	pills, apple := "[buy](https://pills.example/1)", "<https://XN--80AK6AA92E.com>"
	all := []string{pills, "https://bit.ly/a", "https://bit.ly/b", apple}
	want := map[string][]string{
		CodeTooManyLinks: all, CodeNewcomerLink: all, CodeMostlyLink: all, CodeBannedHost: {pills}, CodeRejectedHost: {pills},
		CodeShortener: {"https://bit.ly/a", "https://bit.ly/b"}, CodeLookalikeHost: {apple}, CodeNewHost: {apple},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestManyLinksHaveAsManySpansAsEvidenceMay(t *testing.T) {
	s := clean()
	s.Text = strings.Repeat("https://a.example ", 3*maxFindings)
	for range 3 * maxFindings {
		s.Links = append(s.Links, "https://a.example")
	}
	found, _ := linksCheck{}.Examine(t.Context(), s)
	if len(found) != 1 || len(found[0].Spans) != maxFindings {
		t.Errorf("%d findings: %.200s", len(found), fmt.Sprint(found))
	}
}

func FuzzLinkPlaces(f *testing.F) {
	for _, source := range []string{"[a](https://b.c)", "<a@b.c>", "http://x", `\[[[]](<`, "[x]([x](", "é](http://é)", strings.Repeat("](", 99), "[a](http://b\xff&am"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		runes, end := []rune(source), 0
		for _, p := range linkPlaces(source, append(strings.Fields(source), "http://x", "http://b.c", "mailto:x")) {
			if p.span.Start < end || p.span.End <= p.span.Start || p.span.End > len(runes) {
				t.Fatalf("%v after %d in a text of %d", p.span, end, len(runes))
			}
			if end = p.span.End; string(runes[p.span.Start:p.span.End]) != string([]rune(source[p.from:p.to])) {
				t.Fatalf("the span %v is not %q", p.span, source[p.from:p.to])
			}
		}
	})
}
