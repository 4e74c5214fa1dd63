package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// program is the built binary with a database and an address of its own.
type program struct {
	t    testing.TB
	bin  string
	db   string
	addr string
	env  []string
	said *os.File // stderr of all servers, one after the other
	cmd  *exec.Cmd
}

// build builds the binary, once for each test or benchmark.
func build(t testing.TB) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, bin: filepath.Join(dir, "afterword"), db: filepath.Join(dir, "afterword.db"), addr: freeAddr(t)}
	p.env = append(os.Environ(),
		"AFTERWORD_WEBHOOK_ALLOW=127.0.0.0/8",
		"AFTERWORD_WEBHOOK_SCHEDULE=50ms,50ms,100ms,100ms,200ms,200ms,500ms,1s,1s,1s,2s,2s",
	)
	if out, err := exec.Command("go", "build", "-o", p.bin, "github.com/afterword-comments/afterword/cmd/afterword").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var err error
	if p.said, err = os.Create(filepath.Join(dir, "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		p.said.Close()
		if t.Failed() {
			t.Logf("the servers said:\n%s", tail(p.said.Name()))
		}
	})
	return p
}

func freeAddr(t testing.TB) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// tail is the end of a file that may be long.
func tail(path string) []byte {
	text, _ := os.ReadFile(path)
	return text[max(0, len(text)-8<<10):]
}

// admin runs an administrative command and reads the object that it prints.
func (p *program) admin(into any, args ...string) {
	p.t.Helper()
	out, err := p.run(append(args, "--json")...)
	if err != nil {
		p.t.Fatalf("afterword %v: %v", args, err)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out, into); err != nil {
		p.t.Fatalf("afterword %v: %v in %s", args, err, out)
	}
}

// run runs a command on the database, whether or not a server runs.
func (p *program) run(args ...string) ([]byte, error) {
	cmd := exec.Command(p.bin, append([]string{"--db", p.db}, args...)...)
	cmd.Env = p.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, &errs)
	}
	return out, err
}

// start starts the server; ready tells when it takes traffic.
func (p *program) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.bin, "--db", p.db, "--log-level", "warn", "serve", "--addr", p.addr)
	p.cmd.Env, p.cmd.Stderr = p.env, p.said
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// ready waits until the server takes traffic.
func (p *program) ready() {
	p.t.Helper()
	await(p.t, "the server to be ready", func() bool {
		res, err := http.Get("http://" + p.addr + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the server as a power cut would; it reports whether there was one
// to kill.
func (p *program) kill() bool {
	if p.cmd == nil {
		return false
	}
	err := p.cmd.Process.Kill()
	_ = p.cmd.Wait() // "signal: killed", which we know
	p.cmd = nil
	return err == nil
}

// stop ends the server as an operator would.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	err := p.cmd.Wait()
	p.cmd = nil
	if err != nil {
		p.t.Errorf("SIGTERM: %v", err)
	}
}

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
