package checker

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

const purposeTicket = "check ticket"

// ticketGrace is how long a question may be known to its check before it is
// stored: the other checks have to answer first.
const ticketGrace = 10 * time.Second

// Ticket is a later answer that has shown a ticket and the right signature.
type Ticket struct {
	integration comment.Integration
	inquiry     string
}

// Open checks a ticket and the signature of the call that shows it. A ticket
// that was not made here, or whose check is gone, does not exist.
func (c *Checks) Open(ctx context.Context, ticket string, header http.Header, body []byte) (t Ticket, err error) {
	defer func() { c.count(err, true) }()
	payload, err := c.Ring.Open(purposeTicket, ticket)
	parts := strings.Split(payload, "|")
	if err != nil || len(parts) != 3 {
		return t, fault.Missing()
	}
	err = c.Store.View(ctx, func(r comment.Reader) error {
		t.integration, err = r.Integration(parts[0], parts[1])
		return err
	})
	if err != nil {
		return t, err
	}
	t.inquiry = parts[2]
	secret, err := c.secret(t.integration)
	if err != nil {
		return t, err
	}
	if err := external.Verify(secret, header, body, c.Now()); err != nil {
		return t, &fault.Error{Kind: fault.Unauthorized, Code: "bad_signature", Detail: "The signature does not hold: " + err.Error() + "."}
	}
	return t, nil
}

// Reply is a later answer: what it is about, and the answer itself.
type Reply struct {
	CommentID string
	Revision  int
	external.Answer
}

// Answer takes the answer of a ticket, once.
func (c *Checks) Answer(ctx context.Context, t Ticket, in Reply) (err error) {
	defer func() { c.count(err, false) }()
	l, err := c.line(t.integration)
	if err != nil {
		return err
	}
	found, err := l.check.Evidence(in.Answer)
	if err != nil {
		return fault.Input("hint", "invalid", err.Error())
	}
	err = c.Comments.End(ctx, comment.Ending{
		Site: t.integration.Site, Inquiry: t.inquiry, Callback: true, CommentID: in.CommentID, Revision: in.Revision,
		Heard: comment.Heard{Step: moderation.Step{Evidence: found}},
	})
	if fault.Is(err, "not_found") && c.early(t.inquiry) {
		return &fault.Error{Kind: fault.Unavailable, Code: "not_ready", Detail: "The comment is still being stored. Send the answer again in a second.", RetryAfter: time.Second}
	}
	return err
}

// early reports whether a question was made so lately that it may not be stored
// yet: its id is a UUID v7, which begins with the instant.
func (c *Checks) early(id string) bool {
	at, ok := comment.TimeOfID(id)
	age := c.Now().Sub(at)
	return ok && age < ticketGrace && age > -ticketGrace
}

// count counts what became of callbacks; what has only been opened counts when
// it fails.
func (c *Checks) count(err error, opened bool) {
	word := "taken"
	if err != nil {
		word = fault.Of(err).Code
	} else if opened {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[word]++
}

// Callbacks is the number of later answers by what became of them.
func (c *Checks) Callbacks() map[string]float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.outcomes)
}
