package torture

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// installation is the built binary with a database, and the nodes that serve
// it.
type installation struct {
	t   testing.TB
	bin string
	dsn string // as the program is told
	env []string
	dir string
	// open opens the database for the harness; the engine is SQLite's or
	// PostgreSQL's.
	open  func() (*sql.DB, error)
	input string // for the next command's standard input
	nodes []*node
}

// file tells whether the database is SQLite's.
func (in *installation) file() bool { return !strings.HasPrefix(in.dsn, "postgres:") }

// node is one `afterword serve`, at an address that it keeps over restarts.
type node struct {
	*installation
	name string
	addr string
	said *os.File // stderr of all its processes, one after the other

	mu    sync.Mutex // of what follows: one fault at a time
	cmd   *exec.Cmd
	ended chan struct{} // closed at the end of cmd
	err   error         // of cmd, after that
	free  func()        // ends the guard of cmd
}

// program builds the program, once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "afterword-torture-")
	if err != nil {
		return "", err
	}
	built = dir
	bin := filepath.Join(dir, "afterword")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/afterword-comments/afterword/cmd/afterword").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
})

// built is the folder of the binary, once there is one.
var built string

func TestMain(m *testing.M) {
	if path := os.Getenv(holdFile); path != "" {
		if err := hold(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// onSQLite is an installation with one node on a file.
func onSQLite(t testing.TB) *installation {
	t.Helper()
	in := install(t)
	in.dsn = filepath.Join(in.dir, "afterword.db")
	in.open = func() (*sql.DB, error) { return sql.Open("sqlite3", "file:"+in.dsn+"?_busy_timeout=5000") }
	in.add()
	return in
}

// onPostgres is an installation on a database server; its nodes are to be
// added.
func onPostgres(t testing.TB, dsn string) *installation {
	t.Helper()
	in := install(t)
	in.dsn = dsn
	in.open = func() (*sql.DB, error) { return sql.Open("pgx", dsn) }
	in.env = append(in.env, "AFTERWORD_SECRET_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	return in
}

func install(t testing.TB) *installation {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return &installation{t: t, bin: bin, dir: t.TempDir(), env: append(os.Environ(),
		"AFTERWORD_WEBHOOK_ALLOW=127.0.0.0/8",
		"AFTERWORD_TRUSTED_PROXIES=127.0.0.0/8",
		"AFTERWORD_WEBHOOK_SCHEDULE=50ms,50ms,100ms,100ms,200ms,200ms,500ms,1s,1s,1s,2s,2s",
	)}
}

// add gives the installation one more node, which is not started.
func (in *installation) add() *node {
	in.t.Helper()
	n := &node{installation: in, name: fmt.Sprintf("node %d", len(in.nodes)+1), addr: freeAddr(in.t)}
	var err error
	if n.said, err = os.Create(filepath.Join(in.dir, n.name)); err != nil {
		in.t.Fatal(err)
	}
	in.nodes = append(in.nodes, n)
	in.t.Cleanup(func() {
		n.kill()
		n.said.Close()
		if in.t.Failed() {
			in.t.Logf("%s said:\n%s", n.name, tail(n.said.Name()))
		}
	})
	return n
}

// grow adds and starts nodes until there are so many.
func (in *installation) grow(to int) {
	in.t.Helper()
	for len(in.nodes) < to {
		in.add()
	}
	for _, n := range in.nodes {
		n.start()
	}
	for _, n := range in.nodes {
		n.ready()
	}
}

// addrs are where the nodes are, whether or not they run.
func (in *installation) addrs() (all []string) {
	for _, n := range in.nodes {
		all = append(all, n.addr)
	}
	return all
}

func freeAddr(t testing.TB) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// tail is the end of a file that may be long, without what a server says to
// whoever waits for it.
func tail(path string) string {
	text, _ := os.ReadFile(path)
	lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool {
		return strings.Contains(line, "the database system is starting up")
	})
	last := lines[max(0, len(lines)-60):]
	var ours []string // what must never happen, whenever it did
	for _, line := range lines[:len(lines)-len(last)] {
		if strings.Contains(line, `"code":"internal"`) && len(ours) < 20 {
			ours = append(ours, line)
		}
	}
	return strings.Join(append(ours, last...), "\n")
}

// admin runs an administrative command and reads the object that it prints.
func (in *installation) admin(into any, args ...string) {
	in.t.Helper()
	out, err := in.run(append(args, "--json")...)
	if err != nil {
		in.t.Fatalf("afterword %v: %v", args, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		in.t.Fatalf("afterword %v: %v in %s", args, err, out)
	}
}

// run runs a command on the database, whether or not a server runs.
func (in *installation) run(args ...string) ([]byte, error) {
	cmd := exec.Command(in.bin, append([]string{"--db", in.dsn}, args...)...)
	cmd.Env, cmd.Stdin = in.env, strings.NewReader(in.input)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, &errs)
	}
	return out, err
}

// start starts the node; ready tells when it takes traffic.
func (n *node) start() {
	n.t.Helper()
	if n.cmd != nil {
		return
	}
	cmd := exec.Command(n.bin, "--db", n.dsn, "--log-level", "warn", "serve", "--addr", n.addr)
	cmd.Env, cmd.Stderr = n.env, n.said
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.cmd, n.ended, n.free = cmd, make(chan struct{}), guard(n.t, cmd.Process.Pid)
	go func(ended chan struct{}) { n.err = cmd.Wait(); close(ended) }(n.ended)
}

// ready waits until the node takes traffic. One that finds no database when it
// starts ends, and is started again, as its supervisor would.
func (n *node) ready() {
	n.t.Helper()
	await(n.t, n.name+" to be ready", func() bool {
		if n.gone() {
			n.forget()
			<-time.After(50 * time.Millisecond)
			n.start()
		}
		return n.isReady()
	})
}

// gone reports whether the node has ended without having been told to.
func (n *node) gone() bool {
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

func (n *node) isReady() bool {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://" + n.addr + "/readyz")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// kill ends the node as a power cut would; it reports whether there was one to
// kill.
func (n *node) kill() bool {
	if n.cmd == nil {
		return false
	}
	err := n.cmd.Process.Kill()
	<-n.ended // "signal: killed", which we know
	n.forget()
	return err == nil
}

// freeze stops the node in the middle of what it does; thaw lets it go on.
func (n *node) freeze() { n.signal(syscall.SIGSTOP) }
func (n *node) thaw()   { n.signal(syscall.SIGCONT) }

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatalf("%s has ended by itself: %v", n.name, errors.Join(err, n.err))
	}
}

// stop ends the node as an operator would.
func (n *node) stop() {
	n.t.Helper()
	n.signal(syscall.SIGTERM)
	select {
	case <-n.ended:
		if n.err != nil {
			n.t.Errorf("%s: SIGTERM: %v", n.name, n.err)
		}
	case <-time.After(patience):
		n.t.Errorf("%s does not stop", n.name)
		_ = n.cmd.Process.Kill()
		<-n.ended
	}
	n.forget()
}

// forget is for when the process has ended.
func (n *node) forget() {
	n.free()
	n.cmd = nil
}

// anyOf is one of the nodes' addresses: what a balancer without memory does.
func anyOf(addrs []string, r *rand.Rand) string { return addrs[r.IntN(len(addrs))] }

// patience bounds every wait for something that has to happen.
const patience = time.Minute

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s in vain for %s", patience, what)
		}
	}
}
