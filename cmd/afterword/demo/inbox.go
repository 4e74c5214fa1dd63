package demo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// What the inbox keeps. Anybody may call the receiver, so all of it is bounded.
const (
	maxCalls  = 200
	maxBody   = 64 << 10 // bytes of one call's body
	maxLines  = 40       // headers of one call
	maxHeader = 1 << 10  // bytes of one header's value
	maxLine   = 300      // bytes of a name, a title or an excerpt
)

// inbox is the receiver's memory: the last calls, oldest first.
type inbox struct {
	verify func(headers http.Header, body []byte) error
	now    func() time.Time

	mu    sync.Mutex
	last  int64
	calls []call
}

// call is one delivery as it came in. Verified says whose word the rest is: of
// a call that is not verified it is whatever the caller chose to say.
type call struct {
	Number     int64       `json:"number"` // 1, 2, 3… since the start
	ReceivedAt time.Time   `json:"received_at"`
	Verified   bool        `json:"verified"`
	Problem    string      `json:"problem"` // what is wrong with the signature
	ID         string      `json:"id"`
	Attempt    int         `json:"attempt"`   // how often this id has come in
	Duplicate  bool        `json:"duplicate"` // it had been accepted before
	Type       string      `json:"type"`
	Actor      string      `json:"actor"`
	Page       string      `json:"page"`
	Author     string      `json:"author"`
	Excerpt    string      `json:"excerpt"`
	DelayMS    *int64      `json:"delay_ms"` // since the event; null unless verified and dated
	Headers    [][2]string `json:"headers"`
	Body       string      `json:"body"`
	Truncated  bool        `json:"truncated"`
}

// take reads a call and keeps it. Neither headers nor body are kept themselves.
func (in *inbox) take(headers http.Header, body []byte) call {
	c := call{
		ReceivedAt: in.now().UTC(),
		ID:         clip(headers.Get("Webhook-Id"), maxLine),
		Headers:    lines(headers),
	}
	if err := in.verify(headers, body); err != nil {
		c.Problem = clip(err.Error(), maxLine)
	} else {
		c.Verified = true
	}
	c.read(body)
	c.keep(body)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.number(&c)
	if len(in.calls) == maxCalls {
		in.calls = slices.Delete(in.calls, 0, 1)
	}
	in.calls = append(in.calls, c)
	return c
}

// number counts the call and compares it with those before it.
func (in *inbox) number(c *call) {
	in.last++
	c.Number, c.Attempt = in.last, 1
	for _, before := range in.calls {
		if c.ID != "" && before.ID == c.ID {
			c.Attempt++
			c.Duplicate = c.Duplicate || before.Verified && c.Verified
		}
	}
}

// after lists the calls with higher numbers, oldest first.
func (in *inbox) after(number int64) []call {
	in.mu.Lock()
	defer in.mu.Unlock()
	at := slices.IndexFunc(in.calls, func(c call) bool { return c.Number > number })
	if at < 0 {
		return []call{}
	}
	return slices.Clone(in.calls[at:])
}

// event is the part of a webhook's body that the log shows in words.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Comment struct {
			Author struct {
				Name string `json:"name"`
			} `json:"author"`
			Text string `json:"text"`
		} `json:"comment"`
		Page struct {
			Title string `json:"title"`
			URL   string `json:"url"`
		} `json:"page"`
		Actor struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"actor"`
	} `json:"data"`
}

// read fills in what the body says; what is no event says nothing.
func (c *call) read(body []byte) {
	var e event
	if json.Unmarshal(body, &e) != nil {
		return
	}
	c.Type = clip(e.Type, maxLine)
	c.Page = clip(e.Data.Page.Title, maxLine)
	if c.Page == "" {
		c.Page = clip(e.Data.Page.URL, maxLine)
	}
	c.Author = clip(e.Data.Comment.Author.Name, maxLine)
	c.Excerpt = clip(strings.Join(strings.Fields(e.Data.Comment.Text), " "), maxLine)
	c.Actor = clip(strings.TrimSpace(e.Data.Actor.Kind+" "+e.Data.Actor.Name), maxLine)
	if delay := c.ReceivedAt.Sub(e.Timestamp).Milliseconds(); c.Verified && !e.Timestamp.IsZero() && delay >= 0 {
		c.DelayMS = &delay
	}
}

// keep stores the body to be shown: indented if it is ours, as it came if it is
// not, since indenting blows up what a forger has nested deeply.
func (c *call) keep(body []byte) {
	shown := body
	var tidy bytes.Buffer
	if c.Verified && json.Indent(&tidy, body, "", "  ") == nil {
		shown = tidy.Bytes()
	}
	c.Truncated = len(shown) > maxBody
	c.Body = strings.ToValidUTF8(string(shown[:min(len(shown), maxBody)]), "\uFFFD")
}

// lines are the headers by name. What a browser would send along to prove who
// its user is stays out of a log that everybody may read.
func lines(headers http.Header) [][2]string {
	list := [][2]string{}
	for name, values := range headers {
		if name == "Cookie" || name == "Authorization" {
			continue
		}
		for _, value := range values {
			list = append(list, [2]string{strings.ToLower(name), clip(value, maxHeader)})
		}
	}
	slices.SortFunc(list, func(a, b [2]string) int {
		return strings.Compare(a[0]+"\n"+a[1], b[0]+"\n"+b[1])
	})
	return list[:min(len(list), maxLines)]
}

// clip copies at most limit bytes of a text and says so at its end.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return strings.Clone(text)
	}
	cut := limit - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
