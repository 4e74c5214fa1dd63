package torture

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// holdFile names, in the environment, the file that this test binary is to hold
// as another process would.
const holdFile = "AFTERWORD_TORTURE_HOLD"

// hold takes the write lock of a SQLite file until standard input ends.
func hold(path string) error {
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate&_busy_timeout=5000")
	if err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return tx.Rollback()
}

// lockedBy lets another process hold the installation's file until release.
func lockedBy(t *testing.T, in *installation) (release func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdFile+"="+in.dsn)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("%q %v", line, err)
	}
	return func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// onFile is one node on a SQLite file with an open site, under no torment.
func onFile(t *testing.T) *trouble {
	t.Helper()
	in := onSQLite(t)
	in.admin(nil, "site", "add", "open", "--name", "open", "--origin", "https://daily.example", "--set", "rate_limits=off", "--set", "moderation=off")
	in.grow(1)
	tr := &trouble{t: t, in: in, c: newClient(0, in.addrs(), "", 1, newBook())}
	tr.c.http.Timeout = 2 * bounded
	var err error
	if tr.db, err = in.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tr.db.Close()
		for _, wrong := range tr.c.book.wrongs {
			t.Error(wrong)
		}
	})
	if status, _, answer := tr.post(tr.fresh()); status != 201 {
		t.Fatalf("a comment in good times is answered with %d: %s", status, answer)
	}
	return tr
}

// TestFileHeld: another process holds the file. For a moment, a write waits for
// it; for long, it is told so. Readers notice nothing.
func TestFileHeld(t *testing.T) {
	beside(t)
	tr := onFile(t)
	release := lockedBy(t, tr.in)
	p := tr.fresh()
	answered := make(chan int, 1)
	go func() { status, _, _ := tr.post(p); answered <- status }()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		tr.reads()
		<-time.After(20 * time.Millisecond)
	}
	release()
	if status := <-answered; status != 201 {
		t.Errorf("a comment that had to wait a second is answered with %d", status)
	}
	tr.once(p)
	if !*long {
		return
	}
	release = lockedBy(t, tr.in)
	until := time.Now().Add(30 * time.Second)
	p = tr.fresh()
	status, took, answer := tr.post(p)
	var problem struct{ Code string }
	if err := json.Unmarshal(answer, &problem); err != nil || status != 503 || problem.Code != "storage_locked" || took > bounded {
		t.Errorf("after %s a comment is answered with %d: %s", took, status, answer)
	}
	t.Logf("503 storage_locked after %s", took.Round(time.Millisecond))
	for ; time.Now().Before(until); <-time.After(100 * time.Millisecond) {
		tr.reads()
	}
	release()
	tr.recovers(p)
}

// TestLogOfTheKilled: what a killed node leaves in the write-ahead log is in
// the database of the next one.
func TestLogOfTheKilled(t *testing.T) {
	beside(t)
	tr := onFile(t)
	p := tr.fresh()
	if status, _, answer := tr.post(p); status != 201 {
		t.Fatalf("%d: %s", status, answer)
	}
	tr.db.Close() // its last connection would empty the log
	n := tr.in.nodes[0]
	n.kill()
	if log, err := os.Stat(tr.in.dsn + "-wal"); err != nil || log.Size() == 0 {
		t.Fatalf("the killed node left no log: %v", err)
	}
	n.start()
	n.ready()
	var err error
	if tr.db, err = tr.in.open(); err != nil {
		t.Fatal(err)
	}
	tr.recovers(p)
}
