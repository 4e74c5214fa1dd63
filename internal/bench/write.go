package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/afterword-comments/afterword/internal/app"
	"github.com/afterword-comments/afterword/internal/bench/fill"
	"github.com/afterword-comments/afterword/internal/bench/load"
	"github.com/afterword-comments/afterword/internal/bench/raw"
	"github.com/afterword-comments/afterword/internal/comment"
)

// postPages is the number of pages that comments are posted to.
const postPages = 200

// writes measures how many comments are accepted: over HTTP, through every
// check, durable before they are answered. The floor is the bare driver that
// writes the same rows, as many to a commit as there are clients.
func (h *house) writes(ctx context.Context) error {
	for _, clients := range []int{16, 64} {
		v, err := h.posting(ctx, clients)
		if err != nil {
			return err
		}
		h.add(v.line(fmt.Sprint("write-", clients), fmt.Sprintf("comments accepted, %d clients", clients), "comments/s",
			fmt.Sprintf("the same rows through the bare driver, %d to a commit", clients),
			atLeast("ratio", v.ratio, 0.5), atLeast("a second", v.it.Rate, 3620), atMost("p99 ms", v.it.P99MS, 50)))
	}
	return nil
}

// posting compares on two new databases, which grow alike.
func (h *house) posting(ctx context.Context, clients int) (v versus, err error) {
	served, err := h.newDatabase(ctx, fmt.Sprint("served-", clients))
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, served.drop()) }()
	under, err := h.newDatabase(ctx, fmt.Sprint("floor-", clients))
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, under.drop()) }()
	footprint, db, err := under.footprint(ctx)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	server, err := h.launch(ctx, nil, serveArgs(served.dsn)...)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.ready("/readyz"); err != nil {
		return v, err
	}
	p := newPoster(server.addr, HeldSite, Origin)
	return compare(ctx, h.Rounds,
		func(ctx context.Context) (*load.Sample, error) { return p.load(clients, h.Time).Run(ctx) },
		func(ctx context.Context) (*load.Sample, error) {
			written, took, err := footprint.Write(ctx, db, clients, h.Time)
			return &load.Sample{Done: written, Took: took}, err
		})
}

// poster makes requests that post comments, no two alike.
type poster struct {
	addr, site, origin string
	readers            *fill.Readers
	taken              int
}

func newPoster(addr, site, origin string) *poster {
	return &poster{addr: addr, site: site, origin: origin, readers: fill.NewReaders(uint64(time.Now().UnixNano()))}
}

// load is posting for a time; a second one goes on with other comments.
func (p *poster) load(clients int, d time.Duration) load.Load {
	first := p.taken
	p.taken += 10_000_000
	return load.Load{Addr: p.addr, Clients: clients, Time: d, Status: 201, Request: func(_, n int) []byte {
		return p.post(first+n, fmt.Sprint("post-", n%postPages))
	}}
}

func (p *poster) post(n int, page string) []byte {
	s := p.submission(n, page)
	body, _ := json.Marshal(map[string]any{
		"page":   map[string]string{"key": s.Page.Key, "url": s.Page.URL, "title": s.Page.Title},
		"author": map[string]string{"name": s.Name, "email": s.Email},
		"text":   s.Text,
	})
	return load.Message{
		Method: "POST", Host: p.addr, Path: "/api/v1/sites/" + p.site + "/comments", Header: []string{"Origin: " + p.origin}, Body: body,
	}.Bytes()
}

func (p *poster) submission(n int, page string) comment.Submission {
	s := comment.Submission{Site: p.site, Page: comment.PageRef{Key: page, URL: p.origin + "/" + page, Title: "An article with a title"}}
	s.Name, s.Email, s.Text = p.readers.Post(n)
	return s
}

// database is one of its own for a comparison.
type database struct {
	house *house
	dsn   string
	drop  func() error
}

// newDatabase makes a database with an empty site.
func (h *house) newDatabase(ctx context.Context, name string) (d database, err error) {
	d.house = h
	if raw.Postgres(h.DB) {
		d.dsn, d.drop, err = raw.NewSchema(ctx, h.DB, "bench_"+name)
	} else {
		d.dsn, d.drop = h.file(name+".db"), func() error { return nil } // it goes with its directory
	}
	if err != nil {
		return d, err
	}
	return d, d.use(ctx, func(a *app.App) error {
		_, err := AddSite(ctx, a, HeldSite, "all")
		return err
	})
}

func (d database) use(ctx context.Context, do func(*app.App) error) error {
	a, err := d.house.openApp(ctx, d.dsn)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}

// footprintOf is the number of comments whose rows are written again.
const footprintOf = 1000

// footprint posts comments as the clients do and looks what they have left
// behind.
func (d database) footprint(ctx context.Context) (f *raw.Footprint, db *sql.DB, err error) {
	ids := make([]string, footprintOf)
	if err := d.use(ctx, func(a *app.App) error {
		p := newPoster("", HeldSite, Origin)
		var group errgroup.Group
		group.SetLimit(16)
		for i := range ids {
			group.Go(func() error {
				s, err := a.Comments.Submit(ctx, p.submission(i, fmt.Sprint("post-", i%postPages)))
				ids[i] = s.Comment.ID
				return err
			})
		}
		return group.Wait()
	}); err != nil {
		return nil, nil, err
	}
	if db, err = raw.Open(d.dsn); err != nil {
		return nil, nil, err
	}
	if f, err = raw.Learn(ctx, db, HeldSite, ids); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return f, db, nil
}
