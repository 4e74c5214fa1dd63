package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const bouncerSettings = `[databases]
* = host=%s port=%d user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = 20
`

// Bouncer starts a pgbouncer in transaction mode before the server that the
// tests of this process share. What it gives tells a Database's address there.
// Where pgbouncer is missing the test fails.
func Bouncer(t testing.TB) (through func(database string) string) {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	program, err := bouncerProgram()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "afterword-pgbouncer-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	settings := fmt.Sprintf(bouncerSettings, server.dir, server.port, port)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "ini"), []byte(settings), 0o644), give(dir)); err != nil {
		t.Fatal(err)
	}
	cmd, stdin, _, err := watch(dir, false, program, "-q", filepath.Join(dir, "ini"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // or it has ended by itself
		stdin.Close()
		_ = cmd.Wait() // killed
	})
	at := func(name string) string {
		return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable&default_query_exec_mode=exec", port, name)
	}
	if err := await(at("postgres")); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("pgbouncer does not start: %v\n%s", err, log)
	}
	return func(database string) string {
		u, err := url.Parse(database)
		if err != nil {
			panic(err) // Database makes no other ones
		}
		return at(strings.TrimPrefix(u.Path, "/"))
	}
}

func bouncerProgram() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const place = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(place); err != nil {
		return "", errors.New("this test needs pgbouncer, and it is not here; on Debian: apt-get install pgbouncer")
	}
	return place, nil
}

// await waits until a server answers.
func await(address string) (err error) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = ask(address, "select 1"); err == nil {
			return nil
		}
	}
	return err
}

// ask runs a statement that has no parameters.
func ask(address, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}
