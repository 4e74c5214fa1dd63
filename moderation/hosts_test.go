package moderation

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListedHosts(t *testing.T) {
	words, err := CompileWords([]Word{
		{ID: "b", List: ListBanned, Text: "pills.example", Host: true},
		{ID: "a", List: ListAllowed, Text: "good.pills.example", Host: true},
		{ID: "s", List: ListSuspect, Text: "bit.ly", Host: true},
		{ID: "l", List: ListLegal, Text: "leak.example", Host: true, Scope: Scope{Section: "courts"}},
		{ID: "p", List: ListBanned, Text: "bücher.example", Host: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	codes := func(section string, links ...string) (found []string) {
		s := clean()
		s.Words, s.Links, s.Page.Section = words, links, section
		for _, step := range New().Examine(t.Context(), s) {
			for _, e := range step.Evidence {
				if step.Check == "words" || step.Check == "links" {
					found = append(found, fmt.Sprint(e.Code, " ", e.Hint))
				}
			}
		}
		return found
	}
	for _, c := range []struct {
		name, section, link string
		want                []string
	}{
		{"banned", "", "https://www.pills.example/", []string{"banned_host reject"}},
		{"below it", "", "https://a.b.pills.example:8443/x", []string{"banned_host reject"}},
		{"in punycode", "", "https://xn--bcher-kva.example/", []string{"banned_host reject", "international_host none"}},
		{"a longer name", "", "https://notpills.example/", nil},
		{"allowed below what is banned", "", "http://user@good.pills.example/", nil},
		{"suspect, and a shortener", "", "https://bit.ly/x", []string{"suspect_host hold", "shortener hold"}},
		{"legal elsewhere", "", "https://leak.example/", nil},
		{"legal", "courts", "https://leak.example/", []string{"legal_term review"}},
	} {
		if diff := cmp.Diff(c.want, codes(c.section, c.link)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestAllowedHostsDoNotCountAsLinks(t *testing.T) {
	words, err := CompileWords([]Word{{ID: "a", List: ListAllowed, Text: "daily.example", Host: true}})
	if err != nil {
		t.Fatal(err)
	}
	s := clean()
	s.Words, s.Site.MaxLinks = words, 1
	s.Links = []string{"https://daily.example/1", "https://www.daily.example/2", "https://other.example/"}
	if found, _ := (linksCheck{}).Examine(t.Context(), s); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestRecordOfHosts(t *testing.T) {
	for _, c := range []struct {
		approved, rejected int
		want               Hint // "" = nothing
	}{
		{0, 2, ""}, {0, 3, HintHold}, {1, 2, HintHold}, {2, 3, ""}, {4, 8, HintHold}, {5, 8, ""}, {100, 0, ""},
	} {
		s := clean()
		s.Links = []string{"https://www.a.example/x"}
		s.Hosts = []Host{{Name: "a.example", Approved: c.approved, Rejected: c.rejected}}
		found, _ := linksCheck{}.Examine(t.Context(), s)
		var got Hint
		if len(found) > 0 {
			got = found[0].Hint
		}
		if got != c.want || len(found) > 0 && found[0].Code != CodeRejectedHost {
			t.Errorf("%d approved, %d rejected: %+v", c.approved, c.rejected, found)
		}
	}
	s := clean()
	s.Links = []string{"https://a.example/x"}
	s.Hosts = []Host{}
	if found, _ := (linksCheck{}).Examine(t.Context(), s); len(found) != 1 || found[0].Code != CodeNewHost || found[0].Hint != HintNone {
		t.Errorf("a new host: %+v", found)
	}
}

func TestMostlyLink(t *testing.T) {
	s := clean()
	s.Links, s.LinkShare = []string{"https://a.example/x"}, 0.85
	if found, _ := (linksCheck{}).Examine(t.Context(), s); len(found) != 1 || found[0].Hint != HintNone {
		t.Errorf("of a trusted author: %+v", found)
	}
	s.Author.Approved = 0
	found, _ := linksCheck{}.Examine(t.Context(), s)
	if len(found) != 2 || found[1].Code != CodeMostlyLink || found[1].Hint != HintHold || found[1].Sentence != "85 % of the text is link." {
		t.Errorf("of a newcomer: %+v", found)
	}
}

func TestHostName(t *testing.T) {
	for text, want := range map[string]string{
		"example.org": "example.org", " WWW.Example.ORG. ": "example.org", "https://u:p@a.example.org:8080/x?y#z": "a.example.org",
		"192.0.2.1": "192.0.2.1", "xn--bcher-kva.example": "bücher.example", "example.org/path": "example.org",
		"": "not_host", "localhost": "not_host", "two words": "not_host", "*.example.org": "wildcard", "a..b": "not_host",
	} {
		got, err := HostName(text)
		var bad *WordError
		if errors.As(err, &bad) {
			got = bad.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestLinkHosts(t *testing.T) {
	links := []string{"https://www.b.example/1", "mailto:x@y.example", "http://b.example", "https://a.example"}
	if diff := cmp.Diff([]string{"b.example", "a.example"}, LinkHosts(links)); diff != "" {
		t.Error(diff)
	}
	for i := range 100 {
		links = append(links, fmt.Sprintf("https://h%d.example/", i))
	}
	if n := len(LinkHosts(links)); n != hostsMost {
		t.Errorf("%d hosts", n)
	}
}
