package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

var peopleTests = map[string]func(*house){
	"people":         testPeople,
	"blocks":         testBlocks,
	"report records": testReporters,
	"reported queue": testReportedQueue,
}

func newSaying(author, id string, standing moderation.Standing, at time.Time) comment.Saying {
	return comment.Saying{
		Site: "daily", Author: author, ID: id, Note: "saw it “twice”", By: comment.Actor{Kind: comment.ActorModerator, ID: "u1", Name: "Grace"},
		Said: moderation.Said{Standing: standing, Until: after(60), Reason: "threats", By: "Grace", When: at},
	}
}

func testPeople(h *house) {
	h.newSites("daily", "weekly") // both have a1
	a2, a3 := newAuthor("daily", "a2"), newAuthor("daily", "a3")
	a3.Email = "a2@example.org"
	record := moderation.Record{Good: 1.25, Bad: 0.000001, At: after(2)}
	h.write(all(putAuthor(a2), putAuthor(a3),
		func(tx comment.Tx) error { return tx.PutRecord("daily", "a2", record, after(1)) },
		func(tx comment.Tx) error {
			return tx.PutSaying(newSaying("a2", "s1", moderation.StandingMuted, after(3)))
		},
		func(tx comment.Tx) error {
			return tx.PutSaying(newSaying("a2", "s2", moderation.StandingBanned, after(4)))
		},
		func(tx comment.Tx) error {
			return tx.PutSaying(newSaying("a3", "s3", moderation.StandingTrusted, after(5)))
		}))
	a2.Record, a2.LastRejected = record, after(1)
	a2.Said, a3.Said = newSaying("a2", "s2", moderation.StandingBanned, after(4)).Said, newSaying("a3", "s3", moderation.StandingTrusted, after(5)).Said
	full(h, a2)
	same(h, "author", get(h, func(r comment.Reader) (comment.Author, error) { return r.Author("daily", "a2") }), a2)
	said := get(h, func(r comment.Reader) ([]comment.Saying, error) { return r.Sayings("daily", "a2", 9) })
	same(h, "what was said, newest first", said, []comment.Saying{
		newSaying("a2", "s2", moderation.StandingBanned, after(4)), newSaying("a2", "s1", moderation.StandingMuted, after(3)),
	})
	people := func(q comment.PeopleQuery) (ids []string) {
		q.Site = "daily"
		for _, a := range get(h, func(r comment.Reader) ([]comment.Author, error) { return r.People(q) }) {
			ids = append(ids, a.ID)
		}
		return ids
	}
	same(h, "everybody", people(comment.PeopleQuery{Limit: 9}), []string{"a1", "a2", "a3"})
	same(h, "the second page", people(comment.PeopleQuery{After: "a1", Limit: 1}), []string{"a2"})
	same(h, "those with an address", people(comment.PeopleQuery{Email: "a2@example.org", Limit: 9}), []string{"a2", "a3"})
	same(h, "the banned", people(comment.PeopleQuery{Standing: moderation.StandingBanned, Limit: 9}), []string{"a2"})
	h.refused("a standing that there is not", func(tx comment.Tx) error { return tx.PutSaying(newSaying("a1", "s4", "hated", start)) })
}

func newBlock(site, id string, kind comment.BlockKind, value string) comment.Block {
	return comment.Block{
		Site: site, ID: id, Kind: kind, Value: value, Shown: "shown " + value, Effect: comment.BlockReject, Reason: "spam", Until: after(9),
		Author: "a1", By: "Grace", CreatedAt: start, Hits: 3, LastHit: after(1),
	}
}

func testBlocks(h *house) {
	h.newSites("daily", "weekly")
	b1, b2, everywhere := newBlock("daily", "b1", comment.BlockEmail, "x"), newBlock("daily", "b2", comment.BlockDomain, "x"), newBlock(comment.AllSites, "b3", comment.BlockEmail, "x")
	full(h, b1)
	put := func(b comment.Block) func(comment.Tx) error {
		return func(tx comment.Tx) error { return tx.PutBlock(b) }
	}
	h.write(all(put(b1), put(b2), put(everywhere),
		func(tx comment.Tx) error { return tx.Revise("daily", comment.ListBlocks) },
		func(tx comment.Tx) error { return tx.Revise(comment.AllSites, comment.ListBlocksEverywhere) }))
	blocks := func(site string) []comment.Block {
		return get(h, func(r comment.Reader) ([]comment.Block, error) { return r.Blocks(site) })
	}
	same(h, "blocks", blocks("daily"), []comment.Block{b1, b2})
	same(h, "of every site", blocks(comment.AllSites), []comment.Block{everywhere})
	same(h, "versions of another site", get(h, func(r comment.Reader) (map[comment.List]int64, error) { return r.Versions("weekly") }),
		map[comment.List]int64{comment.ListBlocksEverywhere: 1})
	same(h, "newest first", get(h, func(r comment.Reader) ([]comment.Block, error) { return r.BlocksPage("daily", "", 1) }), []comment.Block{b2})
	same(h, "the next page", get(h, func(r comment.Reader) ([]comment.Block, error) { return r.BlocksPage("daily", "b2", 9) }), []comment.Block{b1})
	same(h, "by value", get(h, func(r comment.Reader) (comment.Block, error) { return r.BlockOf("daily", comment.BlockDomain, "x") }), b2)
	same(h, "with a ban", get(h, func(r comment.Reader) ([]comment.Block, error) { return r.BlocksWith("daily", "a1") }), []comment.Block{b1, b2})

	again := newBlock("daily", "b9", comment.BlockEmail, "x")
	again.Effect, again.Reason, again.Hits = comment.BlockRefuse, "worse", 0
	h.write(all(put(again), func(tx comment.Tx) error { return tx.HitBlock("daily", "b1", after(5)) },
		func(tx comment.Tx) error { return tx.HitBlock("daily", "gone", after(5)) }))
	b1.Effect, b1.Reason, b1.Hits, b1.LastHit = again.Effect, again.Reason, 4, after(5)
	same(h, "changed and met", get(h, func(r comment.Reader) (comment.Block, error) { return r.Block("daily", "b1") }), b1)
	h.write(func(tx comment.Tx) error { return tx.RemoveBlock("daily", "b1") })
	same(h, "removed", blocks("daily"), []comment.Block{b2})
	if err := h.try(func(tx comment.Tx) error { return tx.RemoveBlock("daily", "b1") }); !fault.Is(err, "not_found") {
		h.Errorf("a block removed twice: %v", err)
	}
}

func testReporters(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	who := comment.Reporter{Site: "daily", ID: "q1", Record: moderation.Record{Good: 2.5, Bad: 1, At: after(1)}, Decided: 4, Seen: after(2)}
	full(h, who)
	put := func(tx comment.Tx) error { return tx.PutReporter(who) }
	h.write(put)
	who.Decided, who.Record.Bad = 5, 2
	h.write(put)
	same(h, "record", get(h, func(r comment.Reader) (comment.Reporter, error) { return r.Reporter("daily", "q1") }), who)

	report := comment.Report{Site: "daily", ID: "r1", CommentID: c.ID, Revision: 1, Reporter: "x", Reason: "spam", At: start, ReporterID: "q1", Network: "n", Weight: 500}
	newer := report
	newer.ID, newer.Revision = "r2", 2
	h.write(func(tx comment.Tx) error {
		for _, r := range []comment.Report{report, newer} {
			if _, err := tx.InsertReport(r); err != nil {
				return err
			}
		}
		return tx.ResolveReports("daily", c.ID, 1, comment.ReportDismissed)
	})
	on := func(revision int) []comment.Report {
		return get(h, func(r comment.Reader) ([]comment.Report, error) { return r.ReportsOn("daily", c.ID, revision, 9) })
	}
	report.Outcome = comment.ReportDismissed
	same(h, "resolved", on(1), []comment.Report{report})
	same(h, "of another revision", on(2), []comment.Report{newer})

	h.write(func(tx comment.Tx) error { _, err := tx.Prune(after(2).Add(181*24*time.Hour), 9); return err })
	absent(h, "a record of long ago", func(r comment.Reader) (comment.Reporter, error) { return r.Reporter("daily", "q1") })
}

func testReportedQueue(h *house) {
	h.newSites("daily", "weekly")
	light, heavy, foreign, none := newComment("daily"), newComment("daily"), newComment("weekly"), newComment("daily")
	light.Reported, heavy.Reported, foreign.Reported, none.Reported = 1000, 3000, 2000, 0
	h.post(light, heavy, foreign, none)
	page := func(limit int, after *comment.Place) (ids []string, next *comment.Place) {
		found := get(h, func(r comment.Reader) (found []comment.Comment, err error) {
			found, next, err = r.Queue(comment.QueueQuery{Sites: []string{"daily", "weekly"}, Reported: true, Limit: limit, After: after})
			return found, err
		})
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		return ids, next
	}
	ids, next := page(2, nil)
	same(h, "the heaviest", ids, []string{heavy.ID, foreign.ID})
	same(h, "where to go on", next, &comment.Place{Key: 2000, ID: foreign.ID})
	ids, next = page(2, next)
	same(h, "the rest", ids, []string{light.ID})
	same(h, "the end", next, (*comment.Place)(nil))
}
