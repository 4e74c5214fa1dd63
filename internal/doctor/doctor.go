// Package doctor tries an installation's promises on this machine: it starts the
// program on a scratch database, breaks it, and counts. The command doctor calls
// it. It knows a server from outside only: by its API, its webhooks and its
// process id.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// Trial is what to do.
type Trial struct {
	Program string        // that is tried
	Kills   int           // how often it is killed, at random moments
	Between time.Duration // from one start to the next kill, on average
	Say     func(string)  // hears of each step
}

// Counts is what was found. Everything but Duplicates has to be as it should:
// what was being sent when the program was killed is sent again, with the same
// webhook-id, since nobody can know whether it had arrived.
type Counts struct {
	Kills        int `json:"kills"`
	Acknowledged int `json:"acknowledged"` // comments
	Events       int `json:"events"`       // of them that have come, each counted once
	Calls        int `json:"calls"`
	Lost         int `json:"lost"`         // events of acknowledged comments that have not come
	Duplicates   int `json:"duplicates"`   // calls with an event that had been taken before
	OutOfOrder   int `json:"out_of_order"` // events that came before an earlier one of their comment
	BadSignature int `json:"bad_signatures"`
}

// Sound reports whether the promises were kept.
func (c Counts) Sound() bool {
	return c.Acknowledged > 0 && c.Lost+c.OutOfOrder+c.BadSignature == 0
}

const (
	site      = "doctor"
	origin    = "https://doctor.example"
	posters   = 4
	drainTime = 30 * time.Second // for everything to arrive at last
)

// schedule is that of the scratch installation: a receiver that refuses now and
// then is called again soon.
const schedule = "50ms,100ms,200ms,400ms,800ms,1s,1s,1s,1s,1s"

// Webhooks posts comments to a program that is killed again and again, and counts
// what its webhooks bring.
func Webhooks(ctx context.Context, t Trial) (c Counts, err error) {
	dir, err := os.MkdirTemp("", "afterword-doctor-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := newReceiver()
	if err != nil {
		return c, err
	}
	defer r.close()
	db := filepath.Join(dir, "scratch.db")
	if r.secret, err = furnish(ctx, db, r.url); err != nil {
		return c, err
	}
	p := &program{path: t.Program, db: db}
	if err := p.start(ctx); err != nil {
		return c, err
	}
	defer p.kill()
	said, err := t.torment(ctx, p)
	if err != nil {
		return c, err
	}
	t.Say(fmt.Sprintf("%d comments were acknowledged; waiting for their webhooks", len(said)))
	r.wait(ctx, said, drainTime)
	c = r.count(said)
	c.Kills = t.Kills
	return c, ctx.Err()
}

// furnish makes a site that publishes at once, and its endpoint.
func furnish(ctx context.Context, db, url string) (secret string, err error) {
	a, err := app.Open(ctx, app.Settings{DB: db, WebhookAllow: "127.0.0.0/8", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	actor, name := comment.Actor{Kind: comment.ActorOperator, Name: "doctor"}, "Doctor"
	_, err = a.Comments.AddSite(ctx, site, comment.SiteChange{
		Name: &name, Origins: []string{origin}, Options: map[string]string{"moderation": "off", "rate_limits": "off", "undo_window": "0s"},
	}, actor)
	if err != nil {
		return "", err
	}
	_, secret, err = a.Hooks.Add(ctx, site, webhook.Change{URL: url, Types: []string{comment.CommentCreated, comment.CommentApproved}}, actor)
	return secret, err
}

// torment posts while the program is killed and started again; it gives the ids
// of the comments that were acknowledged.
func (t Trial) torment(ctx context.Context, p *program) (said []string, err error) {
	posting, end := context.WithCancel(ctx)
	defer end()
	ids := make(chan []string, posters)
	for n := range posters {
		go func() { ids <- post(posting, p, n) }()
	}
	for kill := 1; kill <= t.Kills && err == nil; kill++ {
		pause(ctx, time.Duration((0.2+1.6*rand.Float64())*float64(t.Between)))
		p.kill()
		t.Say(fmt.Sprintf("killed, %d of %d", kill, t.Kills))
		err = p.start(ctx)
	}
	if err == nil {
		pause(ctx, t.Between)
	}
	end()
	for range posters {
		said = append(said, <-ids...)
	}
	return said, err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
