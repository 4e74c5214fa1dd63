// Package embed holds the finished front end: the loader and the chunks of the
// widget, and the moderators' desk. It hides how they are built (build.mjs
// writes dist/, which is committed) and under which hashed names they lie. The
// web package serves what it gives; nothing else uses it.
package embed

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed dist
var dist embed.FS

// A file of dist/assets with what its extension says about it.
type asset struct {
	data        []byte
	contentType string
}

// The table of assets is read once: a request then costs one look-up, and no
// name that a client makes up ever reaches a file system.
var assets = sync.OnceValue(readAssets)

// Loader is the script for /embed.js: the one file whose name carries no hash,
// so it must be revalidated where the others may be kept for ever. The caller
// must not change the bytes.
func Loader() []byte { return read("dist/embed.js") }

// Desk is the HTML page of the moderators' desk for an address that lies depth
// levels below its own: 0 for /admin/ and /admin/x, 1 for /admin/x/. It names its
// script and style relative to that, so that the server may be mounted below any
// path, and has nothing inline. Nil in a build without the desk.
func Desk(depth int) []byte {
	up := []byte(strings.Repeat("../", depth+1) + "assets/")
	return bytes.ReplaceAll(read("dist/desk.html"), []byte("../assets/"), up)
}

// Asset is the file that is served at /assets/NAME, with its Content-Type. Its
// name carries a hash of its contents, so it never changes. The name is taken
// literally: no path, no other case. ok is false when there is no such file.
// The caller must not change data.
func Asset(name string) (data []byte, contentType string, ok bool) {
	a, ok := assets()[name]
	return a.data, a.contentType, ok
}

func readAssets() map[string]asset {
	entries, _ := fs.ReadDir(dist, "dist/assets")
	table := make(map[string]asset, len(entries))
	for _, e := range entries {
		table[e.Name()] = asset{read("dist/assets/" + e.Name()), contentType(e.Name())}
	}
	return table
}

// Files of an embed.FS are either there at compile time or not at all, so a
// missing one is no error worth carrying around.
func read(name string) []byte {
	data, err := dist.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}

// The machine's MIME tables differ from place to place; these are all we emit.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	}
	return "application/octet-stream"
}
