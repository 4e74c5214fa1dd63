package embed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"path"
	"regexp"
	"strings"
	"testing"
)

const kB = 1024

// manifest maps what a file is to where it lies below dist/.
func manifest(t *testing.T) map[string]string {
	t.Helper()
	var m map[string]string
	if err := json.Unmarshal(read("dist/manifest.json"), &m); err != nil {
		t.Fatalf("manifest: %v", err)
	}
	return m
}

// gzipped is the size in bytes that a reader loads of a file of the manifest.
func gzipped(t *testing.T, m map[string]string, logical string) int {
	t.Helper()
	file, ok := m[logical]
	if !ok {
		t.Fatalf("the manifest has no %s", logical)
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := w.Write(read("dist/" + file)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(read("dist/"+file)) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return b.Len()
}

// largestLocale is the name of the translation that weighs most.
func largestLocale(t *testing.T, m map[string]string) string {
	t.Helper()
	var largest string
	for logical := range m {
		if !strings.HasPrefix(logical, "locale-") {
			continue
		}
		if largest == "" || gzipped(t, m, logical) > gzipped(t, m, largest) {
			largest = logical
		}
	}
	if largest == "" {
		t.Fatal("the manifest has no translation")
	}
	return largest
}

// TestBudget keeps the widget light. The live chunk comes after everything is
// on the page, and only where a thread changes: it has a budget of its own.
func TestBudget(t *testing.T) {
	m := manifest(t)
	locale := largestLocale(t, m)
	for _, tc := range []struct {
		name  string
		files []string
		most  float64
	}{
		{"loader", []string{"embed.js"}, 1.2},
		{"before the first comment is visible", []string{"embed.js", "widget.js"}, 9},
		{"for one who writes", []string{"embed.js", "widget.js", "composer.js", locale}, 15},
		{"live updates", []string{"live.js"}, 1.4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var sum int
			for _, f := range tc.files {
				sum += gzipped(t, m, f)
			}
			if got := float64(sum) / kB; got > tc.most {
				t.Errorf("%s: %.2f kB gzipped, at most %.2f", strings.Join(tc.files, " + "), got, tc.most)
			} else {
				t.Logf("%d bytes of %.0f", sum, tc.most*kB)
			}
		})
	}
}

func TestAsset(t *testing.T) {
	m := manifest(t)
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json"}
	seen := 0
	for logical, file := range m {
		name, isAsset := strings.CutPrefix(file, "assets/")
		if !isAsset {
			continue
		}
		seen++
		data, contentType, ok := Asset(name)
		if !ok || len(data) == 0 {
			t.Errorf("Asset(%q) is not there", name)
		}
		if want := types[path.Ext(name)]; contentType != want {
			t.Errorf("Asset(%q) is %q, want %q", name, contentType, want)
		}
		if logical == name {
			t.Errorf("%s has no hash in its name", name)
		}
	}
	if seen != len(assets()) {
		t.Errorf("dist/assets holds %d files, the manifest names %d", len(assets()), seen)
	}
}

func TestAssetTakesNamesLiterally(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../embed.js", "../manifest.json", "/", "widget.js", "assets", "embed.js"} {
		if _, _, ok := Asset(name); ok {
			t.Errorf("Asset(%q) is there", name)
		}
	}
}

// TestReferences follows each hashed name that a file mentions: a build half
// committed would send readers to files that are not there.
func TestReferences(t *testing.T) {
	hashed := regexp.MustCompile(`\b(?:widget|composer|live|locale-[\w-]+|desk)-[0-9a-f]{8}\.\w+`)
	found := 0
	check := func(from string, data []byte) {
		for _, name := range hashed.FindAllString(string(data), -1) {
			found++
			if _, _, ok := Asset(name); !ok {
				t.Errorf("%s mentions %s, which is not there", from, name)
			}
		}
	}
	check("embed.js", Loader())
	check("desk.html", Desk())
	for name, a := range assets() {
		check(name, a.data)
	}
	if found < 4 {
		t.Errorf("only %d references found: the loader names the widget and a translation, the widget two chunks", found)
	}
}

// TestDeskHasNothingInline holds the page to its own policy.
func TestDeskHasNothingInline(t *testing.T) {
	page := string(Desk())
	if page == "" {
		t.Fatal("no desk in dist")
	}
	if regexp.MustCompile(`(?i)<style|style=|\son\w+=|<script(?:[^>]*)>[^<]`).MatchString(page) {
		t.Errorf("something is inline in\n%s", page)
	}
}

// TestNoSink keeps out of the built widget everything that a host's policy on
// scripts, styles and trusted types refuses.
func TestNoSink(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|\beval\(|new Function|srcdoc|setAttribute\("style"`)
	m := manifest(t)
	for _, logical := range []string{"embed.js", "widget.js", "composer.js", "live.js"} {
		if found := sinks.FindString(string(read("dist/" + m[logical]))); found != "" {
			t.Errorf("%s uses %s", logical, found)
		}
	}
}
