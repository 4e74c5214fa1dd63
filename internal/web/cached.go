package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/live"
)

// Answers that are kept go out with as little work as possible: they are found
// by their address as it came, unread, and their headers stand ready as bytes.
var (
	nameETag         = []byte("Etag")
	nameVary         = []byte("Vary")
	nameCacheControl = []byte("Cache-Control")
	nameCDNControl   = []byte("Cdn-Cache-Control")
	nameSurrogateKey = []byte("Surrogate-Key")
	nameCacheTag     = []byte("Cache-Tag")
	nameEncoding     = []byte("Content-Encoding")

	valueVary         = []byte("Accept-Encoding, Origin")
	valueCacheControl = []byte(cacheControl)
	valueCDNControl   = []byte("public, max-age=1, stale-while-revalidate=10, stale-if-error=3600")
	valueJSON         = []byte(fiber.MIMEApplicationJSONCharsetUTF8)
)

// cacheControl: browsers ask each time and mostly hear 304; a shared cache may
// answer for a second. What a CDN may do beyond that stands in a header of its
// own (RFC 9213), since browsers would follow it too.
const cacheControl = "public, max-age=0, s-maxage=1, must-revalidate"

// reading makes the content of an answer that is not kept.
type reading func(s *Server, ctx context.Context, c *fiber.Ctx) (live.Content, error)

// answerKept answers from the cache, and from the store where there is nothing.
func (s *Server) answerKept(c *fiber.Ctx, kind string, read reading) error {
	var buf [2048]byte
	site := param(c, "site")
	key := append(append(append(append(buf[:0], kind...), site...), ' '), c.Request().URI().QueryString()...)
	a := s.Cache.Answer(key)
	if a == nil {
		ctx, cancel := context.WithTimeout(c.UserContext(), requestTime)
		defer cancel()
		var err error
		a, err = s.Cache.Fill(ctx, site, string(key), func() (live.Content, error) { return read(s, ctx, c) })
		if err != nil {
			return err
		}
	}
	return sendKept(c, a)
}

// sendKept writes an answer in an encoding that the client takes, or 304 where
// it has that.
func sendKept(c *fiber.Ctx, a *live.Answer) error {
	form := a.In(encodingFor(c.Request().Header.Peek(fiber.HeaderAcceptEncoding)))
	h := &c.Response().Header
	h.SetCanonical(nameETag, form.ETag)
	h.SetCanonical(nameVary, valueVary)
	h.SetCanonical(nameCacheControl, valueCacheControl)
	h.SetCanonical(nameCDNControl, valueCDNControl)
	h.SetCanonical(nameSurrogateKey, a.Tags(' '))
	h.SetCanonical(nameCacheTag, a.Tags(','))
	if known := c.Request().Header.Peek(fiber.HeaderIfNoneMatch); len(known) > 0 && matches(string(known), string(form.ETag)) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	if form.Encoding != live.Identity {
		h.SetCanonical(nameEncoding, []byte(form.Encoding.String()))
	}
	h.SetContentTypeBytes(valueJSON)
	c.Response().SetBodyRaw(form.Body)
	return nil
}

// preferred are the encodings in our order, which counts where the client does
// not care: zstd costs a sixth of brotli and is hardly longer.
var preferred = []live.Encoding{live.Zstd, live.Brotli, live.Gzip}

// encodingFor chooses by an Accept-Encoding header, RFC 9110 section 12.5.3.
// What only a wildcard stands for is not taken as a wish.
func encodingFor(header []byte) live.Encoding {
	if len(header) == 0 {
		return live.Identity
	}
	best, weight := live.Identity, 0
	for _, e := range preferred {
		if w := wish(header, e.String()); w > weight {
			best, weight = e, w
		}
	}
	return best
}

// wish is how much a client wants an encoding, in thousandths: 0 = not at all.
func wish(header []byte, name string) int {
	for len(header) > 0 {
		var item []byte
		item, header, _ = bytes.Cut(header, []byte{','})
		coding, params, weighted := bytes.Cut(item, []byte{';'})
		if !strings.EqualFold(string(bytes.TrimSpace(coding)), name) {
			continue
		}
		if !weighted {
			return 1000
		}
		return quality(params)
	}
	return 0
}

// quality reads q=0.5 in thousandths; what it cannot read is 0.
func quality(params []byte) int {
	params = bytes.TrimSpace(params)
	if len(params) < 3 || params[0]|0x20 != 'q' || params[1] != '=' {
		return 0
	}
	if params[2] == '1' {
		return 1000
	}
	total, unit := 0, 100
	for i := 4; i < len(params) && params[i] >= '0' && params[i] <= '9' && unit > 0; i++ {
		total += int(params[i]-'0') * unit
		unit /= 10
	}
	return total
}

// siteTag and pageTag are names by which a CDN can purge what it holds. Those of
// a page are digests, since its key may hold anything; see docs/cdn.md.
func siteTag(site string) string { return "site-" + site }

func pageTag(site, key string) string {
	sum := sha256.Sum256([]byte(site + "\n" + key))
	return "page-" + hex.EncodeToString(sum[:8])
}

func countsTag(site string) string { return "counts-" + site }

// isFirst reports whether a list is asked for from its start. The pages after
// the first are as many as readers like, and read by few.
func isFirst(c *fiber.Ctx) bool {
	return !bytes.Contains(c.Request().URI().QueryString(), []byte("cursor="))
}

func readThread(s *Server, ctx context.Context, c *fiber.Ctx) (content live.Content, err error) {
	a, err := ask(c)
	if err != nil {
		return content, err
	}
	out, err := s.Comments.Thread(ctx, a)
	if err != nil {
		return content, err
	}
	content.Basis, content.Tags = out.Basis, []string{siteTag(a.Site), pageTag(a.Site, out.Page.Key)}
	content.Body, err = comment.JSON(out)
	return content, err
}

func readCounts(s *Server, ctx context.Context, c *fiber.Ctx) (content live.Content, err error) {
	v, err := values(c)
	if err != nil {
		return content, err
	}
	site := param(c, "site")
	out, err := s.Comments.Counts(ctx, site, v["page"])
	if err != nil {
		return content, err
	}
	content.Basis, content.Tags = out.Basis, []string{siteTag(site), countsTag(site)}
	content.Body, err = comment.JSON(out)
	return content, err
}
