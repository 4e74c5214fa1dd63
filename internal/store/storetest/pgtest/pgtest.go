// Package pgtest starts PostgreSQL servers for tests, as an unprivileged user in
// temporary directories, and hands out databases on them. Every package whose
// tests need the engine uses it.
package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Server is a PostgreSQL server of a test's own, in a temporary directory. It
// ends with the test process, however that ends.
type Server struct {
	dir     string
	bin     string
	port    int
	durable bool
	stdin   interface{ Close() error } // the shell that watches over it ends with this
	process *exec.Cmd
	pid     int
	made    atomic.Int64
	filling sync.Mutex
	filled  map[string]bool
}

// Database gives the address of a new, empty database on the server that the
// tests of this process share. It does not wait for the disk. Where PostgreSQL
// is missing the test fails.
func Database(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

var shared = sync.OnceValues(func() (*Server, error) { return start(false, true) })

// Start starts a server for one test. durable = it waits for the disk,
// so that a commit outlives a kill.
func Start(t testing.TB, durable bool) *Server {
	t.Helper()
	s, err := start(durable, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill()
		os.RemoveAll(s.dir)
	})
	return s
}

func start(durable, removes bool) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, durable: durable, filled: map[string]bool{}}
	if s.dir, err = os.MkdirTemp(place(durable), "afterword-pg-"); err != nil {
		return nil, err
	}
	if err := give(s.dir); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	init := command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.launch(removes)
}

// place is where a server keeps its files: in memory, where there is some, if
// nothing has to last. A socket's path may have about 100 bytes, so it is not
// t.TempDir.
func place(durable bool) string {
	var memory syscall.Statfs_t
	const shm, enough = "/dev/shm", 1 << 30
	if !durable && syscall.Statfs(shm, &memory) == nil && memory.Bavail*uint64(memory.Bsize) > enough {
		return shm
	}
	return "/tmp"
}

// binaries finds the folder of the server's programs.
func binaries() (string, error) {
	var places []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		places = append(places, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		places = append(places, filepath.Dir(path))
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return majorOf(b) - majorOf(a) })
	for _, place := range append(places, found...) {
		if _, err := os.Stat(filepath.Join(place, "initdb")); err == nil {
			return place, nil
		}
	}
	return "", errors.New("these tests need PostgreSQL's server programs (initdb, postgres), and they are not here; on Debian: apt-get install postgresql")
}

func majorOf(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 for what has no number
	return n
}

// unprivileged is who the servers run as: they refuse to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("a server does not run as root, and there is no user postgres or nobody")
}

// give makes a path the unprivileged user's.
func give(path string) error {
	who, err := unprivileged()
	if err != nil || who == nil {
		return err
	}
	return os.Chown(path, int(who.Uid), int(who.Gid))
}

// command is one of the unprivileged user's.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	who, _ := unprivileged() // give has asked before
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	cmd.Dir = "/tmp"
	return cmd
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// watched runs a program until its standard input ends, which it does with
// this process, whatever becomes of it.
const watched = `"$@" >>log 2>&1 & pid=$!
echo $pid
cat >/dev/null
kill -QUIT $pid 2>/dev/null
wait $pid
`

// watch starts a program under a shell that watches over it, and gives the
// program's process id.
func watch(dir string, removes bool, args ...string) (cmd *exec.Cmd, stdin interface{ Close() error }, pid int, err error) {
	script := watched
	if removes {
		script += `cd /; rm -rf "` + dir + `"`
	}
	cmd = command("sh", append([]string{"-c", script, "sh"}, args...)...)
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, 0, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, 0, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, nil, 0, err
	}
	pid, err = strconv.Atoi(strings.TrimSpace(line))
	return cmd, in, pid, err
}

func (s *Server) launch(removes bool) (err error) {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(s.port), "unix_socket_directories": s.dir,
		"max_connections": "300", "shared_buffers": "64MB", "log_min_messages": "fatal", "dynamic_shared_memory_type": "mmap",
		"wal_level": "replica", "max_wal_senders": "4",
	}
	if !s.durable {
		settings["fsync"], settings["full_page_writes"], settings["synchronous_commit"] = "off", "off", "off"
	}
	args := []string{filepath.Join(s.bin, "postgres"), "-D", s.data()}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	if s.process, s.stdin, s.pid, err = watch(s.dir, removes, args...); err != nil {
		return err
	}
	if err := await(s.address("postgres")); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("the server does not start: %w\n%s", err, log)
	}
	return nil
}

// do runs a statement in the database postgres.
func (s *Server) do(statement string) error { return ask(s.address("postgres"), statement) }

func (s *Server) address(database string) string {
	q := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port)}}
	return "postgres://postgres@/" + database + "?" + q.Encode()
}

// Database makes an empty database, drops it when the test ends, and gives its
// address over the server's socket.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, "")
}

func (s *Server) database(t testing.TB, like string) string {
	t.Helper()
	name := fmt.Sprint("test", s.made.Add(1))
	if err := s.do("create database " + name + like); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.do("drop database if exists " + name + " with (force)"); err != nil && s.process != nil {
			t.Error(err)
		}
	})
	return s.address(name)
}

// Filled gives the address of a new database that is a copy of one that fill has
// filled; fill is called once for each name. It must leave no connection open.
func Filled(t testing.TB, name string, fill func(address string) error) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	template := "template_" + name
	s.filling.Lock()
	defer s.filling.Unlock()
	if !s.filled[template] {
		if err := s.do("create database " + template); err != nil {
			t.Fatal(err)
		}
		if err := fill(s.address(template)); err != nil {
			t.Fatal(err)
		}
		s.filled[template] = true
	}
	return s.database(t, " template "+template)
}

// Addr is the server's address in the network.
func (s *Server) Addr() string { return fmt.Sprint("127.0.0.1:", s.port) }

// Do runs a statement as the superuser.
func (s *Server) Do(t testing.TB, statement string) {
	t.Helper()
	if err := s.do(statement); err != nil {
		t.Fatal(err)
	}
}

// Signal sends a signal to the server and all its sessions, as SIGSTOP and
// SIGCONT for a pause.
func (s *Server) Signal(sig syscall.Signal) error {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return err
	}
	pids := []int{s.pid}
	for _, file := range all {
		text, _ := os.ReadFile(file) // it may have ended
		var pid, parent int
		var state string
		if end := strings.LastIndexByte(string(text), ')'); end > 0 {
			_, _ = fmt.Sscan(string(text[end+1:]), &state, &parent)
		}
		if pid, err = strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && parent == s.pid {
			pids = append(pids, pid)
		}
	}
	err = syscall.Kill(s.pid, sig)
	for _, pid := range pids[1:] {
		_ = syscall.Kill(pid, sig) // it may have ended
	}
	return err
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.Signal(syscall.SIGKILL) // its sessions too: they would keep it from starting again; or it has ended by itself
	s.stdin.Close()
	_ = s.process.Wait() // killed
	s.process = nil
}

// Again starts the server after Kill.
func (s *Server) Again(t testing.TB) {
	t.Helper()
	os.Remove(filepath.Join(s.data(), "postmaster.pid"))
	os.Remove(filepath.Join(s.dir, fmt.Sprintf(".s.PGSQL.%d.lock", s.port)))
	if err := s.launch(false); err != nil {
		t.Fatal(err)
	}
}
