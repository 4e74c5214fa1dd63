package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// laterMost is the longest that a check may take for a later answer.
const laterMost = 7 * 24 * time.Hour

// signedHTTP is our own shape: a newsroom writes twenty lines and has a check.
func signedHTTP() kind {
	return kind{
		secret: signing, hint: moderation.HintReview, personal: true, teaches: true,
		settings: []setting{{"feedback", "off", choice("on", "off")}},
		sends:    []string{"the text and its links", "the page’s address and title", "the author’s name and record on this site", "the ids of comment and site"},
		request: func(c *Check, q Question) (call, error) {
			return c.signed(q.ID, questionOf(q))
		},
		read: func(c *Check, q Question, in reply) (Opinion, error) {
			return readAnswer(c, q, in)
		},
		teach: func(c *Check, q Question, l Lesson) (call, bool) {
			v := questionOf(q)
			v.Type, v.Callback, v.Decision = "decision", "", &decisionJSON{l.Status, l.Flagged}
			out, err := c.signed(q.ID+"-decision", v)
			return out, err == nil
		},
	}
}

// questionJSON is the body of a question.
type questionJSON struct {
	Type     string        `json:"type"` // "check" or "decision"
	ID       string        `json:"id"`   // of the question
	Site     string        `json:"site"`
	Page     pageJSON      `json:"page"`
	Comment  commentJSON   `json:"comment"`
	Author   authorJSON    `json:"author"`
	Callback string        `json:"callback,omitempty"`
	Decision *decisionJSON `json:"decision,omitempty"`
}

type pageJSON struct {
	Key   string `json:"key"`
	URL   string `json:"url"`
	Title string `json:"title"`
}

type commentJSON struct {
	ID       string   `json:"id"`
	ParentID string   `json:"parent_id,omitempty"`
	Revision int      `json:"revision"`
	Text     string   `json:"text"`
	Plain    string   `json:"plain"`
	Links    []string `json:"links"`
}

type authorJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Approved  int    `json:"approved"`
	Rejected  int    `json:"rejected"`
	Email     string `json:"email,omitempty"`
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
}

type decisionJSON struct {
	Status  string `json:"status"`
	Flagged bool   `json:"flagged"` // the check had spoken against it
}

func questionOf(q Question) questionJSON {
	s := q.Subject
	links := s.Links
	if links == nil {
		links = []string{}
	}
	return questionJSON{
		Type: "check", ID: q.ID, Site: s.Site.Key, Callback: q.Callback,
		Page:    pageJSON{s.Page.Key, s.Page.URL, s.Page.Title},
		Comment: commentJSON{q.CommentID, q.ParentID, s.Revision, s.Text, s.Plain, links},
		Author: authorJSON{
			s.Author.ID, s.Author.Name, s.Author.Kind, s.Author.Approved, s.Author.Rejected,
			q.Email, q.IP, q.Agent,
		},
	}
}

func (c *Check) signed(id string, v any) (call, error) {
	body, err := marshal(v)
	if err != nil {
		return call{}, failed("question", "The question could not be written.")
	}
	out := newCall(c.URL, "application/json", body)
	signed, err := Sign(c.Secret, id, time.Now(), body)
	if err != nil {
		return call{}, failed("key", "The secret of the check cannot sign.")
	}
	for name, values := range signed {
		out.header[name] = values
	}
	return out, nil
}

// marshal writes JSON without the escapes for HTML, which would double the size
// of some texts.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// unmarshal reads one JSON value with nothing behind it.
func unmarshal(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind it")
	}
	return nil
}

// Answer is what a check answers in our own shape, at once or later.
type Answer struct {
	Hint     moderation.Hint   `json:"hint"`
	Code     string            `json:"code"`
	Sentence string            `json:"sentence"`
	Spans    []moderation.Span `json:"spans"`
	Score    *float64          `json:"score"`
	Data     map[string]string `json:"data"`
}

// Evidence is what the answer comes to under this check's bounds. An error says
// what is wrong with the answer.
func (c *Check) Evidence(a Answer) ([]moderation.Evidence, error) {
	if a.Hint != "" && a.Hint != moderation.HintApprove && !known(a.Hint) {
		return nil, garbage("the hint is none, hold, review, spam or reject")
	}
	if a.Score != nil && !(*a.Score >= 0 && *a.Score <= 1) {
		return nil, garbage("the score is a number from 0 to 1")
	}
	e := moderation.Evidence{Hint: a.Hint, Code: a.Code, Sentence: a.Sentence, Spans: a.Spans, Data: map[string]string{}}
	for name, value := range a.Data {
		e.Data[name] = value
	}
	if a.Score != nil {
		e.Data[scoreFact(c.Name)] = score(*a.Score)
	}
	if e.Sentence == "" {
		e.Sentence = c.Name + " has nothing against it."
		if c.bounded(a.Hint) != moderation.HintNone {
			e.Sentence = c.Name + " objects, and gives no reason."
		}
	}
	return c.tidy([]moderation.Evidence{e}), nil
}

func known(h moderation.Hint) bool {
	for _, one := range hints() {
		if one == h {
			return true
		}
	}
	return false
}

func readAnswer(c *Check, q Question, in reply) (Opinion, error) {
	if in.status == http.StatusNoContent || len(bytes.TrimSpace(in.body)) == 0 {
		found, err := c.Evidence(Answer{})
		return Opinion{Evidence: found}, err
	}
	if in.status == http.StatusAccepted {
		return readLater(q, in.body)
	}
	var a Answer
	if err := unmarshal(in.body, &a); err != nil {
		return Opinion{}, garbage("it is not the JSON of an answer")
	}
	found, err := c.Evidence(a)
	return Opinion{Evidence: found}, err
}

func readLater(q Question, body []byte) (Opinion, error) {
	var a struct {
		Later  bool   `json:"later"`
		Within string `json:"within"`
	}
	if err := unmarshal(body, &a); err != nil || !a.Later {
		return Opinion{}, garbage("with 202 comes {\"later\": true, \"within\": \"10m\"}")
	}
	within, err := time.ParseDuration(a.Within)
	if err != nil || within < time.Second || within > laterMost {
		return Opinion{}, garbage("within is a time from 1s to 168h")
	}
	if q.Callback == "" {
		return Opinion{}, garbage("a later answer is not possible here")
	}
	return Opinion{Later: within}, nil
}
