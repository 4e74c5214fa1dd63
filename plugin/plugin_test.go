package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/plugin"
)

var operator = comment.Actor{Kind: comment.ActorOperator, Name: "test"}

// prepare does what an operator does once on the command line:
//
//	afterword --db DB site add daily --name Daily --origin https://daily.example --set moderation=flagged --set undo_window=0s
//	afterword --db DB user add ann@example.com --role moderator
//	afterword --db DB token create --user ann@example.com
func prepare(db string) (token string, err error) {
	ctx := context.Background()
	a, err := app.Open(ctx, app.Settings{DB: db, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	name := "Daily"
	if _, err := a.Comments.AddSite(ctx, "daily", comment.SiteChange{
		Name: &name, Origins: []string{"https://daily.example"}, Options: map[string]string{"moderation": "flagged", "undo_window": "0s"},
	}, operator); err != nil {
		return "", err
	}
	if _, _, err := a.Auth.AddAccount(ctx, auth.NewAccount{Email: "ann@example.com", Role: comment.Moderator}, operator); err != nil {
		return "", err
	}
	token, _, err = a.Auth.ScriptToken(ctx, "ann@example.com", time.Hour, operator)
	return token, err
}

// house is an installation that is running, and a moderator's token.
type house struct {
	*plugin.Afterword
	db    string
	token string
}

func open(t *testing.T, checks ...moderation.Check) *house {
	t.Helper()
	h := &house{db: filepath.Join(t.TempDir(), "comments.db")}
	var err error
	if h.token, err = prepare(h.db); err != nil {
		t.Fatal(err)
	}
	if h.Afterword, err = plugin.New(t.Context(), plugin.Config{DB: h.db, Checks: checks, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, h.Close()); err != nil {
			t.Error(err)
		}
	})
	site := host(func(site *fiber.App) { h.Mount(site) })
	for end := time.Now().Add(10 * time.Second); ; {
		if status, _, body := ask(t, site, "GET", "/readyz", ""); status == 200 {
			return h
		} else if time.Now().After(end) {
			t.Fatalf("not ready: %d %s", status, body)
		}
	}
}

// host is somebody else's site: routes, a page for what there is not, and its
// own way with errors.
func host(mount func(*fiber.App)) *fiber.App {
	site := fiber.New(fiber.Config{
		Immutable:     true,
		StrictRouting: true,
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			return c.Status(fiber.StatusTeapot).SendString("the host's error: " + err.Error())
		},
	})
	mount(site)
	site.Get("/", func(c *fiber.Ctx) error { return c.SendString("the host's front page") })
	site.Get("/articles/:key", func(c *fiber.Ctx) error { return c.SendString("article " + c.Params("key")) })
	site.Post("/api/v1/search", func(c *fiber.Ctx) error { return c.SendString("found " + string(c.Body())) })
	site.Get("/broken", func(*fiber.Ctx) error { return errors.New("out of paper") })
	site.Use(func(c *fiber.Ctx) error {
		return c.Status(fiber.StatusNotFound).SendString("the host has no such page")
	})
	return site
}

// ask sends one request and gives the status, the headers and the body.
func ask(t *testing.T, site *fiber.App, method, path, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := site.Test(req, -1)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Close { // which net/http takes out of the headers
		res.Header.Set("Connection", "close")
	}
	return res.StatusCode, res.Header, string(text)
}

func submission(text string) string {
	b, _ := json.Marshal(map[string]any{
		"page": map[string]string{"key": "a1", "url": "https://daily.example/articles/a1"}, "author": map[string]string{"name": "Rita"}, "text": text,
	})
	return string(b)
}

func TestHostKeepsWhatIsItsOwn(t *testing.T) {
	h := open(t)
	type answer struct {
		Status int
		Body   string
	}
	for _, c := range []struct {
		method, path, encoding string
		want                   answer
	}{
		{"GET", "/", "", answer{200, "the host's front page"}},
		{"GET", "/articles/a1", "", answer{200, "article a1"}},
		{"GET", "/nowhere", "", answer{404, "the host has no such page"}},
		{"GET", "/api/v1/nowhere", "", answer{404, "the host has no such page"}},
		{"GET", "/api/v1/sites/daily/nowhere", "", answer{404, "the host has no such page"}},
		{"OPTIONS", "/articles/a1", "", answer{404, "the host has no such page"}},
		{"POST", "/api/v1/search", "", answer{200, "found words"}},
		{"POST", "/api/v1/search", "made-up", answer{200, "found words"}}, // our routes refuse encodings, not the host's
		{"GET", "/broken", "", answer{418, "the host's error: out of paper"}},
	} {
		for place, mount := range map[string]func(*fiber.App){
			"root":  func(site *fiber.App) { h.Mount(site) },
			"group": func(site *fiber.App) { h.Mount(site.Group("/talk")) },
		} {
			header := []string{"Origin", "https://daily.example"}
			if c.encoding != "" {
				header = append(header, "Content-Encoding", c.encoding)
			}
			status, got, body := ask(t, host(mount), c.method, c.path, "words", header...)
			if diff := cmp.Diff(c.want, answer{status, body}); diff != "" {
				t.Errorf("%s %s, mounted at %s (-want +got):\n%s", c.method, c.path, place, diff)
			}
			for _, name := range []string{"X-Request-Id", "Content-Security-Policy", "Access-Control-Allow-Origin", "Cache-Control", "X-Content-Type-Options"} {
				if got.Get(name) != "" {
					t.Errorf("%s %s, mounted at %s: the answer has %s: %s", c.method, c.path, place, name, got.Get(name))
				}
			}
		}
	}
}

// hash is what the loader adds to the names of all files of its build.
var hash = regexp.MustCompile(`-([0-9a-f]{8})\.js`)

// A prefix moves everything that readers need; the loader finds the rest by
// its own address.
func TestMounted(t *testing.T) {
	h := open(t)
	for _, prefix := range []string{"", "/talk", "/a/b"} {
		t.Run("at "+prefix, func(t *testing.T) {
			site := host(func(site *fiber.App) { h.Mount(site.Group(prefix)) })
			status, header, loader := ask(t, site, "GET", prefix+"/embed.js", "")
			if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/javascript") {
				t.Fatalf("embed.js: %d %s", status, header.Get("Content-Type"))
			}
			build := hash.FindStringSubmatch(loader)
			if build == nil {
				t.Fatal("the loader names no files")
			}
			for _, file := range []string{"widget-en", "composer-de", "live-en"} {
				name := file + "-" + build[1] + ".js"
				if status, _, _ := ask(t, site, "GET", prefix+"/assets/"+name, ""); status != 200 {
					t.Errorf("assets/%s: %d", name, status)
				}
			}
			for _, path := range []string{"/healthz", "/readyz", "/version", "/api/openapi.json", "/admin/"} {
				if status, _, body := ask(t, site, "GET", prefix+path, ""); status != 200 {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			if prefix != "" {
				if status, _, body := ask(t, site, "GET", "/embed.js", ""); status != 404 || body != "the host has no such page" {
					t.Errorf("/embed.js outside of the prefix: %d %q", status, body)
				}
			}

			comments := prefix + "/api/v1/sites/daily/comments"
			text := "Written under " + prefix + "."
			status, header, body := ask(t, site, "POST", comments, submission(text), "Content-Type", "application/json", "Origin", "https://daily.example")
			if status != 201 || header.Get("Access-Control-Allow-Origin") != "https://daily.example" {
				t.Fatalf("submit: %d %v %s", status, header, body)
			}
			if status, _, body = ask(t, site, "GET", comments+"?page=a1", ""); status != 200 || !strings.Contains(body, text) {
				t.Errorf("thread: %d %s", status, body)
			}
			// What our routes refuse they refuse in our words, whatever the host's are.
			status, header, body = ask(t, site, "POST", comments, "{}", "Content-Type", "text/plain")
			if status != 415 || header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("refusal: %d %v %s", status, header, body)
			}
		})
	}
}

// An own check sees every comment and can hold it, with its reason for the
// moderator.
func TestOwnCheckHolds(t *testing.T) {
	h := open(t, spoilers{"the butler"})
	site := host(func(site *fiber.App) { h.Mount(site) })
	type outcome struct{ Status, Code, Sentence string }
	var got []outcome
	for _, text := range []string{"A fine book.", "It was the butler!"} {
		status, _, body := ask(t, site, "POST", "/api/v1/sites/daily/comments", submission(text), "Content-Type", "application/json")
		var sent struct{ Comment struct{ ID, Status string } }
		if err := json.Unmarshal([]byte(body), &sent); status != 201 || err != nil {
			t.Fatalf("%d %s", status, body)
		}
		_, _, body = ask(t, site, "GET", "/api/v1/moderation/comments/"+sent.Comment.ID, "", "Authorization", "Bearer "+h.token)
		var seen struct {
			Reasons []struct{ Check, Code, Sentence string }
		}
		if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&seen); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		o := outcome{Status: sent.Comment.Status}
		for _, r := range seen.Reasons {
			if r.Check == "spoilers" {
				o.Code, o.Sentence = r.Code, r.Sentence
			}
		}
		got = append(got, o)
	}
	want := []outcome{{Status: "approved"}, {"pending", "spoiler", "Tells how the book ends."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneInstanceAFile(t *testing.T) {
	h := open(t)
	if aw, err := plugin.New(t.Context(), plugin.Config{DB: h.db}); err == nil {
		aw.Close()
		t.Fatal("a second instance opened the file")
	} else if !strings.Contains(err.Error(), "another afterword is serving this database") {
		t.Error(err)
	}
}

// What New cannot open it does not lock either, so that the next try can.
func TestNewThatFails(t *testing.T) {
	for name, c := range map[string]plugin.Config{
		"no database":     {},
		"unknown scheme":  {DB: "nowhere://host/db"},
		"no directory":    {DB: filepath.Join(t.TempDir(), "no", "such", "dir", "a.db")},
		"bad key":         {DB: filepath.Join(t.TempDir(), "a.db"), SecretKey: "short"},
		"bad range":       {DB: filepath.Join(t.TempDir(), "b.db"), WebhookAllow: "everything"},
		"bad schedule":    {DB: filepath.Join(t.TempDir(), "c.db"), WebhookSchedule: "soon"},
		"bad proxy":       {DB: filepath.Join(t.TempDir(), "e.db"), WebhookProxy: "socks5://proxy.example"},
		"no authorities":  {DB: filepath.Join(t.TempDir(), "f.db"), WebhookCAFile: filepath.Join(t.TempDir(), "none.pem")},
		"bad proxy range": {DB: filepath.Join(t.TempDir(), "d.db"), TrustedProxies: "everyone"},
	} {
		for range 2 {
			aw, err := plugin.New(t.Context(), c)
			if err == nil {
				aw.Close()
				t.Errorf("%s: opened", name)
			} else if strings.Contains(err.Error(), "another afterword") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestStop(t *testing.T) {
	h := open(t)
	site := host(func(site *fiber.App) { h.Mount(site) })
	if status, header, body := ask(t, site, "GET", "/readyz", ""); status != 200 || header.Get("Connection") != "" {
		t.Fatalf("%d %v %s", status, header, body)
	}
	h.Stop()
	h.Stop() // twice is once
	status, header, _ := ask(t, site, "GET", "/readyz", "")
	if status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("ready after Stop: %d %v", status, header)
	}
	// Requests are still answered, on connections that end with the answer.
	status, header, body := ask(t, site, "GET", "/api/v1/sites/daily/comments?page=a1", "")
	if status != 200 || header.Get("Connection") != "close" {
		t.Errorf("request after Stop: %d %v %s", status, header, body)
	}
}
