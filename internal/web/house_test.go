package web_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	_ "github.com/mattn/go-sqlite3"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

// patience is how long a test waits for something that has to happen.
const patience = 20 * time.Second

// house is a whole installation behind a real listener, with one site "daily".
type house struct {
	t      *testing.T
	app    *app.App
	url    string
	client *http.Client
	db     *sql.DB // reads beside the server
}

// plan is how a house is built.
type plan struct {
	app.Settings
	options map[string]string // of the site daily
	run     bool              // the workers too
	now     func() time.Time  // nil = the machine's clock
}

const origin = "https://daily.example"

// open builds a house: no rate limits, no undo window, no workers, unless a
// change says otherwise.
func open(t *testing.T, change ...func(*plan)) *house {
	t.Helper()
	p := plan{
		Settings: app.Settings{
			DB: filepath.Join(t.TempDir(), "afterword.db"), WebhookAllow: "127.0.0.0/8", WebhookSchedule: "50ms,50ms,10m",
			MetricsToken: "figures", Log: slog.New(slog.DiscardHandler),
		},
		options: map[string]string{"rate_limits": "off", "undo_window": "0s"},
	}
	for _, c := range change {
		c(&p)
	}
	a, err := app.Open(t.Context(), p.Settings)
	if err != nil {
		t.Fatal(err)
	}
	if p.now != nil {
		a.Comments.Now, a.Hooks.Now, a.Auth.Now, a.Web.Now = p.now, p.now, p.now, p.now
	}
	h := &house{t: t, app: a, client: &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if h.db, err = sql.Open("sqlite3", "file:"+p.DB+"?mode=ro"); err != nil {
		t.Fatal(err)
	}
	h.serve(p.run)
	h.site("daily", p.options)
	return h
}

func running(p *plan) { p.run = true }

func with(name, value string) func(*plan) { return func(p *plan) { p.options[name] = value } }

// serve listens, and takes everything down when the test ends.
func (h *house) serve(run bool) {
	server := fiber.New(h.app.Web.Settings())
	h.app.Web.Register(server)
	server.Use(h.app.Web.NotFound)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.url = "http://" + l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Listener(l) })
	ctx, cancel := context.WithCancel(context.Background())
	if run {
		wg.Go(func() { _ = h.app.Run(ctx) })
	}
	h.t.Cleanup(func() {
		h.app.Stop()
		h.client.CloseIdleConnections()
		if err := server.ShutdownWithTimeout(patience); err != nil {
			h.t.Error(err)
		}
		cancel()
		wg.Wait()
		h.db.Close()
		if err := h.app.Close(); err != nil {
			h.t.Error(err)
		}
	})
	if run {
		h.eventually("the workers run", func() bool { return h.get("/readyz").status == 200 })
	}
}

var operator = comment.Actor{Kind: comment.ActorOperator}

func (h *house) site(key string, options map[string]string) {
	h.t.Helper()
	change := comment.SiteChange{Name: &key, Origins: []string{"https://" + key + ".example"}, Options: options}
	if _, err := h.app.Comments.AddSite(h.t.Context(), key, change, operator); err != nil {
		h.t.Fatal(err)
	}
}

// staff makes an account, without the cost of a password, and gives a bearer
// token of it. "" is all sites.
func (h *house) staff(name string, role comment.Role, site string) string {
	h.t.Helper()
	if site == "" {
		site = comment.AllSites
	}
	a := comment.Account{
		ID: comment.NewID(), Email: name + "@staff.example", Name: name, Password: "none", CreatedAt: h.app.Comments.Now(),
		Grants: []comment.Grant{{Site: site, Role: role}},
	}
	if err := h.app.Store.Write(h.t.Context(), nil, func(tx comment.Tx) error { return tx.PutAccount(a) }); err != nil {
		h.t.Fatal(err)
	}
	token, _, err := h.app.Auth.ScriptToken(h.t.Context(), a.Email, time.Hour, operator)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// reply is an answer that the document agrees with.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// change is something special about a request.
type change func(*http.Request)

func as(token string) change { return header("Authorization", "Bearer "+token) }

func header(name, value string) change { return func(r *http.Request) { r.Header.Add(name, value) } }

func from(origin string) change { return header("Origin", origin) }

func (h *house) get(path string, changes ...change) reply {
	return h.send("GET", path, nil, changes...)
}

func (h *house) post(path string, body any, changes ...change) reply {
	return h.send("POST", path, body, changes...)
}

func (h *house) patch(path string, body any, changes ...change) reply {
	return h.send("PATCH", path, body, changes...)
}

func (h *house) put(path string, body any, changes ...change) reply {
	return h.send("PUT", path, body, changes...)
}

func (h *house) delete(path string, changes ...change) reply {
	return h.send("DELETE", path, nil, changes...)
}

// send makes a request and holds its answer against the document. A string or
// bytes are sent as they are, everything else as JSON.
func (h *house) send(method, path string, body any, changes ...change) reply {
	h.t.Helper()
	sent := encode(h.t, body)
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, bytes.NewReader(sent))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range changes {
		c(r)
	}
	answer, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	openAPI().verify(h.t, exchange{method: method, url: r.URL, sent: sent, status: answer.StatusCode, header: answer.Header, body: got})
	out := reply{h.t, method + " " + path, answer.StatusCode, answer.Header, got}
	out.keepsSecrets()
	return out
}

// readProblem reads an answer off the wire; it must be a problem.
func (h *house) readProblem(c net.Conn, status int, code string) {
	h.t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	r := reply{h.t, "raw request", answer.StatusCode, answer.Header, body}
	r.keepsSecrets()
	r.refused(status, code)
	if err := openAPI().checkJSON("/components/schemas/Problem", body); err != nil {
		h.t.Errorf("%v: %s", err, body)
	}
}

func encode(t testing.TB, body any) []byte {
	t.Helper()
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(b)
	case []byte:
		return b
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// internals is what no error may tell: statements, files, stacks.
var internals = regexp.MustCompile(`(?i)sql|select |insert |constraint|\.go\b|/tmp/|/home/|goroutine|panic|runtime error|fasthttp|afterword\.(db|key)|127\.0\.0\.1`)

func (r reply) keepsSecrets() {
	r.t.Helper()
	if found := internals.Find(r.body); r.status >= 400 && found != nil {
		r.t.Errorf("%s: an error tells %q: %s", r.what, found, r.body)
	}
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: status %d, want %d: %.500s", r.what, r.status, status, r.body)
	}
	return r
}

// refused wants a problem with this status and code.
func (r reply) refused(status int, code string) reply {
	r.t.Helper()
	r.want(status)
	if got := into[struct{ Code string }](r).Code; got != code {
		r.t.Fatalf("%s: code %q, want %q: %.500s", r.what, got, code, r.body)
	}
	return r
}

// field is the code of the problem that an answer has with an input.
func (r reply) field(name string) string {
	for _, f := range into[struct{ Fields []struct{ Name, Code string } }](r).Fields {
		if f.Name == name {
			return f.Code
		}
	}
	return ""
}

func into[T any](r reply) (v T) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%s: %v: %.500s", r.what, err, r.body)
	}
	return v
}

// eventually waits for a condition.
func (h *house) eventually(what string, holds func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited in vain until %s", what)
		}
		wait := time.NewTimer(2 * time.Millisecond)
		<-wait.C
	}
}

// everything is the content of the whole database, save what counts attempts
// and what every day brings.
func (h *house) everything() string {
	h.t.Helper()
	var b strings.Builder
	for _, table := range column(h.t, h.db, "select name from sqlite_master where type = 'table' and name not in ('buckets', 'cursors', 'salts') and name not like 'sqlite_%' order by name") {
		rows, err := h.db.QueryContext(h.t.Context(), `select * from "`+table+`"`)
		if err != nil {
			h.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", table)
		eachRow(h.t, rows, func(row []any) { fmt.Fprintf(&b, "\t%q\n", row) })
	}
	return b.String()
}

func column(t *testing.T, db *sql.DB, query string) (values []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	eachRow(t, rows, func(row []any) { values = append(values, fmt.Sprint(row[0])) })
	return values
}

func eachRow(t *testing.T, rows *sql.Rows, visit func([]any)) {
	t.Helper()
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, at := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			at[i] = &row[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		visit(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// unchanged runs something that must leave no trace.
func (h *house) unchanged(do func()) {
	h.t.Helper()
	before := h.everything()
	do()
	if after := h.everything(); after != before {
		h.t.Errorf("something was changed:\n%s", firstDifference(before, after))
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "- " + x[i] + "\n+ " + y[i]
		}
	}
	return fmt.Sprintf("%d lines became %d", len(x), len(y))
}
