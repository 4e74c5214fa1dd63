package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
)

const approved = `{"id":"e1","type":"comment.approved","timestamp":"2025-03-04T11:59:58.75Z","site":"daily","sequence":2,
"data":{"comment":{"author":{"name":"Tamsin"},"text":"I am\n\none of <b>the</b> nine."},
"page":{"key":"packet-4127","title":"Last ferry"},"actor":{"kind":"moderator","name":"Desk"}}}`

func deliver(t *testing.T, app *fiber.App, id, signature, body string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/demo/webhooks/receive", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Signature", signature)
	r.Header.Set("Cookie", "session=private")
	r.Header.Set("Authorization", "Bearer private")
	return ask(t, app, r)
}

type answered struct {
	Run   string
	Calls []call
}

func logged(t *testing.T, app *fiber.App, after int) answered {
	t.Helper()
	_, body := get(t, app, fmt.Sprintf("/demo/webhooks/log?after=%d", after))
	var got answered
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if strings.Contains(body, "private") {
		t.Error("the log shows what the caller's browser keeps secret")
	}
	return got
}

func TestReceiverTellsGenuineFromForged(t *testing.T) {
	_, app := opened(t)
	if answer, _ := deliver(t, app, "e1", "good", approved); answer.StatusCode != http.StatusNoContent {
		t.Errorf("genuine: %d", answer.StatusCode)
	}
	answer, text := deliver(t, app, "e2", "bad", approved)
	if answer.StatusCode != http.StatusUnauthorized || text != "The signature does not hold: webhook-signature: <b>wrong</b>\n" {
		t.Errorf("forged: %d %q", answer.StatusCode, text)
	}
	if got := answer.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("the refusal is %q", got)
	}
	calls := logged(t, app, 0).Calls
	if len(calls) != 2 || !calls[0].Verified || calls[1].Verified || calls[1].Problem == "" || calls[1].DelayMS != nil {
		t.Errorf("the log says %+v", calls)
	}
}

func TestLogSaysWhatTheEventIs(t *testing.T) {
	_, app := opened(t)
	deliver(t, app, "e1", "good", approved)
	delay := int64(1250)
	got := logged(t, app, 0).Calls
	want := []call{{
		Number: 1, ReceivedAt: noon, Verified: true, ID: "e1", Attempt: 1,
		Type: "comment.approved", Actor: "moderator Desk", Page: "Last ferry", Author: "Tamsin",
		Excerpt: "I am one of <b>the</b> nine.", DelayMS: &delay,
		Headers: [][2]string{
			{"content-length", fmt.Sprint(len(approved))}, {"content-type", "application/json"}, {"host", "example.com"},
			{"webhook-id", "e1"}, {"webhook-signature", "good"},
		},
	}}
	if len(got) == 1 {
		if !strings.Contains(got[0].Body, "\n        \"name\": \"Tamsin\"") {
			t.Errorf("the body is not indented: %s", got[0].Body)
		}
		got[0].Body = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRepeatsAreCountedAndMarked(t *testing.T) {
	_, app := opened(t)
	for _, sent := range [][2]string{{"a", "bad"}, {"a", "good"}, {"b", "good"}, {"a", "bad"}, {"a", "good"}, {"", "good"}, {"", "good"}} {
		deliver(t, app, sent[0], sent[1], approved)
	}
	var got []string
	for _, c := range logged(t, app, 0).Calls {
		got = append(got, fmt.Sprintf("%s %d %t", c.ID, c.Attempt, c.Duplicate))
	}
	want := []string{"a 1 false", "a 2 false", "b 1 false", "a 3 false", "a 4 true", " 1 false", " 1 false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLogGoesOnAfterANumber(t *testing.T) {
	_, app := opened(t)
	for i := range 3 {
		deliver(t, app, fmt.Sprint(i), "good", approved)
	}
	for after, want := range map[int]int{-5: 3, 0: 3, 2: 1, 3: 0, 99: 0} {
		got := logged(t, app, after)
		if len(got.Calls) != want || got.Calls == nil || got.Run == "" {
			t.Errorf("after %d: %d calls of run %q", after, len(got.Calls), got.Run)
		}
	}
	if got := logged(t, app, 2).Calls; got[0].Number != 3 {
		t.Errorf("number %d after 2", got[0].Number)
	}
}

func TestLogIsBounded(t *testing.T) {
	_, app := opened(t)
	for i := range maxCalls + 25 {
		letters := 10
		if i >= maxCalls+20 {
			letters = maxBody
		}
		deliver(t, app, fmt.Sprint("id-", i), "bad", fmt.Sprintf("%d ", i)+strings.Repeat("é", letters))
	}
	calls := logged(t, app, 0).Calls
	if len(calls) != maxCalls || calls[0].Number != 26 || calls[maxCalls-1].Number != maxCalls+25 {
		t.Fatalf("%d calls from %d on", len(calls), calls[0].Number)
	}
	for i, c := range calls {
		// The server uses its buffers again: what is kept has to be a copy.
		if want := fmt.Sprint("id-", i+25); c.ID != want || !strings.HasPrefix(c.Body, fmt.Sprint(i+25, " é")) {
			t.Fatalf("call %d has become %q", i, c.ID)
		}
		if long := i >= maxCalls-5; c.Truncated != long || len(c.Body) > maxBody+len("\uFFFD") {
			t.Fatalf("%d bytes of call %d kept", len(c.Body), i)
		}
	}
}

// Indenting a forger's thousand brackets would make megabytes of them.
func TestForgedBodyIsNotIndented(t *testing.T) {
	_, app := opened(t)
	nested := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	deliver(t, app, "f", "bad", nested)
	deliver(t, app, "g", "good", nested)
	calls := logged(t, app, 0).Calls
	if calls[0].Body != nested {
		t.Errorf("%d bytes instead of %d", len(calls[0].Body), len(nested))
	}
	if len(calls[1].Body) != maxBody || !calls[1].Truncated {
		t.Errorf("%d bytes of the genuine one", len(calls[1].Body))
	}
}

func TestCompressedBodyIsNotInflated(t *testing.T) {
	_, app := opened(t)
	r := httptest.NewRequest(http.MethodPost, "/demo/webhooks/receive", strings.NewReader("not gzip"))
	r.Header.Set("Content-Encoding", "gzip")
	ask(t, app, r)
	if got := logged(t, app, 0).Calls; len(got) != 1 || got[0].Body != "not gzip" {
		t.Errorf("kept %+v", got)
	}
}

func TestInboxIsSafeForMany(t *testing.T) {
	paper, _ := opened(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				paper.inbox.take(http.Header{}, []byte(approved))
				paper.inbox.after(0)
			}
		})
	}
	wait.Wait()
	calls := paper.inbox.after(0)
	for i, c := range calls {
		if c.Number != int64(8*50-maxCalls+1+i) {
			t.Fatalf("number %d at %d", c.Number, i)
		}
	}
	if len(calls) != maxCalls {
		t.Errorf("%d calls", len(calls))
	}
}

func FuzzTake(f *testing.F) {
	f.Add("e1", approved, true)
	f.Add("", `{"type":7,"data":[]}`, true)
	f.Add("\xff", "\xff{", false)
	f.Add(strings.Repeat("ü", 400), `{"timestamp":"no"}`, true)
	f.Fuzz(func(t *testing.T, id, body string, genuine bool) {
		in := inbox{
			now: func() time.Time { return noon },
			verify: func(http.Header, []byte) error {
				if !genuine {
					return fmt.Errorf("wrong: %s", id)
				}
				return nil
			},
		}
		c := in.take(http.Header{"Webhook-Id": {id}, "X-Long": {id + body}}, []byte(body))
		for _, text := range []string{c.ID, c.Type, c.Page, c.Author, c.Excerpt, c.Actor, c.Problem} {
			if len(text) > maxLine {
				t.Errorf("%d bytes of %q", len(text), text)
			}
		}
		if !utf8.ValidString(c.Body) || c.Verified != genuine || len(in.after(0)) != 1 {
			t.Errorf("took %+v", c)
		}
		if _, err := json.Marshal(in.after(0)); err != nil {
			t.Error(err)
		}
	})
}
