package live

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"
)

// The levels. A thread of 41 kB becomes 6.9 kB in 0.2 ms with gzip, 6.4 kB in
// 0.8 ms with brotli (below level 5 it is no smaller than gzip's), and 6.8 kB in
// 0.13 ms with zstd's usual level.
const (
	gzipLevel   = 6
	brotliLevel = 5
)

// compressors are used again, since each holds some hundred kilobytes of tables.
type compressors [encodings]sync.Pool

// compressor is what the formats' writers have in common.
type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

func newCompressor(e Encoding) compressor {
	if e == Gzip {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is a valid one
		return w
	}
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
	return w
}

func (p *compressors) compress(e Encoding, body []byte) []byte {
	if e == Brotli { // fasthttp brings an encoder of its own; a second one would be in memory for nothing
		return bytes.Clone(fasthttp.AppendBrotliBytesLevel(nil, body, brotliLevel)) // without the room it has left
	}
	w, ok := p[e].Get().(compressor)
	if !ok {
		w = newCompressor(e)
	}
	defer p[e].Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	return bytes.Clone(b.Bytes())
}
