package checker

import (
	"context"
	"slices"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

// healthMost is the number of questions that the figures rest on, newest first.
const healthMost = 2000

// Health is how an integration has been doing over its newest questions.
type Health struct {
	Asked    int // questions that have come to an end
	Waiting  int // that have not
	Silent   int // of those that have: without an answer
	P50, P95 time.Duration
	Since    time.Time // of the oldest question; zero = there is none
	Flagged  int       // answers that spoke against a comment
	Judged   int       // of those, where a person has decided since
	Agreed   int       // of those, where the person rejected too
	Missed   int       // answers that had nothing against what a person rejected
	Breaker  string    // closed, open or probing, in this process
	Until    time.Time // for an open one
}

// Health reads how an integration has been doing.
func (c *Checks) Health(ctx context.Context, site, id string) (h Health, err error) {
	var i comment.Integration
	var recent []comment.Inquiry
	err = c.Store.View(ctx, func(r comment.Reader) error {
		if i, err = r.Integration(site, id); err != nil {
			return err
		}
		recent, err = r.RecentInquiries(site, id, healthMost)
		return err
	})
	if err != nil {
		return h, err
	}
	h = sum(recent)
	h.Breaker = "closed"
	c.mu.Lock()
	l := c.lines[i.ID]
	c.mu.Unlock()
	if l != nil {
		h.Breaker, h.Until = l.state(c.Now())
	}
	return h, nil
}

func sum(recent []comment.Inquiry) (h Health) {
	var took []time.Duration
	for _, i := range recent {
		h.Since = i.CreatedAt
		if i.Took > 0 {
			took = append(took, i.Took)
		}
		bad := i.Decided == comment.Rejected || i.Decided == comment.Spam
		switch {
		case i.Open():
			h.Waiting++
			continue
		case i.State == comment.InquiryMoot:
			continue
		case i.State == comment.InquirySilent:
			h.Silent++
		case flagged(i):
			h.Flagged++
			if i.Decided != "" {
				h.Judged++
			}
			if bad {
				h.Agreed++
			}
		case bad:
			h.Missed++
		}
		h.Asked++
	}
	slices.Sort(took)
	if len(took) > 0 {
		h.P50, h.P95 = took[len(took)/2], took[len(took)*95/100]
	}
	return h
}

// Trial is what came of a text that was put to a check to try it.
type Trial struct {
	external.Exchange
	Evidence []moderation.Evidence
	Later    time.Duration
	Err      string // why there is no opinion
}

// Try puts a text to an integration, whether it is switched on or not, and shows
// what went over the line. Nothing is stored.
func (c *Checks) Try(ctx context.Context, site, id, text string) (t Trial, err error) {
	i, err := c.Get(ctx, site, id)
	if err != nil {
		return t, err
	}
	clean, err := markup.Clean(text)
	if err != nil || len(clean) > 20<<10 {
		return t, fault.Input("text", "invalid", "Give a text of at most 20 KiB.")
	}
	var st comment.Site
	if err := c.Store.View(ctx, func(r comment.Reader) error {
		st, err = r.Site(site)
		return err
	}); err != nil {
		return t, err
	}
	check, err := c.check(i)
	if err != nil {
		return t, err
	}
	limit := beforeMost
	if i.When == comment.AskAfter {
		limit = callTime / 2
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	opinion, shown, err := check.Try(ctx, c.question(c.sample(st, i, clean)))
	t = Trial{Exchange: shown, Evidence: opinion.Evidence, Later: opinion.Later}
	if err != nil {
		t.Err = err.Error()
	}
	return t, nil
}

// sample is a made-up question. Its ticket leads nowhere.
func (c *Checks) sample(st comment.Site, i comment.Integration, text string) comment.Question {
	tree := markup.Render(text)
	at := st.Origins[0] + "/a-page-to-try-checks"
	return comment.Question{
		Integration: i, Inquiry: c.NewID(), CommentID: c.NewID(), HTML: tree.HTML(), Email: "reader@example.org",
		Client: comment.Client{IP: "192.0.2.1", Agent: "Mozilla/5.0 (a browser to try checks)"},
		Subject: &moderation.Subject{
			Site:   moderation.Site{Key: st.Key, Mode: st.Options.Moderation, Language: st.Options.Language},
			Page:   moderation.Page{Key: at, URL: at, Title: "A page to try checks"},
			Author: moderation.Author{ID: "0", Name: "A reader", Kind: "guest"},
			Text:   text, Plain: tree.Plain(), Links: tree.Links(), Revision: 1, Now: c.Now(),
		},
	}
}
