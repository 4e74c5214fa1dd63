package storetest

import (
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

var ruleTests = map[string]func(*house){
	"rule":                       testRule,
	"rules of sites":             testRulesOfSites,
	"tallies":                    testTallies,
	"verdicts":                   testVerdicts,
	"what people decided":        testJudged,
	"what is found of a comment": testFound,
	"cursor with what it counts": testFollowed,
}

func newRule(site, id, name string) comment.Rule {
	return comment.Rule{
		Rule: moderation.Rule{
			ID: id, Version: 1, Name: name, When: `links.count > 2 and text.plain contains "“x”"`, Action: moderation.HintHold, Reason: "Many links.",
			Tag: "links", Notify: true, Priority: 7, Mode: moderation.RuleActive, Expires: after(9), Owner: "Ann",
		},
		Site: site, Override: "because", CreatedAt: start, ChangedAt: after(1),
	}
}

var ann = comment.Actor{Kind: comment.ActorModerator, ID: "u1", Name: "Ann"}

func putRule(r comment.Rule) func(comment.Tx) error {
	return func(tx comment.Tx) error { return tx.PutRule(r, ann) }
}

func testRule(h *house) {
	h.newSites("daily")
	r := newRule("daily", "r1", "Links")
	full(h, r)
	h.write(putRule(r))
	read := func() comment.Rule {
		return get(h, func(rd comment.Reader) (comment.Rule, error) { return rd.Rule("daily", "r1") })
	}
	same(h, "rule", read(), r)
	first := r
	r.Version, r.Name, r.Mode, r.Expires, r.ChangedAt = 2, "More links", moderation.RuleOff, time.Time{}, after(2)
	h.write(putRule(r))
	same(h, "changed rule", read(), r)
	h.conflicts("a version twice", putRule(r))
	versions := func(limit int) []comment.RuleVersion {
		return get(h, func(rd comment.Reader) ([]comment.RuleVersion, error) { return rd.RuleVersions("daily", "r1", limit) })
	}
	want := []comment.RuleVersion{{Version: 2, Rule: r, By: ann, At: after(2)}, {Version: 1, Rule: first, By: ann, At: after(1)}}
	same(h, "versions, newest first", versions(9), want)
	same(h, "the newest version", versions(1), want[:1])
	h.write(func(tx comment.Tx) error { return tx.RemoveRule("daily", "r1") })
	absent(h, "removed rule", func(rd comment.Reader) (comment.Rule, error) { return rd.Rule("daily", "r1") })
	same(h, "versions of a removed rule", versions(9), want)
	if err := h.try(func(tx comment.Tx) error { return tx.RemoveRule("daily", "r1") }); !isMissing(err) {
		h.Errorf("removing what is gone: %v", err)
	}
	if n := get(h, func(rd comment.Reader) (map[comment.List]int64, error) { return rd.Versions("daily") })[comment.ListRules]; n != 3 {
		h.Errorf("the list was changed %d times, want 3", n)
	}
}

func testRulesOfSites(h *house) {
	h.newSites("daily", "weekly")
	a, b, other := newRule("daily", "r1", "Z"), newRule("daily", "r2", "A"), newRule("weekly", "r1", "Z")
	h.write(all(putRule(a), putRule(b), putRule(other)))
	same(h, "rules", get(h, func(rd comment.Reader) ([]comment.Rule, error) { return rd.Rules("daily") }), []comment.Rule{a, b})
	twin := newRule("daily", "r3", "A")
	h.conflicts("a name twice", putRule(twin))
}

func testTallies(h *house) {
	h.newSites("daily", "weekly")
	count := func(site string, kind comment.TallyKind, id string, period int, by comment.Tally) {
		h.write(func(tx comment.Tx) error {
			return tx.Count(site, comment.TallyKey{Kind: kind, ID: id, Period: period}, by)
		})
	}
	count("daily", comment.TallyRule, "r1", 5, comment.Tally{Hits: 3, Approved: 1, Rejected: 1, Failed: 4})
	count("daily", comment.TallyRule, "r1", 5, comment.Tally{Hits: 1, Approved: -1, Rejected: 1})
	count("daily", comment.TallyRule, "r1", 7, comment.Tally{Hits: 2, Approved: 2})
	count("daily", comment.TallyRule, "r2", 7, comment.Tally{Hits: 1})
	count("daily", comment.TallyWord, "r1", 7, comment.Tally{Hits: 8})
	count("weekly", comment.TallyRule, "r1", 7, comment.Tally{Hits: 16})
	same(h, "tallies", get(h, func(rd comment.Reader) (map[string]comment.Tallies, error) {
		return rd.Tallies("daily", comment.TallyRule, 7)
	}),
		map[string]comment.Tallies{
			"r1": {All: comment.Tally{Hits: 6, Approved: 2, Rejected: 2, Failed: 4}, Recent: comment.Tally{Hits: 2, Approved: 2}},
			"r2": {All: comment.Tally{Hits: 1}, Recent: comment.Tally{Hits: 1}},
		})
}

func judgement(c comment.Comment, verdict comment.Verdict, seq int64) comment.Judgement {
	return comment.Judgement{Site: c.Site, CommentID: c.ID, Revision: c.Text.N, Verdict: verdict, Seq: seq, At: after(int(seq))}
}

func testVerdicts(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	verdict := func(revision int) comment.Verdict {
		return get(h, func(rd comment.Reader) (comment.Verdict, error) { return rd.Verdict("daily", c.ID, revision) })
	}
	if v := verdict(2); v != "" {
		h.Errorf("a verdict %q before any", v)
	}
	for seq, v := range []comment.Verdict{"approved", "spam"} {
		h.write(func(tx comment.Tx) error { return tx.PutVerdict(judgement(c, v, int64(seq+1))) })
		if got := verdict(2); got != v {
			h.Errorf("verdict %q, want %q", got, v)
		}
	}
	if v := verdict(1); v != "" {
		h.Errorf("another revision has the verdict %q", v)
	}
}

func testJudged(h *house) {
	h.newSites("daily", "weekly")
	first, second, third, foreign := newComment("daily"), newComment("daily"), newComment("daily"), newComment("weekly")
	h.post(first, second, third, foreign)
	h.write(func(tx comment.Tx) error {
		for i, c := range []comment.Comment{second, first, third, foreign} {
			if err := tx.PutVerdict(judgement(c, "rejected", int64(10*i+10))); err != nil {
				return err
			}
		}
		for _, r := range []comment.Report{
			{Site: "daily", ID: "r1", CommentID: first.ID, Revision: 2, Reporter: "a", Reason: "spam", Weight: 250, At: start},
			{Site: "daily", ID: "r2", CommentID: first.ID, Revision: 2, Reporter: "b", Reason: "spam", At: after(99)},
			{Site: "daily", ID: "r3", CommentID: first.ID, Revision: 1, Reporter: "a", Reason: "spam", At: start},
		} {
			if _, err := tx.InsertReport(r); err != nil {
				return err
			}
		}
		return nil
	})
	read := func(before int64, limit int) []comment.Judged {
		return get(h, func(rd comment.Reader) ([]comment.Judged, error) { return rd.Judged("daily", before, limit) })
	}
	want := func(c comment.Comment, seq int64, reports int) comment.Judged {
		a, p := newAuthor("daily", c.AuthorID), newPage("daily", c.PageID)
		return comment.Judged{
			Seq: seq, Verdict: "rejected", At: after(int(seq)), Revision: c.Text, ParentID: c.ParentID, Reports: reports, Reported: 250 * reports,
			Author: comment.Author{Name: c.AuthorName, Kind: c.AuthorKind, FirstSeen: a.FirstSeen},
			Page:   comment.Page{Key: p.Key, URL: p.URL, Title: p.Title, CreatedAt: p.CreatedAt},
		}
	}
	same(h, "newest first", read(1<<60, 9), []comment.Judged{want(third, 30, 0), want(first, 20, 1), want(second, 10, 0)})
	same(h, "the next", read(30, 1), []comment.Judged{want(first, 20, 1)})
}

func testFound(h *house) {
	h.newSites("daily")
	c := newComment("daily")
	h.post(c)
	found := func() comment.Found {
		return get(h, func(rd comment.Reader) (comment.Found, error) { return rd.Found("daily", c.ID, 2) })
	}
	same(h, "what tallies do not count", found(), comment.Found{CreatedAt: c.Text.CreatedAt})
	c.Text.Trace = append(c.Text.Trace, moderation.Step{Check: "rules", Version: 1, Evidence: []moderation.Evidence{{
		Check: "rules", Version: 1, Code: "rule", Hint: moderation.HintNone, Sentence: "It matches.", Spans: []moderation.Span{}, Data: map[string]string{"rule_id": "r1"},
	}}})
	h.write(func(tx comment.Tx) error { return tx.SetTrace(c.Text) })
	same(h, "what they count", found(), comment.Found{Trace: c.Text.Trace, CreatedAt: c.Text.CreatedAt})
	same(h, "the revision", get(h, func(rd comment.Reader) (comment.Revision, error) { return rd.Revision("daily", c.ID, 2) }), c.Text)
}

func testFollowed(h *house) {
	h.newSites("daily")
	at := func() int64 {
		return get(h, func(rd comment.Reader) (int64, error) { return rd.Followed("tally", "daily") })
	}
	if n := at(); n != 0 {
		h.Errorf("begins at %d", n)
	}
	for _, to := range []int64{5, 3, 8} {
		h.write(func(tx comment.Tx) error { return tx.Follow("tally", "daily", to) })
	}
	if n := at(); n != 8 {
		h.Errorf("stands at %d, want 8", n)
	}
}
