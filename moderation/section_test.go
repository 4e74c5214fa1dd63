package moderation

import "testing"

func TestSectionOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://daily.example/sport/final":       "sport",
		"https://daily.example/Sport/2026/final/": "sport",
		"https://daily.example/s%C3%BCden/wahl":   "süden",
		"https://daily.example/sport/":            "",
		"https://daily.example/final?a=/b/c":      "",
		"https://daily.example":                   "",
		"article-17":                              "",
		"%":                                       "",
		"":                                        "",
	} {
		if got := SectionOf(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
