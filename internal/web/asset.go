package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/embed"
	"github.com/afterword-comments/afterword/internal/fault"
)

// file is a built file as it is sent.
type file struct {
	data, gzip []byte
	kind       string
	etag       string
}

// files keeps what has been asked for, compressed once. The embedded table
// bounds it.
type files struct {
	mu     sync.Mutex
	byName map[string]file
}

func (f *files) get(name string, data []byte, kind string) file {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.byName[name]; ok {
		return known
	}
	sum := sha256.Sum256(data)
	made := file{data: data, gzip: compress(data), kind: kind, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	if f.byName == nil {
		f.byName = map[string]file{}
	}
	f.byName[name] = made
	return made
}

func compress(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	w.Write(data)
	w.Close()
	if b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// loader serves the one asset without a hash in its name.
func (s *Server) loader(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "public, max-age=60, must-revalidate")
	return sendFile(c, s.files.get("embed.js", embed.Loader(), "text/javascript; charset=utf-8"))
}

// asset serves a file with a hash in its name, which never changes. Only names
// of the table are known, so no path can lead anywhere else.
func (s *Server) asset(c *fiber.Ctx) error {
	name := path.Base(strings.Clone(c.Params("name")))
	data, kind, ok := embed.Asset(name)
	if !ok {
		return fault.Missing()
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return sendFile(c, s.files.get("assets/"+name, data, kind))
}

// sendFile sends the smallest form that the client takes.
func sendFile(c *fiber.Ctx, f file) error {
	c.Vary(fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*") // modules are loaded across origins
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	c.Set(fiber.HeaderContentType, f.kind)
	c.Set(fiber.HeaderETag, f.etag)
	if matches(c.Get(fiber.HeaderIfNoneMatch), f.etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	if f.gzip != nil && strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gzip)
	}
	return c.Send(f.data)
}
