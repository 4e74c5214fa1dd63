package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// startTime is how long the program may take until it takes traffic.
const startTime = 30 * time.Second

// program is the program that is tried, at one address from start to start.
type program struct {
	path, db, addr string

	mu  sync.Mutex
	cmd *exec.Cmd // nil = it does not run
}

// start starts the program and waits until it is ready. It inherits no setting
// of Afterword's.
func (p *program) start(ctx context.Context) (err error) {
	if p.addr == "" {
		if p.addr, err = freeAddr(); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, p.path, "--db", p.db, "--addr", p.addr, "--log-level", "error", "serve")
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "AFTERWORD_") {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	cmd.Env = append(cmd.Env, "AFTERWORD_WEBHOOK_ALLOW=127.0.0.0/8", "AFTERWORD_WEBHOOK_SCHEDULE="+schedule)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.path, err)
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	for end := time.Now().Add(startTime); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 5*time.Millisecond) {
		if answer, err := http.Get("http://" + p.addr + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	p.kill()
	return errors.Join(fmt.Errorf("%s does not become ready", p.path), ctx.Err(), errors.New(said.String()))
}

// kill ends it without a word, as a power cut would.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // or it has ended
	_ = p.cmd.Wait()         // killed
	p.cmd = nil
}

func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// post posts one comment after the other until ctx ends, each until it is
// acknowledged, and gives the ids of those that were.
func post(ctx context.Context, p *program, who int) (ids []string) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		for ctx.Err() == nil {
			if id, ok := postOnce(client, p.addr, who, n); ok {
				ids = append(ids, id)
				break
			}
			pause(ctx, 20*time.Millisecond)
		}
	}
	return ids
}

// postOnce sends a comment with its own idempotency key: sent again, it is the
// same one.
func postOnce(client *http.Client, addr string, who, n int) (id string, ok bool) {
	body, err := json.Marshal(map[string]any{
		"page":   map[string]string{"key": fmt.Sprint("page-", n%20), "url": fmt.Sprint(origin, "/page-", n%20), "title": "A page"},
		"author": map[string]string{"name": fmt.Sprint("Reader ", who)},
		"text":   fmt.Sprintf("Comment %d of reader %d, with something to say.", n, who),
	})
	if err != nil {
		return "", false
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/api/v1/sites/"+site+"/comments", bytes.NewReader(body))
	if err != nil {
		return "", false
	}
	req.Header.Set("content-type", "application/json")
	req.Header.Set("origin", origin)
	req.Header.Set("idempotency-key", fmt.Sprintf("doctor-%d-%d", who, n))
	answer, err := client.Do(req)
	if err != nil {
		return "", false
	}
	defer answer.Body.Close()
	var made struct {
		Comment struct {
			ID string `json:"id"`
		} `json:"comment"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&made)
	return made.Comment.ID, err == nil && answer.StatusCode == http.StatusCreated && made.Comment.ID != ""
}
