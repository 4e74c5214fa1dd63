package torture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// postgres is a PostgreSQL server of ours alone: a directory, a port on the
// loopback and no password. It writes to the disk as a real one does.
type postgres struct {
	t    testing.TB
	bin  string // folder of initdb, postgres and the others
	dir  string
	port string
	as   *syscall.SysProcAttr // PostgreSQL refuses to run as root
	more []string             // settings, each name=value
	said *os.File
	cmd  *exec.Cmd
	done chan error // of cmd
	free func()     // ends the guard of cmd
}

// newPostgres makes an empty server and starts it.
func newPostgres(t testing.TB, settings ...string) *postgres {
	t.Helper()
	p := vacant(t)
	p.more = settings
	p.tool("initdb", "-D", p.data(), "-U", "afterword", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	p.start()
	p.exec("create database afterword")
	return p
}

// vacant is a place for a server: what there is before initdb.
func vacant(t testing.TB) *postgres {
	t.Helper()
	bin, err := postgresBin()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir, into which another user cannot go.
	dir, err := os.MkdirTemp("", "afterword-torture-")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{t: t, bin: bin, dir: dir, port: port}
	if p.said, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		p.said.Close()
		if t.Failed() {
			t.Logf("the PostgreSQL server at port %s said:\n%s", port, tail(p.said.Name()))
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	p.demote()
	return p
}

// postgresBin finds the folder of the server's programs, which is often not in
// the path.
func postgresBin() (string, error) {
	folders := filepath.SplitList(os.Getenv("PATH"))
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = slices.Insert(folders, 0, strings.TrimSpace(string(out)))
	}
	packaged, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(packaged)
	for _, dir := range append(folders, packaged...) {
		dir, err := filepath.EvalSymlinks(filepath.Join(dir, "initdb"))
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "pg_basebackup")); err == nil {
			return filepath.Dir(dir), nil
		}
	}
	return "", errors.New("PostgreSQL's programs (initdb, postgres, pg_basebackup) are not installed; the tests need them, `make deps` gets them")
}

// demote gives the directory to a user without rights, if we have them all.
func (p *postgres) demote() {
	p.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		p.t.Fatalf("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: %v", err)
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		p.t.Fatal(err)
	}
	gid, err := strconv.Atoi(who.Gid)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := errors.Join(os.Chown(p.dir, uid, gid), p.said.Chown(uid, gid)); err != nil {
		p.t.Fatal(err)
	}
	p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // ids of the system
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }
func (p *postgres) host() string { return net.JoinHostPort("127.0.0.1", p.port) }

// dsn is the address of the database for the program.
func (p *postgres) dsn() string { return dsnOf(p.host()) }

func dsnOf(hosts ...string) string {
	dsn := "postgres://afterword@" + strings.Join(hosts, ",") + "/afterword?sslmode=disable&connect_timeout=2"
	if len(hosts) > 1 {
		dsn += "&target_session_attrs=read-write"
	}
	return dsn
}

// tool runs one of PostgreSQL's programs to its end.
func (p *postgres) tool(name string, args ...string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Env = p.dir, p.as, append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// launch starts the server and does not wait for it.
func (p *postgres) launch() {
	p.t.Helper()
	args := []string{"-D", p.data()}
	for _, setting := range append([]string{
		"port=" + p.port, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=60", "shared_buffers=32MB",
		"fsync=on", "synchronous_commit=on", "wal_keep_size=256MB", "max_wal_senders=5", "wal_level=replica", "log_min_messages=warning",
		"restart_after_crash=on", "jit=off",
	}, p.more...) {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stderr, cmd.Stdout = p.dir, p.as, p.said, p.said
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.done, p.free = cmd, make(chan error, 1), guard(p.t, cmd.Process.Pid)
	go func(done chan error) { done <- cmd.Wait() }(p.done)
}

// start starts the server and waits until it answers.
func (p *postgres) start() {
	p.t.Helper()
	p.launch()
	p.answers()
}

// answers waits until the server answers queries.
func (p *postgres) answers() {
	p.t.Helper()
	db := p.open("postgres")
	defer db.Close()
	await(p.t, "PostgreSQL to answer", func() bool { return db.Ping() == nil })
}

// open opens a database of the server for the harness.
func (p *postgres) open(name string) *sql.DB {
	p.t.Helper()
	db, err := sql.Open("pgx", "postgres://afterword@"+p.host()+"/"+name+"?sslmode=disable&connect_timeout=2&application_name=harness")
	if err != nil {
		p.t.Fatal(err)
	}
	return db
}

// exec runs a statement as an administrator would.
func (p *postgres) exec(statement string) {
	p.t.Helper()
	db := p.open("postgres")
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

// family is the postmaster and its children.
func (p *postgres) family() []int {
	p.t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		p.t.Fatal(err)
	}
	all := []int{p.cmd.Process.Pid}
	for line := range strings.Lines(string(out)) {
		var pid, parent int
		if n, _ := fmt.Sscan(line, &pid, &parent); n == 2 && parent == p.cmd.Process.Pid {
			all = append(all, pid)
		}
	}
	return all
}

// freeze stops every process of the server in the middle of what it does, and
// thaw lets them go on.
func (p *postgres) freeze() { p.signal(syscall.SIGSTOP) }
func (p *postgres) thaw()   { p.signal(syscall.SIGCONT) }

// signal: the postmaster first, so that it cannot start another child.
func (p *postgres) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	for _, pid := range p.family()[1:] {
		_ = syscall.Kill(pid, s) // gone meanwhile, which is as well
	}
}

// kill ends every process of the server as a power cut would. Each backend
// leads a process group of its own, so they are killed one by one, while the
// postmaster stands still.
func (p *postgres) kill() {
	if p.cmd == nil {
		return
	}
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err == nil {
		children := p.family()[1:]
		for _, pid := range children {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = p.cmd.Process.Kill()
	}
	<-p.done // "signal: killed", which we know
	p.free()
	p.cmd = nil
}

// stop ends the server: SIGINT is "fast", SIGQUIT "immediate".
func (p *postgres) stop(how syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(how); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatal("PostgreSQL does not stop")
	}
	p.free()
	p.cmd = nil
}

// pair is a primary and a standby that has everything before it is
// acknowledged.
type pair struct {
	primary, standby *postgres
}

// synchronous: a commit is acknowledged when the standby has it on its disk.
var synchronous = []string{"synchronous_standby_names=*", "hot_standby=on", "wal_receiver_status_interval=1s", "wal_retrieve_retry_interval=100ms"}

func newPair(t testing.TB) *pair {
	t.Helper()
	// Until there is a standby, nothing may wait for one.
	primary := newPostgres(t)
	primary.more = synchronous
	p := &pair{primary: primary, standby: vacant(t)}
	primary.stop(syscall.SIGINT)
	primary.start()
	p.rebuild()
	return p
}

// dsn names both hosts: the program takes the one that can be written to.
func (p *pair) dsn() string { return dsnOf(p.primary.host(), p.standby.host()) }

// rebuild makes the standby anew out of the primary, and waits until commits
// wait for it.
func (p *pair) rebuild() {
	p.primary.t.Helper()
	s := p.standby
	if err := os.RemoveAll(s.data()); err != nil {
		s.t.Fatal(err)
	}
	s.more = synchronous
	s.tool("pg_basebackup", "-h", "127.0.0.1", "-p", p.primary.port, "-U", "afterword", "-D", s.data(), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
	s.start()
	db := p.primary.open("postgres")
	defer db.Close()
	await(s.t, "the standby to follow", func() bool {
		n := 0
		err := db.QueryRow("select count(*) from pg_stat_replication where sync_state = 'sync' and state = 'streaming'").Scan(&n)
		return err == nil && n == 1
	})
}

// failover: the primary dies, the standby takes its place.
func (p *pair) failover() {
	p.primary.t.Helper()
	p.primary.kill()
	p.primary, p.standby = p.standby, p.primary
	p.primary.exec("select pg_promote(true, 60)")
}
