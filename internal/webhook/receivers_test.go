package webhook

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestReceivers runs the programs that the desk shows, as far as this machine
// can: each takes what is right and refuses what is not.
func TestReceivers(t *testing.T) {
	for language, p := range map[string]struct {
		file, tool string
		args       []string
	}{
		"go":     {"main.go", "go", []string{"run"}},
		"node":   {"receiver.mjs", "node", nil},
		"python": {"receiver.py", "python3", nil},
		"php":    {"receiver.php", "php", []string{"-S"}},
		"ruby":   {"receiver.rb", "ruby", nil},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			tool, err := exec.LookPath(p.tool)
			if err != nil {
				t.Fatalf("no %s on this machine; .ci/deps installs it", p.tool)
			}
			program, err := os.ReadFile("../../embed/desk/receivers/" + language + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), p.file)
			if err := os.WriteFile(file, program, 0o600); err != nil {
				t.Fatal(err)
			}
			text, key := NewSecret()
			url := serveReceiver(t, tool, p.args, file, text)
			breakOff(t, url)
			holdReceiver(t, url, key)
		})
	}
}

// serveReceiver starts a program on a port of its own and waits until it answers.
func serveReceiver(t *testing.T, tool string, args []string, file, secret string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	switch filepath.Ext(file) {
	case ".php":
		args = append(args, at)
	case ".go": // what is run is a child of "go run", which would outlive it
		binary := filepath.Join(filepath.Dir(file), "receiver")
		if out, err := exec.Command(tool, "build", "-o", binary, file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		tool, args, file = binary, nil, ""
	}
	if file != "" {
		args = append(args, file)
	}
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, tool, args...)
	_, port, _ := net.SplitHostPort(at)
	c.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT="+port)
	var said strings.Builder
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = c.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; {
		if conn, err := net.Dial("tcp", at); err == nil {
			conn.Close()
			return "http://" + at + "/"
		}
		if time.Now().After(deadline) {
			t.Fatalf("the receiver does not answer: %s", said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// breakOff goes away in the middle of a call, which no receiver may mind.
func breakOff(t *testing.T, url string) {
	t.Helper()
	at := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	for _, part := range []string{"", "POST / HT", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf", "POST / HTTP/1.1\r\nhost: x\r\n\xff\xfe: \xff\r\n"} {
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(part)); err != nil {
			t.Error(err)
		}
		conn.Close()
	}
}

func holdReceiver(t *testing.T, url string, key []byte) {
	t.Helper()
	_, other := NewSecret()
	now := time.Now()
	body := []byte("{\"text\":\"ü \\u003c \u2028 \"}")
	call := func(at time.Time, key []byte) http.Header {
		return http.Header{
			"Webhook-Id": {"e1"}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {Sign("e1", at, body, key)},
		}
	}
	with := func(name, value string) http.Header {
		h := call(now, key)
		if h.Del(name); value != "" {
			h.Set(name, value)
		}
		return h
	}
	right := call(now, key).Get(HeaderSignature)
	for _, c := range []struct {
		what   string
		header http.Header
		body   string
		status int
	}{
		{"right", call(now, key), string(body), 204},
		{"four minutes old", call(now.Add(-4*time.Minute), key), string(body), 204},
		{"while a secret rotates", with(HeaderSignature, Sign("e1", now, body, other, key)), string(body), 204},
		{"among strangers", with(HeaderSignature, "v1a,abc v2,x "+right), string(body), 204},
		{"another secret", call(now, other), string(body), 401},
		{"another body", call(now, key), string(body) + " ", 401},
		{"no body", call(now, key), "", 401},
		{"another id", with(HeaderID, "e2"), string(body), 401},
		{"no id", with(HeaderID, ""), string(body), 401},
		{"another time", with(HeaderTimestamp, strconv.FormatInt(now.Unix()-1, 10)), string(body), 401},
		{"no time", with(HeaderTimestamp, ""), string(body), 401},
		{"a text for a time", with(HeaderTimestamp, "today"), string(body), 401},
		{"old", call(now.Add(-6*time.Minute), key), string(body), 401},
		{"early", call(now.Add(6*time.Minute), key), string(body), 401},
		{"no signature", with(HeaderSignature, ""), string(body), 401},
		{"the beginning of a signature", with(HeaderSignature, right[:20]), string(body), 401},
		{"another version", with(HeaderSignature, strings.Replace(right, "v1,", "v2,", 1)), string(body), 401},
		{"right again", call(now, key), string(body), 204},
	} {
		if got, err := postTo(t, url, c.header, c.body); err != nil || got != c.status {
			t.Errorf("%s: %d %v, want %d", c.what, got, err, c.status)
		}
	}
}

func postTo(t *testing.T, url string, header http.Header, body string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header, r.Close = header, true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("the receiver failed: %w", err)
	}
	return answer.StatusCode, answer.Body.Close()
}
