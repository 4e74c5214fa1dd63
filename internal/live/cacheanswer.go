package live

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Encoding is a content coding of HTTP.
type Encoding uint8

// The encodings that answers are kept in.
const (
	Identity Encoding = iota
	Gzip
	Brotli
	Zstd
	encodings = 4
)

// names are those of HTTP; suffixes make an entity tag of the encoding's own.
var (
	names    = [encodings]string{"identity", "gzip", "br", "zstd"}
	suffixes = [encodings]string{"", "-gzip", "-br", "-zstd"}
)

func (e Encoding) String() string { return names[e] }

// Content is what there is to keep of an answer.
type Content struct {
	Body  []byte
	Tags  []string // by which a CDN can purge it
	Basis comment.Basis
}

// Answer is a finished answer in every encoding that somebody has asked for.
type Answer struct {
	cache *Cache
	entry *entry    // nil where it is not kept
	etag  string    // without its quotes
	tags  [2][]byte // with blanks, and with commas between
	plain Form
	once  [encodings]sync.Once
	forms [encodings]*Form
}

// Form is an answer in one encoding. None of it may be changed.
type Form struct {
	Encoding Encoding
	Body     []byte
	ETag     []byte // strong, with its quotes
}

// leastCompressed is the length below which compressing is not worth a packet.
const leastCompressed = 1024

func (c *Cache) newAnswer(content Content) *Answer {
	sum := sha256.Sum256(content.Body)
	a := &Answer{cache: c, etag: base64.RawURLEncoding.EncodeToString(sum[:12]),
		tags: [2][]byte{[]byte(strings.Join(content.Tags, " ")), []byte(strings.Join(content.Tags, ","))}}
	a.plain = Form{Identity, content.Body, a.tagOf(Identity)}
	return a
}

func (a *Answer) tagOf(e Encoding) []byte { return []byte(`"` + a.etag + suffixes[e] + `"`) }

// Tags names what the answer shows, with blanks or with commas between.
func (a *Answer) Tags(between byte) []byte {
	if between == ' ' {
		return a.tags[0]
	}
	return a.tags[1]
}

// In gives the answer in an encoding, or plain where that is no longer. It is
// compressed when first asked for, at a level that costs less than reading it.
func (a *Answer) In(e Encoding) *Form {
	if e == Identity || len(a.plain.Body) < leastCompressed {
		return &a.plain
	}
	a.once[e].Do(func() {
		a.forms[e] = &a.plain
		if b := a.cache.compressors.compress(e, a.plain.Body); len(b) < len(a.plain.Body) {
			a.forms[e] = &Form{e, b, a.tagOf(e)}
			a.cache.grow(a.entry, formCost+cap(b))
		}
	})
	return a.forms[e]
}

// Answer gives what is kept for an address, nil if there is nothing.
func (c *Cache) Answer(address []byte) *Answer {
	a, _ := c.get(address).(*Answer)
	return a
}

// Fill gives what is kept for an address of a site, and reads it if there is
// nothing. Many who ask at once cause one reading.
func (c *Cache) Fill(ctx context.Context, site, address string, read func() (Content, error)) (*Answer, error) {
	v, err := c.fill(ctx, site, address, func() (made, error) {
		content, err := read()
		if err != nil {
			return made{}, err
		}
		return made{c.newAnswer(content), cap(content.Body), content.Basis}, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*Answer), nil
}
