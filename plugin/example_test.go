package plugin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/plugin"
)

// spoilers is a check of the host's own: it holds comments that tell how the
// book ends.
type spoilers struct{ ending string }

func (spoilers) Name() string { return "spoilers" }
func (spoilers) Version() int { return 1 }

func (c spoilers) Examine(_ context.Context, s *moderation.Subject) ([]moderation.Evidence, error) {
	if !strings.Contains(strings.ToLower(s.Plain), c.ending) {
		return nil, nil
	}
	return []moderation.Evidence{{Code: "spoiler", Sentence: "Tells how the book ends.", Hint: moderation.HintHold}}, nil
}

// A site with comments beside its own routes, and a check of its own.
func Example() {
	dir, err := os.MkdirTemp("", "bookshop-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db := filepath.Join(dir, "comments.db")
	if _, err := prepare(db); err != nil { // on the command line: afterword site add …
		fmt.Println(err)
		return
	}

	aw, err := plugin.New(context.Background(), plugin.Config{
		DB: db, Checks: []moderation.Check{spoilers{"the butler"}}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer aw.Close()
	site := fiber.New(aw.FiberConfig())
	aw.Mount(site)
	site.Get("/books/:key", func(c *fiber.Ctx) error {
		return c.SendString("<h1>" + c.Params("key") + "</h1>")
	})
	// A program would now call site.Listen, and aw.Run until it is to stop.

	for _, text := range []string{"Could not put it down.", "It was the butler."} {
		fmt.Println(post(site, text))
	}
	// Output:
	// 201 "status":"approved"
	// 201 "status":"pending"
}

// post sends a comment as the widget does, and tells what became of it.
func post(site *fiber.App, text string) string {
	req := httptest.NewRequest("POST", "/api/v1/sites/daily/comments", strings.NewReader(submission(text)))
	req.Header.Set("Content-Type", "application/json")
	res, err := site.Test(req, -1)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(body), `"status":`)
	status, _, _ := strings.Cut(rest, ",")
	return fmt.Sprintf(`%d "status":%s`, res.StatusCode, status)
}
