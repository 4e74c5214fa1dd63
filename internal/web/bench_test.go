package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/bench/fill"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// How the hot path is measured: 32 keep-alive connections, each with one
// request at a time, against a bare handler that sends the same bytes and
// against the whole server, in turns in the same run.
const (
	benchConns  = 32
	benchRounds = 30
	benchRound  = 150 * time.Millisecond
)

func BenchmarkCachedThread(b *testing.B) {
	s := newStand(b, 1)
	s.compare(b, comments+"?page="+url.QueryEscape(articleAt(0)))
}

func BenchmarkCachedThreadFromAPage(b *testing.B) {
	s := newStand(b, 1)
	s.compare(b, comments+"?page="+url.QueryEscape(articleAt(0)), "Origin: "+origin, "Accept-Encoding: gzip, deflate, br, zstd",
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept: */*", "Accept-Language: en-US,en;q=0.5",
		"Referer: "+origin+"/", "Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site")
}

func BenchmarkCachedCounts(b *testing.B) {
	s := newStand(b, 20)
	s.compare(b, daily+"/counts?page="+strings.Join(s.articles, "&page="))
}

// articleAt is the address of a page of the stand.
func articleAt(n int) string { return fmt.Sprintf("https://daily.example/2026/11/article-%d", n) }

// stand is an installation with a thread of 100 comments, 25 of them roots, and
// some more pages, behind a listener.
type stand struct {
	app      *app.App
	addr     string
	articles []string // escaped
}

// openStand opens a database, with the site daily if it is a new one.
func openStand(b *testing.B, dsn string) *stand {
	b.Helper()
	a, err := app.Open(b.Context(), app.Settings{DB: dsn, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { a.Close() })
	key := "daily"
	change := comment.SiteChange{Name: &key, Origins: []string{origin}, Options: map[string]string{"rate_limits": "off", "moderation": "off"}}
	if _, err := a.Comments.AddSite(b.Context(), key, change, operator); err != nil && !fault.Is(err, "site_exists") {
		b.Fatal(err)
	}
	return &stand{app: a}
}

func (s *stand) listen(b *testing.B) {
	server := fiber.New(s.app.Web.Settings())
	s.app.Web.Register(server)
	server.Use(s.app.Web.NotFound)
	s.addr = listen(b, server)
}

func newStand(b *testing.B, pages int) *stand {
	b.Helper()
	s := openStand(b, filepath.Join(b.TempDir(), "afterword.db"))
	for p := range pages {
		s.articles = append(s.articles, url.QueryEscape(articleAt(p)))
		roots := 1
		if p == 0 {
			roots = 25
		}
		for r := range roots {
			root := s.submit(b, p, r, "")
			for reply := range 3 {
				s.submit(b, p, r*10+reply, root)
			}
		}
	}
	s.listen(b)
	return s
}

func (s *stand) submit(b *testing.B, page, n int, parent string) string {
	b.Helper()
	sub := comment.Submission{
		Site: "daily", Page: comment.PageRef{URL: articleAt(page)}, ParentID: parent, Name: "Ada",
		Text: fmt.Sprintf("Comment %d of page %d.", n, page),
	}
	out, err := s.app.Comments.Submit(b.Context(), sub)
	if err != nil {
		b.Fatal(err)
	}
	return out.Comment.ID
}

func listen(b *testing.B, server *fiber.App) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Listener(l) })
	b.Cleanup(func() {
		if err := server.ShutdownWithTimeout(patience); err != nil {
			b.Error(err)
		}
		wg.Wait()
	})
	return l.Addr().String()
}

// compare sends the same request to the stand and to a bare handler, in turns,
// and reports the medians of the rounds.
func (s *stand) compare(b *testing.B, path string, headers ...string) {
	b.Helper()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n")
	body := fetch(b, s.addr, request)
	bare := fiber.New(fiber.Config{DisableStartupMessage: true})
	bare.Get("*", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
		return c.Send(body)
	})
	bareAddr := listen(b, bare)
	b.ResetTimer()
	for b.Loop() {
		var floor, own load
		ratios := make([]float64, benchRounds) // of neighbours: what else the machine does concerns both
		for i := range benchRounds {
			floor.add(measure(b, bareAddr, request))
			own.add(measure(b, s.addr, request))
			ratios[i] = own.rates[i] / floor.rates[i]
		}
		b.ReportMetric(floor.rate(), "bare/s")
		b.ReportMetric(own.rate(), "own/s")
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(floor.costs)/median(own.costs), "cpu-ratio")
		b.ReportMetric(floor.p99(), "bare-p99-µs")
		b.ReportMetric(own.p99(), "own-p99-µs")
		b.ReportMetric(float64(len(body)), "bytes")
	}
}

// load is what some rounds of requests measured.
type load struct {
	rates []float64
	p99s  []float64 // microseconds
	costs []float64 // microseconds of processor time a request, server and client
}

func (l *load) add(rate, p99, cost float64) {
	l.rates, l.p99s, l.costs = append(l.rates, rate), append(l.p99s, p99), append(l.costs, cost)
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (l *load) rate() float64 { return median(l.rates) }
func (l *load) p99() float64  { return median(l.p99s) }

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// measure runs one round and gives requests a second, the slowest hundredth and
// the processor time of a request, which other processes disturb least.
func measure(b *testing.B, addr string, request []byte) (rate, p99, cost float64) {
	b.Helper()
	used := processorTime(b)
	took := make([][]time.Duration, benchConns)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range benchConns {
		wg.Go(func() {
			c := dial(b, addr)
			defer c.Close()
			for begin := time.Now(); begin.Sub(start) < benchRound; {
				c.ask(b, request)
				end := time.Now()
				took[i] = append(took[i], end.Sub(begin))
				begin = end
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	n := float64(len(all))
	cost = float64((processorTime(b) - used).Nanoseconds()) / 1000 / n
	return n / time.Since(start).Seconds(), float64(all[len(all)*99/100].Microseconds()), cost
}

// client is a connection that reads no more of an answer than it must.
type client struct {
	net.Conn
	in *bufio.Reader
}

func dial(b *testing.B, addr string) *client {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		b.Error(err)
		return nil
	}
	return &client{conn, bufio.NewReaderSize(conn, 64<<10)}
}

var contentLength = []byte("Content-Length: ")

// ask sends a request and gives the length of its answer's body, which is left
// to be read.
func (c *client) head(request []byte) (length int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	ok := false
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		switch {
		case bytes.HasPrefix(line, []byte("HTTP/1.1 200")):
			ok = true
		case bytes.HasPrefix(line, contentLength):
			length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):])))
			if err != nil {
				return 0, err
			}
		case len(line) <= 2 && !ok:
			return 0, fmt.Errorf("the answer is not 200")
		case len(line) <= 2:
			return length, nil
		}
	}
}

func (c *client) ask(b *testing.B, request []byte) {
	n, err := c.head(request)
	if err == nil {
		_, err = c.in.Discard(n)
	}
	if err != nil {
		b.Error(err)
		b.FailNow()
	}
}

func fetch(b *testing.B, addr string, request []byte) []byte {
	b.Helper()
	c := dial(b, addr)
	defer c.Close()
	n, err := c.head(request)
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(c.in, body); err != nil {
		b.Fatal(err)
	}
	return body
}

// BenchmarkLaterPages asks for what no cache holds: pages further down a long
// thread and replies to its comments, one at a time.
func BenchmarkLaterPages(b *testing.B) {
	const long = 200_000
	dsn := filepath.Join(b.TempDir(), "afterword.db")
	s := openStand(b, dsn)
	order := fill.Order{Site: "daily", Origin: origin, Comments: long + 100, Pages: 2, Threads: []int{long, 100}, MaxDepth: 4, Seed: 1}
	if err := s.app.Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := fill.Fill(b.Context(), dsn, s.app.Ledger, order, func(int) {}); err != nil {
		b.Fatal(err)
	}
	s = openStand(b, dsn)
	s.listen(b)
	for _, size := range []int{100, long} {
		for _, sort := range []string{"oldest", "newest", "top"} {
			b.Run(fmt.Sprintf("%d/%s", size, sort), func(b *testing.B) {
				first := comments + "?page=" + fill.ThreadKey(size) + "&sort=" + sort
				s.walk(b, first, first)
			})
		}
	}
	b.Run("replies", func(b *testing.B) {
		thread := s.list(b, comments+"?page="+fill.ThreadKey(long))
		at := comments + "/" + thread.Comments[0].ID + "/replies?limit=25"
		s.walk(b, at, at)
	})
}

// walk follows a list's cursors, again from the start at its end.
func (s *stand) walk(b *testing.B, first, next string) {
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		list := s.list(b, next)
		took = append(took, time.Since(begin))
		if next = first; list.NextCursor != nil {
			next = first + "&cursor=" + *list.NextCursor
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func (s *stand) list(b *testing.B, path string) (list replies) {
	b.Helper()
	body := fetch(b, s.addr, []byte("GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	if err := json.Unmarshal(body, &list); err != nil {
		b.Fatal(err)
	}
	return list
}

// BenchmarkHandler is what a kept answer costs without the network: a bare
// handler, and the whole server.
func BenchmarkHandler(b *testing.B) {
	s := newStand(b, 20)
	server := fiber.New(s.app.Web.Settings())
	s.app.Web.Register(server)
	bare := fiber.New(fiber.Config{DisableStartupMessage: true})
	bare.Get("*", func(c *fiber.Ctx) error { return c.SendString("body") })
	for name, path := range map[string]string{
		"thread": comments + "?page=" + s.articles[0], "counts": daily + "/counts?page=" + strings.Join(s.articles, "&page="),
	} {
		for kind, app := range map[string]*fiber.App{"bare": bare, "own": server} {
			handle := app.Handler()
			b.Run(name+"/"+kind, func(b *testing.B) {
				var req fasthttp.Request
				req.Header.SetRequestURI(path)
				req.Header.SetHost("localhost")
				var ctx fasthttp.RequestCtx
				ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
				b.ReportAllocs()
				for b.Loop() {
					ctx.Response.Reset()
					handle(&ctx)
				}
				if ctx.Response.StatusCode() != 200 {
					b.Fatal(ctx.Response.StatusCode())
				}
			})
		}
	}
}
