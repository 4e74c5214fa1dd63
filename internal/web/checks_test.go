package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation/external"
)

// checker is a program of the newsroom's that checks comments, and keeps the
// questions.
type checkProgram struct {
	*httptest.Server
	mu     sync.Mutex
	answer string
	status int
	asked  []struct {
		ID, Callback string
		Comment      struct {
			ID       string
			Revision int
		}
	}
}

func newChecker(t *testing.T) *checkProgram {
	p := &checkProgram{answer: "{}", status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, struct {
			ID, Callback string
			Comment      struct {
				ID       string
				Revision int
			}
		}{})
		if err := json.Unmarshal(body, &p.asked[len(p.asked)-1]); err != nil {
			t.Error(err)
		}
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.answer)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *checkProgram) says(status int, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.answer = status, answer
}

const checks = daily + "/checks"

type checkView struct {
	ID, Secret, URL, Deadline string
	Settings                  map[string]string
	Sends                     []string
}

func TestChecksOverHTTP(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "flagged"))
	p := newChecker(t)
	admin := h.staff("alan", comment.Admin, "daily")
	made := into[checkView](h.post(checks, fmt.Sprintf(`{"kind":"http","name":"Gate","url":%q,"most":"spam"}`, p.URL+"/"), as(admin)).want(201))
	if !strings.HasPrefix(made.Secret, "whsec_") || made.Deadline != "1s" || made.Settings["feedback"] != "off" || len(made.Sends) == 0 {
		t.Errorf("%+v", made)
	}
	one := checks + "/" + made.ID
	for _, path := range []string{checks, one, one + "/health"} {
		if r := h.get(path, as(admin)).want(200); strings.Contains(string(r.body), made.Secret) {
			t.Errorf("%s shows the secret again", path)
		}
	}

	p.says(200, `{"hint":"reject","code":"libel","sentence":"It is <b>libel</b>.","spans":[{"start":0,"end":2}]}`)
	tried := into[struct {
		Request, Response string
		Status            int
		Evidence          []struct{ Code, Hint, Sentence string }
	}](h.post(one+"/test", `{"text":"He *is* a thief."}`, as(admin)).want(200))
	if tried.Status != 200 || len(tried.Evidence) != 1 || tried.Evidence[0].Hint != "spam" || !strings.Contains(tried.Request, "He *is* a thief.") {
		t.Errorf("%+v", tried)
	}
	posted := into[posted](h.post(comments, write("He is a thief.")).want(201))
	if detail := h.get(queue+"/"+posted.Comment.ID, as(admin)).want(200); !strings.Contains(string(detail.body), `"outside: Gate"`) {
		t.Errorf("%s", detail.body)
	}

	h.patch(one, `{"silence":"golden"}`, as(admin)).refused(422, "invalid")
	h.patch(one, `{"enabled":false}`, as(admin)).want(200)
	h.post(checks, `{"kind":"http","name":"Gate","url":"https://c.example/"}`, as(admin)).refused(409, "name_taken")
	h.post(checks, `{"kind":"http","name":"Other","url":"https://c.example/","colour":"red"}`, as(admin)).refused(400, "unknown_field")
	h.delete(one, as(admin)).want(204)
	h.get(one, as(admin)).refused(404, "not_found")
}

// TestLaterAnswers is the whole way of an answer that takes its time, with all
// that can be wrong with it.
func TestLaterAnswers(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "flagged"))
	p := newChecker(t)
	admin := h.staff("alan", comment.Admin, "daily")
	made := into[checkView](h.post(checks, fmt.Sprintf(`{"kind":"http","name":"Gate","url":%q}`, p.URL), as(admin)).want(201))
	p.says(202, `{"later":true,"within":"10m"}`)
	out := into[posted](h.post(comments, write("Wait for it.")).want(201))
	if out.Comment.Status != "pending" {
		t.Fatalf("the comment is %s", out.Comment.Status)
	}
	q := p.asked[0]
	call := func(secret, body string) reply {
		t.Helper()
		header, err := external.Sign(secret, q.ID, time.Now(), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return h.post(q.Callback, body, func(r *http.Request) {
			for name, values := range header {
				r.Header[name] = values
			}
		})
	}
	answer := fmt.Sprintf(`{"comment":%q,"revision":1,"hint":"none"}`, out.Comment.ID)
	h.post(q.Callback, answer).refused(401, "bad_signature")
	call(external.NewSecret(), answer).refused(401, "bad_signature")
	call(made.Secret, `{"hint":"none"}`).refused(422, "invalid")
	call(made.Secret, `{"comment":"x","revision":1,"extra":1}`).refused(400, "unknown_field")
	call(made.Secret, fmt.Sprintf(`{"comment":%q,"revision":2}`, out.Comment.ID)).refused(409, "wrong_comment")
	call(made.Secret, `{"comment":"`+strings.Repeat("x", 40<<10)+`"}`).refused(413, "too_large")
	good := q.Callback
	q.Callback = "/api/v1/checks/nothing"
	call(made.Secret, answer).refused(404, "not_found")
	q.Callback = good
	call(made.Secret, answer).want(204)
	call(made.Secret, answer).refused(409, "already_answered")
	if got := into[posted](h.get(comments + "/" + out.Comment.ID).want(200)).Comment.Status; got != "approved" {
		t.Errorf("the comment is %s", got)
	}
	figures := h.get("/metrics", func(r *http.Request) { r.Header.Set("Authorization", "Bearer figures") }).want(200)
	if !strings.Contains(string(figures.body), `check_callbacks_total{outcome="taken"} 1`) {
		t.Error("nobody counts the answers")
	}
}

// TestCheckedLater: the workers of a whole installation ask what is owed.
func TestCheckedLater(t *testing.T) {
	t.Parallel()
	h := open(t, with("moderation", "flagged"), running)
	p := newChecker(t)
	admin := h.staff("alan", comment.Admin, "daily")
	made := into[checkView](h.post(checks, fmt.Sprintf(`{"kind":"http","name":"Gate","url":%q,"when":"after"}`, p.URL), as(admin)).want(201))
	out := into[posted](h.post(comments, write("In its own time.")).want(201))
	if out.Comment.Status != "pending" {
		t.Errorf("the comment is %s", out.Comment.Status)
	}
	h.eventually("the comment is public", func() bool { return h.get(comments+"/"+out.Comment.ID).status == 200 })
	health := into[struct{ Asked, Waiting int }](h.get(checks+"/"+made.ID+"/health", as(admin)).want(200))
	if health.Asked != 1 || health.Waiting != 0 {
		t.Errorf("%+v", health)
	}
}
