package embed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the documents promise of the widget, in bytes as they are sent, each kB
// being 1,000 of them.
const (
	mostLoader     = 1_200
	mostToRead     = 9_000
	mostAltogether = 15_000
)

// entry is what the manifest says of a file below dist/: where it lies, when a
// reader loads it, and which language it speaks where there are several of it.
type entry struct {
	Path  string `json:"path"`
	Stage string `json:"stage"`
	Lang  string `json:"lang"`
}

func manifest(t *testing.T) map[string]entry {
	t.Helper()
	var m map[string]entry
	if err := json.Unmarshal(read("dist/manifest.json"), &m); err != nil {
		t.Fatalf("manifest: %v", err)
	}
	return m
}

// languages are those that the widget has chunks of.
func languages(t *testing.T, m map[string]entry) []string {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range m {
		if e.Lang != "" {
			seen[e.Lang] = true
		}
	}
	if !seen["en"] || !seen["de"] {
		t.Fatalf("languages %v, want en and de among them", seen)
	}
	return slices.Sorted(maps.Keys(seen))
}

// gzipped is the number of bytes in which a file is sent.
func gzipped(t *testing.T, path string) int {
	t.Helper()
	data := read("dist/" + path)
	if len(data) == 0 {
		t.Fatalf("%s is empty", path)
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// TestBudget keeps the widget light, in every language. No chunk is left out:
// whatever is not the desk's counts as loaded by the time a reader has written.
func TestBudget(t *testing.T) {
	m := manifest(t)
	for _, lang := range languages(t, m) {
		sent := map[string]int{}
		for _, e := range m {
			if e.Lang == "" || e.Lang == lang {
				sent[e.Stage] += gzipped(t, e.Path)
			}
		}
		for _, tc := range []struct {
			name   string
			stages []string
			most   int
		}{
			{"loader", []string{"load"}, mostLoader},
			{"before the first comment is visible", []string{"load", "read"}, mostToRead},
			{"altogether", []string{"load", "read", "write", "live", "count"}, mostAltogether},
		} {
			t.Run(lang+" "+tc.name, func(t *testing.T) {
				var sum int
				for _, stage := range tc.stages {
					if sent[stage] == 0 {
						t.Errorf("nothing is there to %s", stage)
					}
					sum += sent[stage]
				}
				if sum > tc.most {
					t.Errorf("%d bytes gzipped, at most %d", sum, tc.most)
				}
				t.Logf("%d bytes of %d", sum, tc.most)
			})
		}
	}
}

// TestManifest finds the file that no stage counts, and the stage that no
// budget counts.
func TestManifest(t *testing.T) {
	m := manifest(t)
	listed := map[string]bool{"manifest.json": true}
	for logical, e := range m {
		listed[e.Path] = true
		if !slices.Contains([]string{"load", "read", "write", "live", "count", "desk"}, e.Stage) {
			t.Errorf("%s belongs to the stage %q", logical, e.Stage)
		}
		for _, lang := range languages(t, m) {
			other := strings.Replace(logical, "-"+e.Lang+".", "-"+lang+".", 1)
			if _, ok := m[other]; !ok && e.Lang != "" {
				t.Errorf("there is %s, but no %s", logical, other)
			}
		}
	}
	err := fs.WalkDir(dist, "dist", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !listed[strings.TrimPrefix(path, "dist/")] {
			t.Errorf("%s is not in the manifest", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAsset(t *testing.T) {
	m := manifest(t)
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json"}
	hashed := regexp.MustCompile(`-(?:[0-9a-f]{8}|[0-9A-Z]{8})\.\w+$`)
	seen := 0
	for _, e := range m {
		name, isAsset := strings.CutPrefix(e.Path, "assets/")
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
		if !hashed.MatchString(name) {
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

// TestReferences follows the marks by which files name each other: a build half
// committed would send readers to files that are not there.
func TestReferences(t *testing.T) {
	m := manifest(t)
	mark := regexp.MustCompile(`-([0-9a-f]{8})\.js`)
	check := func(from string, data []byte, logical string) {
		t.Helper()
		wanted, named := mark.FindStringSubmatch(m[logical].Path), mark.FindSubmatch(data)
		if wanted == nil || named == nil || string(named[1]) != wanted[1] {
			t.Errorf("%s names %q, not %q", from, named, m[logical].Path)
		}
	}
	check("embed.js", Loader(), "count.js")
	for _, lang := range languages(t, m) {
		if !strings.Contains(string(Loader()), "^"+lang) {
			t.Errorf("embed.js does not know the language %s", lang)
		}
		widget := "widget-" + lang + ".js"
		check("embed.js", Loader(), widget)
		check(widget, read("dist/"+m[widget].Path), "composer-"+lang+".js")
		check(widget, read("dist/"+m[widget].Path), "live-"+lang+".js")
	}
}

// TestDeskReferences does so for the desk, whose files name each other in full.
func TestDeskReferences(t *testing.T) {
	named := regexp.MustCompile(`desk-[\w-]+\.(?:js|css)`)
	seen := map[string]bool{}
	check := func(from string, data []byte) {
		for _, name := range named.FindAllString(string(data), -1) {
			seen[name] = true
			if _, _, ok := Asset(name); !ok {
				t.Errorf("%s names %s, which is not there", from, name)
			}
		}
	}
	check("desk.html", Desk(0))
	for name, a := range assets() {
		check(name, a.data)
	}
	for name := range assets() {
		if strings.HasPrefix(name, "desk-") && !seen[name] {
			t.Errorf("nothing names %s", name)
		}
	}
}

// TestDeskHasNothingInline holds the page to its own policy.
func TestDeskHasNothingInline(t *testing.T) {
	page := string(Desk(0))
	if page == "" {
		t.Fatal("no desk in dist")
	}
	if regexp.MustCompile(`(?i)<style|style=|\son\w+=|<script(?:[^>]*)>[^<]`).MatchString(page) {
		t.Errorf("something is inline in\n%s", page)
	}
}

// TestDeskStandsAnywhere resolves the page's addresses as a browser does, from
// every kind of address that it is served at.
func TestDeskStandsAnywhere(t *testing.T) {
	named := regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	for _, prefix := range []string{"", "/comments", "/a/b"} {
		for rest, depth := range map[string]int{"": 0, "webhooks": 0, "webhooks/": 1, "a/b/c": 2} {
			at, err := url.Parse(prefix + "/admin/" + rest)
			if err != nil {
				t.Fatal(err)
			}
			files := 0
			for _, found := range named.FindAllSubmatch(Desk(depth), -1) {
				if strings.HasPrefix(string(found[1]), "data:") {
					continue
				}
				to, err := at.Parse(string(found[1]))
				if err != nil {
					t.Fatal(err)
				}
				name, below := strings.CutPrefix(to.Path, prefix+"/assets/")
				if _, _, ok := Asset(name); !below || !ok {
					t.Errorf("at %s the desk asks for %s", at, to)
				}
				files++
			}
			if files < 2 {
				t.Errorf("at %s the desk names %d files", at, files)
			}
		}
	}
}

// TestNoSink keeps out of the built widget everything that a host's policy on
// scripts, styles and trusted types refuses.
func TestNoSink(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|\beval\(|new Function|srcdoc|setAttribute\("style"`)
	for logical, e := range manifest(t) {
		if e.Stage == "desk" {
			continue
		}
		if found := sinks.FindString(string(read("dist/" + e.Path))); found != "" {
			t.Errorf("%s uses %s", logical, found)
		}
	}
}

// TestWordsAreInPlace finds a message whose key the build did not replace.
func TestWordsAreInPlace(t *testing.T) {
	for logical, e := range manifest(t) {
		if e.Stage != "desk" && bytes.Contains(read("dist/"+e.Path), []byte("TEXT.")) {
			t.Errorf("%s says TEXT.key instead of words", logical)
		}
	}
}
