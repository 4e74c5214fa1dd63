package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this binary answer to the name afterword too, so that scripts
// and tests start the program as a process of its own.
func TestMain(m *testing.M) {
	// Scripts wait for disks more than they compute; the command line can still
	// say otherwise.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"afterword": main})
}

// patience is how long a script waits for what has to happen. It bounds a
// failing test; a passing one goes on as soon as it can.
const patience = 30 * time.Second

// TestScripts tells the program as stories; each .txtar is one.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values["inboxes"] = inboxes{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"port":      cmdPort,
			"ready":     cmdReady,
			"http":      cmdHTTP,
			"until":     cmdUntil,
			"field":     cmdField,
			"shape":     cmdShape,
			"exits":     cmdExits,
			"oneline":   cmdOneLine,
			"modes":     cmdModes,
			"damage":    cmdDamage,
			"sql":       cmdSQL,
			"term":      cmdTerm,
			"clock":     cmdClock,
			"within":    cmdWithin,
			"receiver":  cmdReceiver,
			"received":  cmdReceived,
			"arrives":   cmdArrives,
			"delivered": cmdDelivered,
			"firstline": cmdFirstLine,
		},
	})
}

// wait calls try until it is content, and fails with its last word after
// patience.
func wait(ts *testscript.TestScript, try func() error) {
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err = try(); err == nil {
			return
		}
		pause()
	}
	ts.Fatalf("waited %s in vain: %v", patience, err)
}

// pause lets the process that is waited for have the processor.
func pause() { <-time.After(5 * time.Millisecond) }

// port NAME: sets NAME to a loopback address that nobody listens on.
func cmdPort(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(ln.Close())
	ts.Setenv(args[0], ln.Addr().String())
}

// ready ADDR: waits until the server there takes traffic.
func cmdReady(ts *testscript.TestScript, _ bool, args []string) {
	wait(ts, func() error {
		res, err := http.Get("http://" + args[0] + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz answers %s", res.Status)
		}
		return nil
	})
}

// http STATUS METHOD URL [HEADER:VALUE]… [JSON|@FILE]: one request, whose answer
// must have this status. The body goes to stdout, the headers to stderr.
func cmdHTTP(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(exchange(ts, args))
}

func exchange(ts *testscript.TestScript, args []string) error {
	var body io.Reader
	header := http.Header{}
	for _, arg := range args[3:] {
		if strings.HasPrefix(arg, "{") {
			body = strings.NewReader(arg)
			header.Set("content-type", "application/json")
			continue
		}
		name, value, _ := strings.Cut(arg, ":")
		header.Set(name, strings.TrimSpace(value))
	}
	req, err := http.NewRequest(args[1], args[2], body)
	if err != nil {
		return err
	}
	req.Header = header
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if strconv.Itoa(res.StatusCode) != args[0] {
		return fmt.Errorf("%s %s answers %s, not %s: %s", args[1], args[2], res.Status, args[0], answer)
	}
	fmt.Fprintf(ts.Stdout(), "%s\n", answer)
	return res.Header.Write(ts.Stderr())
}

// until REGEXP METHOD URL [HEADER:VALUE]…: asks until the answer is a 200 that
// matches.
func cmdUntil(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	wait(ts, func() error {
		req, err := http.NewRequest(args[1], args[2], nil)
		if err != nil {
			return err
		}
		for _, arg := range args[3:] {
			name, value, _ := strings.Cut(arg, ":")
			req.Header.Set(name, strings.TrimSpace(value))
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err == nil && (res.StatusCode != http.StatusOK || !want.Match(answer)) {
			err = fmt.Errorf("%s: %s", res.Status, answer)
		}
		return err
	})
}

// field NAME PATH: sets NAME to a field of the JSON object that was printed
// last, such as results.0.id.
func cmdField(ts *testscript.TestScript, _ bool, args []string) {
	var at any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &at))
	for _, step := range strings.Split(args[1], ".") {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			n, err := strconv.Atoi(step)
			ts.Check(err)
			if n >= len(v) {
				ts.Fatalf("%s: there are %d", args[1], len(v))
			}
			at = v[n]
		}
	}
	if at == nil {
		ts.Fatalf("%s is not in %s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], fmt.Sprint(at))
}

// shape N KEY…: what was printed last is N lines, each a JSON object with
// exactly these keys.
func cmdShape(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if strconv.Itoa(len(lines)) != args[0] || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("%d lines, not %s:\n%s", len(lines), args[0], text)
	}
	want := slices.Sorted(slices.Values(args[1:]))
	for _, line := range lines {
		var object map[string]any
		ts.Check(json.Unmarshal([]byte(line), &object))
		if got := slices.Sorted(maps.Keys(object)); !slices.Equal(got, want) {
			ts.Fatalf("keys %v, not %v", got, want)
		}
	}
}

// exits CODE PROGRAM [ARG]…: runs a program that must exit with this code.
func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

// modes FILE MODE: the file has this mode, as ls -l writes it.
func cmdModes(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().String(); got != args[1] {
		ts.Fatalf("%s has mode %s", args[0], got)
	}
}

// damage FILE: overwrites the middle third of a file, as a bad disk might.
func cmdDamage(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	for i := len(data) / 3; i < len(data)*2/3; i++ {
		data[i] = 0xA5
	}
	ts.Check(os.WriteFile(path, data, 0o600))
}

// oneline REGEXP: the last command said one line on stderr, which begins with
// the program's name and matches, and nothing on stdout.
func cmdOneLine(ts *testscript.TestScript, _ bool, args []string) {
	said := ts.ReadFile("stderr")
	line, ok := strings.CutSuffix(said, "\n")
	if !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, "afterword: ") || !regexp.MustCompile(args[0]).MatchString(line) {
		ts.Fatalf("stderr is not the one line that matches %q:\n%s", args[0], said)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout has something too:\n%s", out)
	}
}

// sql FILE STATEMENT: does to a database what nobody should.
func cmdSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite3", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	res, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%q changed %d rows (%v)", args[1], n, err)
	}
}

// term WORD: sends SIGTERM to the background command that has WORD among its
// arguments.
func cmdTerm(ts *testscript.TestScript, _ bool, args []string) {
	for _, cmd := range ts.BackgroundCmds() {
		if slices.Contains(cmd.Args, args[0]) {
			ts.Check(cmd.Process.Signal(syscall.SIGTERM))
			return
		}
	}
	ts.Fatalf("no background command has the argument %s", args[0])
}

// clock: starts the watch that within looks at.
func cmdClock(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("CLOCK", strconv.FormatInt(time.Now().UnixMilli(), 10))
}

// within TIME: no more than this has passed since clock.
func cmdWithin(ts *testscript.TestScript, _ bool, args []string) {
	began, err := strconv.ParseInt(ts.Getenv("CLOCK"), 10, 64)
	ts.Check(err)
	most, err := time.ParseDuration(args[0])
	ts.Check(err)
	if took := time.Since(time.UnixMilli(began)); took > most {
		ts.Fatalf("it took %s", took)
	}
}

// inboxes are the webhook receivers of one script, by their names.
type inboxes map[string]*inbox

// inbox is a webhook receiver that keeps what comes. A slow one answers when
// its script ends, or when the caller hangs up.
type inbox struct {
	mu   sync.Mutex
	came []letter
	open chan struct{}
}

// letter is one call, told in one line for scripts to match.
type letter struct {
	id, timestamp, signature string
	body                     []byte
}

func (l letter) String() string {
	var e struct {
		Type     string
		Sequence int
		Data     struct{ Comment struct{ ID string } }
	}
	if err := json.Unmarshal(l.body, &e); err != nil {
		return "not JSON: " + err.Error()
	}
	return fmt.Sprintf("%s %d %s %s", e.Type, e.Sequence, e.Data.Comment.ID, l.id)
}

// ServeHTTP implements http.Handler.
func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	in.mu.Lock()
	in.came = append(in.came, letter{r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body})
	in.mu.Unlock()
	if in.open != nil {
		select {
		case <-in.open:
		case <-r.Context().Done():
		}
	}
}

// receiver NAME [slow]: starts a webhook receiver and sets NAME to its address.
func cmdReceiver(ts *testscript.TestScript, _ bool, args []string) {
	in := &inbox{}
	if len(args) > 1 {
		in.open = make(chan struct{})
	}
	srv := httptest.NewServer(in)
	ts.Defer(func() {
		if in.open != nil {
			close(in.open)
		}
		srv.Close()
	})
	ts.Value("inboxes").(inboxes)[args[0]] = in
	ts.Setenv(args[0], srv.URL)
}

// received NAME N: waits until the receiver has had N calls, prints them a line
// each, and leaves the newest in the files and variables NAME.body, NAME_ID,
// NAME_TIMESTAMP and NAME_SIGNATURE.
func cmdReceived(ts *testscript.TestScript, _ bool, args []string) {
	in := ts.Value("inboxes").(inboxes)[args[0]]
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	wait(ts, func() error {
		in.mu.Lock()
		defer in.mu.Unlock()
		if len(in.came) < n {
			return fmt.Errorf("%d of %d calls have come", len(in.came), n)
		}
		return nil
	})
	in.mu.Lock()
	defer in.mu.Unlock()
	var said bytes.Buffer
	for _, l := range in.came {
		fmt.Fprintln(&said, l)
	}
	ts.Stdout().Write(said.Bytes())
	last := in.came[len(in.came)-1]
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".body"), last.body, 0o600))
	ts.Setenv(args[0]+"_ID", last.id)
	ts.Setenv(args[0]+"_TIMESTAMP", last.timestamp)
	ts.Setenv(args[0]+"_SIGNATURE", last.signature)
}

// arrives NAME URL JSON: posts to URL, again and again, until the receiver has
// had a call.
func cmdArrives(ts *testscript.TestScript, _ bool, args []string) {
	in := ts.Value("inboxes").(inboxes)[args[0]]
	wait(ts, func() error {
		in.mu.Lock()
		came := len(in.came)
		in.mu.Unlock()
		if came > 0 {
			return nil
		}
		<-time.After(100 * time.Millisecond) // a flood would only slow the listener down
		if err := exchange(ts, []string{"201", "POST", args[1], args[2]}); err != nil {
			return err
		}
		return errors.New("no call has come")
	})
}

// delivered ENDPOINT N: waits until the program says that N deliveries have
// arrived; the receiver knows that earlier than the database.
func cmdDelivered(ts *testscript.TestScript, _ bool, args []string) {
	wait(ts, func() error {
		if err := ts.Exec("afterword", "webhook", "deliveries", args[0], "--state", "delivered"); err != nil {
			return err
		}
		if n := strings.Count(ts.ReadFile("stdout"), "\n"); strconv.Itoa(n) != args[1] {
			return fmt.Errorf("%d are delivered", n)
		}
		return nil
	})
}

// firstline: goes on with the first line of stdout only.
func cmdFirstLine(ts *testscript.TestScript, _ bool, _ []string) {
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	fmt.Fprintln(ts.Stdout(), line)
}
