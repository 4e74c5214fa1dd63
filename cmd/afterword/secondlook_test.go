package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
)

// tell runs the program on a database, and gives its exit code and what it said.
func tell(t *testing.T, db string, args ...string) (int, string, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"--db", db, "--log-level", "error"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// done is tell where nothing may go wrong.
func done(t *testing.T, db string, args ...string) string {
	t.Helper()
	code, out, errs := tell(t, db, args...)
	if code != 0 {
		t.Fatalf("%q exits with %d: %s", args, code, errs)
	}
	return out
}

// decideUntilDrawn posts comments and lets decider reject them until one is drawn for
// the second look of another: the share is at most 20 %, and nobody can foresee which.
func decideUntilDrawn(t *testing.T, db, decider, other string) {
	t.Helper()
	e := &env{ctx: t.Context(), out: io.Discard, err: io.Discard, settings: &settings{DB: db, LogLevel: "error"}}
	err := e.administer(func(a *app.App) error {
		by, err := e.moderatorOf(a, "daily", decider)
		if err != nil {
			return err
		}
		looks, err := e.moderatorOf(a, "daily", other)
		if err != nil {
			return err
		}
		for n := range 500 {
			sub, err := a.Comments.Submit(e.ctx, comment.Submission{
				Site: "daily", Page: comment.PageRef{URL: "https://daily.example/a"}, Name: "Rita", Text: fmt.Sprintf("Opinion %d\nin two lines.", n),
				Client: comment.Client{IP: "192.0.2.1"},
			})
			if err != nil {
				return err
			}
			_, err = a.Comments.Decide(e.ctx, comment.Ruling{
				By: by, Action: comment.Reject, Items: []comment.Item{{ID: sub.Comment.ID, Revision: 1}}, Reason: "off_topic", Received: a.Comments.Now(),
			})
			if err != nil {
				return err
			}
			if drawn, _, err := a.Comments.SecondLooks(e.ctx, looks, "daily", "", 1); err != nil || len(drawn) > 0 {
				return err
			}
		}
		return fmt.Errorf("of 500 decisions none was drawn")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSecondLook lists, judges and counts second looks by command.
func TestSecondLook(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looks.db")
	done(t, db, "site", "add", "daily", "--name", "Daily", "--origin", "https://daily.example",
		"--set", "rate_limits=off", "--set", "undo_window=0s", "--set", "second_look=20%")
	for _, name := range []string{"ada", "grace"} {
		done(t, db, "user", "add", name+"@example.com", "--role", "moderator", "--site", "daily")
	}
	decideUntilDrawn(t, db, "ada@example.com", "grace@example.com")

	if out := done(t, db, "second-look", "list", "--site", "daily", "--by", "ada@example.com"); out != "" {
		t.Errorf("who decided is shown it again: %s", out)
	}
	text := done(t, db, "second-look", "list", "--site", "daily", "--by", "grace@example.com")
	if !strings.Contains(text, "Rita on https://daily.example/a\n    Opinion ") || strings.Contains(text, "off_topic") {
		t.Errorf("the list is %q", text)
	}
	var look comment.LookView
	if err := json.Unmarshal([]byte(done(t, db, "--json", "second-look", "list", "--site", "daily", "--by", "grace@example.com")), &look); err != nil {
		t.Fatal(err)
	}

	judge := []string{"second-look", "judge", look.ID, "approve", "--site", "daily", "--by"}
	if code, _, said := tell(t, db, append(judge, "ada@example.com")...); code != exitFailed || !strings.Contains(said, "decided about this comment yourself") {
		t.Errorf("who decided judges too: %d %s", code, said)
	}
	if out := done(t, db, append(judge, "grace@example.com", "--json")...); out != `{"id":"`+look.ID+`","verdict":"approve"}`+"\n" {
		t.Errorf("the verdict is %s", out)
	}
	if code, _, _ := tell(t, db, append(judge, "grace@example.com")...); code != exitFailed {
		t.Errorf("the second verdict exits with %d", code)
	}

	var agreed comment.Agreement
	if err := json.Unmarshal([]byte(done(t, db, "--json", "second-look", "agreement", "--site", "daily", "--by", "ada@example.com")), &agreed); err != nil {
		t.Fatal(err)
	}
	if agreed.All.N != 1 || agreed.All.Agreed != 0 || agreed.Mine.N != 1 {
		t.Errorf("the figures are %+v", agreed)
	}
	if out := done(t, db, "second-look", "agreement", "--site", "daily"); !strings.Contains(out, "all         0 of 1 agreed") || !strings.Contains(out, "off_topic: 0 of 1 agreed") {
		t.Errorf("the figures are %s", out)
	}
	var differ comment.Disagreement
	if err := json.Unmarshal([]byte(done(t, db, "--json", "second-look", "disagreements", "--site", "daily")), &differ); err != nil || differ.ID != look.ID || differ.Action != comment.Reject {
		t.Errorf("the disagreement is %+v (%v)", differ, err)
	}
	for _, args := range [][]string{
		{"list", "--site", "nowhere", "--by", "ada@example.com"}, {"agreement", "--site", "nowhere"}, {"disagreements", "--site", "nowhere"},
		{"judge", "x", "approve", "--site", "daily", "--by", "grace@example.com"}, {"list", "--site", "daily", "--by", "nobody@example.com"},
	} {
		if code, out, said := tell(t, db, append([]string{"second-look"}, args...)...); code != exitFailed || out != "" || strings.Count(said, "\n") != 1 {
			t.Errorf("%v exits with %d and says %s", args, code, said)
		}
	}
}
