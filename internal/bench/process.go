package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/afterword-comments/afterword/internal/bench/load"
)

// startTime is how long a server may take until it takes traffic.
const startTime = time.Minute

// process is a server of its own: what is measured must not share a process
// with what measures it.
type process struct {
	cmd  *exec.Cmd
	addr string
	said *tail
}

// tail keeps the end of what a process writes to its standard error.
type tail struct{ text []byte }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

// launch starts the program with arguments in which ADDR stands for a free
// address. It inherits no setting of Afterword's but the installation key.
func (h *house) launch(ctx context.Context, stdin []byte, args ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	for i := range args {
		if args[i] == "ADDR" {
			args[i] = addr
		}
	}
	cmd := exec.CommandContext(ctx, h.Program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "AFTERWORD_") {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	cmd.Env = append(cmd.Env, "AFTERWORD_WEBHOOK_ALLOW=127.0.0.0/8")
	if h.SecretKey != "" {
		cmd.Env = append(cmd.Env, "AFTERWORD_SECRET_KEY="+h.SecretKey)
	}
	said := &tail{}
	cmd.Stderr = said
	if stdin != nil {
		cmd.Stdin = strings.NewReader(string(stdin))
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", h.Program, err)
	}
	return &process{cmd, addr, said}, nil
}

func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// ready waits until the server answers a path with 200; it looks every
// millisecond, because the time until then is measured too.
func (p *process) ready(path string) error {
	request := load.Message{Method: "GET", Host: p.addr, Path: path}.Bytes()
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c, err := load.Dial(p.addr)
		if err != nil {
			continue
		}
		status, err := c.Send(request)
		c.Close()
		if err == nil && status == 200 {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the server on %s does not become ready", p.addr), p.stop(), errors.New(string(p.said.text)))
}

// stop ends the server in an orderly way.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var ended *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &ended) {
		return err
	}
	return nil
}

// settle waits until the server rests, but no longer than a while: it checks a
// large file when it has begun to serve it, with half a processor.
func (p *process) settle() {
	for end := time.Now().Add(settleTime); time.Now().Before(end); {
		before := p.ticks()
		time.Sleep(settleStep)
		if p.ticks()-before <= 2 {
			return
		}
	}
}

const (
	settleTime = 3 * time.Minute
	settleStep = 500 * time.Millisecond
)

// ticks is the processor time that the process has used, in hundredths of a
// second; zero where the system does not tell.
func (p *process) ticks() (used int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), ") ") // a name may have blanks
	for i, field := range strings.Fields(after) {
		if i == 11 || i == 12 { // utime and stime
			n, _ := strconv.Atoi(field)
			used += n
		}
	}
	return used
}

// memory is how much of a process is in RAM, now and at most so far, in bytes;
// zero where the system does not tell.
func (p *process) memory() (now, peak int64) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak
}
