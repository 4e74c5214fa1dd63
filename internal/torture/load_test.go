package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// most is the memory that the program may have under any load, in KiB.
const most = 256 << 10

// resident is the memory of a node, in KiB.
func resident(t testing.TB, n *node) int {
	t.Helper()
	out, err := exec.Command("ps", "-o", "rss=", "-p", fmt.Sprint(n.cmd.Process.Pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return kib
}

// highest watches the memory of a node until stop, which gives its peak.
func highest(t *testing.T, n *node) (stop func() int) {
	t.Helper()
	peak := resident(t, n)
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
				peak = max(peak, resident(t, n))
			}
		}
	}()
	return func() int {
		close(done)
		<-over
		return peak
	}
}

// TestIdleAndSlow: thousands of connections that say nothing, or a byte now and
// then, keep nobody from being answered.
func TestIdleAndSlow(t *testing.T) {
	tr := onFile(t)
	addr := tr.in.addrs()[0]
	stop := highest(t, tr.in.nodes[0])
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	open := func() net.Conn {
		c, err := net.DialTimeout("tcp", addr, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		return c
	}
	for range 2000 {
		open()
	}
	var slow []net.Conn
	for range 500 {
		slow = append(slow, open())
	}
	drip := []byte("POST /api/v1/sites/open/comments HTTP/1.1\r\nhost: " + addr + "\r\ncontent-type: application/json\r\ncontent-length: 30000\r\n\r\n{")
	var took []time.Duration
	for i := range 20 {
		for n, c := range slow {
			at := (i + n) % len(drip)
			_, _ = c.Write(drip[at : at+1]) // nonsense or not, and perhaps cut off already
		}
		began := time.Now()
		if status, _, answer := tr.post(tr.fresh()); status != 201 {
			t.Errorf("a comment is answered with %d: %s", status, answer)
		}
		tr.reads()
		took = append(took, time.Since(began))
		<-time.After(20 * time.Millisecond)
	}
	slices.Sort(took)
	peak := stop()
	t.Logf("2,000 idle and 500 slow clients: a comment and a page in %s (middle), %s (worst); %d MiB", took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond), peak>>10)
	if took[len(took)/2] > time.Second || peak > most {
		t.Errorf("in the middle %s, %d KiB", took[len(took)/2], peak)
	}
	if *long {
		cutOff(t, slow)
	}
}

// cutOff: a client that does not come to the end of its request is hung up on.
func cutOff(t *testing.T, slow []net.Conn) {
	for end := time.Now().Add(30 * time.Second); len(slow) > 0; <-time.After(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%d slow clients are still connected", len(slow))
			return
		}
		slow = slices.DeleteFunc(slow, func(c net.Conn) bool {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, err := io.Copy(io.Discard, c)
			return err == nil || !isTimeout(err)
		})
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error) //nolint:errorlint // of a bare connection
	return ok && e.Timeout()
}

// TestBurst sends more comments at once than can be written: the queue has an
// end, and whoever finds it full is told when to come back.
func TestBurst(t *testing.T) {
	tr := onFile(t)
	posts, lanes := 2000, 500
	if *long {
		posts, lanes = 20000, 5000
	}
	stop := highest(t, tr.in.nodes[0])
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxConnsPerHost: lanes, MaxIdleConnsPerHost: lanes}}
	defer client.CloseIdleConnections()
	var bodies [][]byte
	for range posts {
		body, err := json.Marshal(tr.fresh().body)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	began := time.Now()
	got := flood(client, "http://"+tr.in.addrs()[0]+"/api/v1/sites/open/comments", bodies, lanes)
	took := time.Since(began)
	peak := stop()
	t.Logf("%d comments at once over %d connections in %s: answers %v; %d MiB at the highest", posts, lanes, took.Round(time.Millisecond), got, peak>>10)
	for answer, n := range got {
		if answer != "201" && answer != "503" {
			t.Errorf("%d times %s", n, answer)
		}
	}
	if got["201"] == 0 || peak > most {
		t.Errorf("%d taken, %d KiB", got["201"], peak)
	}
	n := 0
	if err := tr.db.QueryRow("select count(*) - 1 from comments").Scan(&n); err != nil || n != got["201"] {
		t.Errorf("%d comments are there, %d were acknowledged (%v)", n, got["201"], err)
	}
	p := tr.fresh()
	if status, took, answer := tr.post(p); status != 201 || took > time.Second {
		t.Errorf("afterwards, a comment is answered with %d after %s: %s", status, took, answer)
	}
	tr.reads()
}

// flood sends the bodies as fast as so many lanes can, and counts the answers.
func flood(client *http.Client, url string, bodies [][]byte, lanes int) map[string]int {
	got := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	work := make(chan []byte)
	for range lanes {
		all.Go(func() {
			for body := range work {
				answer := deliver(client, url, body)
				mu.Lock()
				got[answer]++
				mu.Unlock()
			}
		})
	}
	for _, body := range bodies {
		work <- body
	}
	close(work)
	all.Wait()
	return got
}

func deliver(client *http.Client, url string, body []byte) string {
	res, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("retry-after") == "" {
		return "503 without Retry-After"
	}
	return fmt.Sprint(res.StatusCode)
}

// TestManyAddresses: a reader who makes up pages makes no rows and fills no
// memory.
func TestManyAddresses(t *testing.T) {
	beside(t)
	tr := onFile(t)
	n := tr.in.nodes[0]
	before := resident(t, n)
	client := &http.Client{Timeout: bounded, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	work := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range work {
				page := fmt.Sprintf("?page=https%%3A%%2F%%2Fdaily.example%%2F%s%d", strings.Repeat("made-up-", 20), i)
				for _, path := range []string{"/comments", "/counts"} {
					var any map[string]any
					if err := get(client, "http://"+n.addr+"/api/v1/sites/open"+path+page, &any); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	pagesMade := 2000
	if *long {
		pagesMade = 10000
	}
	for i := range pagesMade {
		work <- i
	}
	close(work)
	all.Wait()
	after, pages := resident(t, n), 0
	if err := tr.db.QueryRow("select count(*) from pages").Scan(&pages); err != nil || pages != 1 {
		t.Errorf("there are %d pages, want the one that has a comment (%v)", pages, err)
	}
	t.Logf("%d made-up pages, listed and counted: %d MiB before, %d MiB after", pagesMade, before>>10, after>>10)
	if after > before+96<<10 || after > most {
		t.Errorf("memory went from %d to %d KiB", before, after)
	}
}
