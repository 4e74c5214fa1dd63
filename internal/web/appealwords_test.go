package web

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page of an appeal speaks every language that the widget speaks, and each of
// them whole: a reader who was told in one language is not answered in another.
func TestAppealPageSpeaksTheWidgetsLanguages(t *testing.T) {
	files, err := filepath.Glob("../../embed/widget/locales/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogues of the widget: %v", err)
	}
	var widget []string
	for _, file := range files {
		widget = append(widget, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	if diff := cmp.Diff(widget, slices.Sorted(maps.Keys(appealLanguages))); diff != "" {
		t.Errorf("- widget, + appeal page\n%s", diff)
	}
	keys := slices.Sorted(maps.Keys(appealLanguages["en"]))
	for lang, words := range appealLanguages {
		if diff := cmp.Diff(keys, slices.Sorted(maps.Keys(words))); diff != "" {
			t.Errorf("%s: - en, + %s\n%s", lang, lang, diff)
		}
		for key, text := range words {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", lang, key)
			}
		}
	}
	for _, said := range regexp.MustCompile(`Words\.(\w+)`).FindAllStringSubmatch(appealHTML, -1) {
		if appealLanguages["en"][said[1]] == "" {
			t.Errorf("the page says %s, which no language has", said[1])
		}
	}
}
