package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// command starts the program as a process of its own and waits for its end.
func command(t *testing.T, args ...string) []byte {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command("afterword", args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("afterword %v: %v\n%s", args, err, &errs)
	}
	return out
}

// server is a running process that serves.
type server struct {
	cmd  *exec.Cmd
	base string
	out  *output
	errs *output
}

// output is what a process has said so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a program that serves; the test's end kills it if nothing else
// has ended it.
func start(t *testing.T, program string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(program, args...), out: &output{}, errs: &output{}}
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", s.errs)
		}
	})
	return s
}

// until waits for a condition.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); pause() {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain for %s", patience, what)
		}
	}
}

// ready waits until the server takes traffic.
func (s *server) ready(t *testing.T) {
	t.Helper()
	until(t, "the server to be ready", func() bool {
		res, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// stop sends SIGTERM, and checks that the process ends well and in time.
func (s *server) stop(t *testing.T) {
	t.Helper()
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("SIGTERM took %s", took)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// TestTermUnderLoad stops the service while 16 clients post and read on
// connections that they keep. Whatever was sent on a connection that was taken
// is answered, and whatever was acknowledged is there afterwards. A connection
// that the kernel has made when the listener closes, and the program has not
// taken, is reset: then nothing may have come of its request.
func TestTermUnderLoad(t *testing.T) {
	db, addr := filepath.Join(t.TempDir(), "afterword.db"), freeAddr(t)
	command(t, "--db", db, "site", "add", "daily", "--name", "Daily", "--origin", "https://daily.example",
		"--set", "moderation=off", "--set", "undo_window=0s", "--set", "rate_limits=off")
	s := start(t, "afterword", "--db", db, "serve", "--addr", addr)
	s.base = "http://" + addr
	s.ready(t)

	l := &load{base: s.base + "/api/v1/sites/daily/comments"}
	var clients sync.WaitGroup
	for n := range 16 {
		clients.Go(func() { l.client(n) })
	}
	until(t, "every client to be at work", func() bool { return l.acknowledged() > 100 })
	if l.trouble() > 0 {
		t.Error("requests failed before the signal")
	}
	s.stop(t)
	clients.Wait()
	for _, failed := range l.failed {
		t.Error(failed)
	}

	for _, text := range l.reset {
		if n := rows(t, db, "select count(*) from revisions where source = ?", text); n != 0 {
			t.Errorf("%q was taken and not answered", text)
		}
	}

	again := start(t, "afterword", "--db", db, "serve", "--addr", addr)
	again.base = s.base
	again.ready(t)
	for _, id := range l.ids {
		res, err := http.Get(l.base + "/" + id)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("comment %s, which was acknowledged: %s", id, res.Status)
		}
	}
	again.stop(t)
	t.Logf("%d comments acknowledged, %d threads read, %d connections, %d never taken", len(l.ids), l.reads, l.connections, len(l.reset))
}

// rows asks a database that nobody serves.
func rows(t *testing.T, db, query string, args ...any) (n int) {
	t.Helper()
	open, err := sql.Open("sqlite3", "file:"+db)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := open.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// load is what the clients have seen.
type load struct {
	base string

	mu          sync.Mutex
	ids         []string
	reads       int
	connections int
	reset       []string // texts whose new connection was reset
	failed      []string
}

func (l *load) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ids)
}

// client posts and reads in turn until nobody listens any more.
func (l *load) client(n int) {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: patience}
	defer c.CloseIdleConnections()
	for i := 0; ; i++ {
		if i%2 == 0 {
			if !l.ask(c, http.MethodPost, l.base, fmt.Sprintf("Number %d of reader %d.", i, n)) {
				return
			}
		} else if !l.ask(c, http.MethodGet, l.base+"?page=a1", "") {
			return
		}
	}
}

// ask sends a request and notes what became of it; false = nobody listens.
func (l *load) ask(c *http.Client, method, url, text string) bool {
	body := ""
	if text != "" {
		body = fmt.Sprintf(`{"page":{"key":"a1","url":"https://daily.example/a1"},"author":{"name":"Rita"},"text":%q}`, text)
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		l.note(func() { l.failed = append(l.failed, err.Error()) })
		return false
	}
	if body != "" {
		req.Header.Set("content-type", "application/json")
	}
	var took []httptrace.GotConnInfo
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { took = append(took, info) },
	}))
	res, err := c.Do(req)
	var answer []byte
	if err == nil {
		answer, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	var made struct{ Comment struct{ ID string } }
	switch {
	case len(took) == 0 && (errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)):
		return false
	case len(took) == 1 && !took[0].Reused && errors.Is(err, syscall.ECONNRESET):
		l.note(func() { l.reset = append(l.reset, text) })
		return false
	case err != nil:
		l.note(func() { l.failed = append(l.failed, fmt.Sprintf("%s on connections %+v: %v", method, took, err)) })
		return false
	case len(took) != 1: // the client had to try again
		l.note(func() { l.failed = append(l.failed, fmt.Sprintf("%s on %d connections", method, len(took))) })
	case method == http.MethodPost && (res.StatusCode != http.StatusCreated || json.Unmarshal(answer, &made) != nil),
		method == http.MethodGet && res.StatusCode != http.StatusOK:
		l.note(func() { l.failed = append(l.failed, fmt.Sprintf("%s: %s %s", method, res.Status, answer)) })
	}
	l.note(func() {
		if made.Comment.ID != "" {
			l.ids = append(l.ids, made.Comment.ID)
		} else {
			l.reads++
		}
		if len(took) > 0 && !took[0].Reused {
			l.connections++
		}
	})
	return true
}

func (l *load) note(fact func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fact()
}

func (l *load) trouble() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.reset) + len(l.failed)
}
