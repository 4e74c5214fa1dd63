package comment

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// A tally counts how often a rule or a word has matched, and what people said of
// those revisions. It follows the log, with its cursor in the same transaction,
// so that each event counts once, whatever is killed when.

// TallyKind is what is tallied.
type TallyKind string

// The kinds of tallies.
const (
	TallyRule TallyKind = "rule"
	TallyWord TallyKind = "word"
)

// tallyKeys are the keys of evidence data that name what matched.
var tallyKeys = map[string]TallyKind{moderation.DataRule: TallyRule, "word_id": TallyWord}

// TallyKey is one rule or word, and when the revisions that it matched were
// written.
type TallyKey struct {
	Kind   TallyKind
	ID     string
	Period int
}

// Tally is what is counted.
type Tally struct {
	Hits     int // revisions that matched
	Approved int // of them, those that people approved or restored
	Rejected int // of them, those that people rejected or marked as spam
	Failed   int // times that a rule could not be worked out
}

func (t *Tally) add(o Tally) {
	t.Hits, t.Approved, t.Rejected, t.Failed = t.Hits+o.Hits, t.Approved+o.Approved, t.Rejected+o.Rejected, t.Failed+o.Failed
}

// Tallies are the tallies of one rule or word.
type Tallies struct{ All, Recent Tally }

// periodLength is how long a period is, and recentPeriods how many count as
// recent: the one under way and three before it.
const (
	periodLength  = 30 * 24 * time.Hour
	recentPeriods = 4
)

func periodOf(at time.Time) int { return int(at.Unix() / int64(periodLength/time.Second)) }

// Verdict is what a person has said last of a revision.
type Verdict string

// The verdicts, as the public types of event name them.
var verdicts = map[string]Verdict{
	CommentApproved: "approved", CommentRejected: "rejected", CommentMarkedSpam: "spam", CommentRestored: "restored",
}

// tally is what a verdict counts for.
func (v Verdict) tally(by int) Tally {
	switch v {
	case "":
		return Tally{}
	case "rejected", "spam":
		return Tally{Rejected: by}
	}
	return Tally{Approved: by}
}

// Judgement is a verdict on a revision.
type Judgement struct {
	Site, CommentID string
	Revision        int
	Verdict         Verdict
	Seq             int64 // of the event
	At              time.Time
}

// Found is what tallies count of a revision.
type Found struct {
	Trace     moderation.Trace
	CreatedAt time.Time
}

// tallyFollower is the name of the follower's cursor.
const tallyFollower = "tally"

// TallyFollower names the cursor of Tally.
func TallyFollower() string { return tallyFollower }

// Tally counts what consecutive events of a site tell.
func (s *Service) Tally(ctx context.Context, site string, events []Event) error {
	t := tallying{site: site, counts: map[TallyKey]Tally{}, verdicts: map[revisionID]Judgement{}}
	var from int64
	err := s.Store.View(ctx, func(r Reader) (err error) {
		if from, err = r.Followed(tallyFollower, site); err != nil {
			return err
		}
		t.r, t.lists = r, map[List]int64{}
		if site != "" {
			t.lists, err = r.Versions(site)
		}
		for i := range events {
			if err == nil && events[i].Seq > from {
				err = t.take(events[i])
			}
		}
		return err
	})
	if err != nil || len(t.counts)+len(t.verdicts) == 0 {
		return err
	}
	last := events[len(events)-1].Seq
	return s.Store.Write(ctx, Sites{site}, func(tx Tx) error {
		at, err := tx.Followed(tallyFollower, site)
		if err != nil || at != from { // another node has counted them
			return err
		}
		for key, by := range t.counts {
			if err := tx.Count(site, key, by); err != nil {
				return err
			}
		}
		for _, v := range t.verdicts {
			if err := tx.PutVerdict(v); err != nil {
				return err
			}
		}
		return tx.Follow(tallyFollower, site, last)
	})
}

type revisionID struct {
	comment string
	n       int
}

// tallying is what a batch of events comes to.
type tallying struct {
	site     string
	r        Reader
	lists    map[List]int64
	counts   map[TallyKey]Tally
	verdicts map[revisionID]Judgement
}

func (t *tallying) take(e Event) error {
	switch {
	case e.Type == CommentCreated:
		return t.hits(e, 1)
	case e.Type == CommentEdited:
		n, err := revisionOf(e)
		if err != nil {
			return err
		}
		return t.hits(e, n)
	case e.Type == RuleApplied:
		return t.applied(e)
	case e.Actor.Kind == ActorModerator && verdicts[e.Type] != "":
		return t.judge(e)
	}
	return nil
}

// revisionOf is the revision that an event of a comment is about.
func revisionOf(e Event) (int, error) {
	var body struct {
		Data struct {
			Comment struct {
				Revision int `json:"revision"`
			} `json:"comment"`
			Revision int `json:"revision"`
		} `json:"data"`
	}
	if err := json.NewDecoder(bytes.NewReader(e.Body)).Decode(&body); err != nil {
		return 0, fmt.Errorf("body of event %s: %w", e.ID, err)
	}
	return max(body.Data.Comment.Revision, body.Data.Revision), nil
}

// hits counts what a new revision matched. A site that never had a rule or a word
// is not looked at.
func (t *tallying) hits(e Event, n int) error {
	if t.lists[ListRules]+t.lists[ListWords] == 0 {
		return nil
	}
	f, err := t.r.Found(t.site, e.CommentID, n)
	if err != nil {
		return err
	}
	for key, failed := range f.keys(e.Seq) {
		by := Tally{Hits: 1}
		if failed {
			by = Tally{Failed: 1}
		}
		t.count(key, by)
	}
	return nil
}

// keys are what matched, from the beginning or by a report before an event, and
// whether it failed instead.
func (f Found) keys(before int64) map[TallyKey]bool {
	keys := map[TallyKey]bool{}
	for _, step := range f.Trace {
		for _, e := range step.Evidence {
			if seq := reportSeq(e); seq >= before {
				continue
			}
			for name, kind := range tallyKeys {
				if id := e.Data[name]; id != "" {
					keys[TallyKey{kind, id, periodOf(f.CreatedAt)}] = e.Code == moderation.CodeRuleFailed
				}
			}
		}
	}
	return keys
}

func (t *tallying) count(key TallyKey, by Tally) {
	sum := t.counts[key]
	sum.add(by)
	t.counts[key] = sum
}

func (t *tallying) judge(e Event) error {
	n, err := revisionOf(e)
	if err != nil {
		return err
	}
	at := revisionID{e.CommentID, n}
	before, err := t.verdict(at)
	if err != nil {
		return err
	}
	now := verdicts[e.Type]
	t.verdicts[at] = Judgement{t.site, e.CommentID, n, now, e.Seq, e.At}
	f, err := t.r.Found(t.site, e.CommentID, n)
	if err != nil {
		return err
	}
	by := now.tally(1)
	by.add(before.tally(-1))
	for key, failed := range f.keys(e.Seq) {
		if !failed && by != (Tally{}) {
			t.count(key, by)
		}
	}
	return nil
}

func (t *tallying) verdict(at revisionID) (Verdict, error) {
	if v, ok := t.verdicts[at]; ok {
		return v.Verdict, nil
	}
	return t.r.Verdict(t.site, at.comment, at.n)
}

// applied counts a rule that matched only when readers had reported.
func (t *tallying) applied(e Event) error {
	n, err := revisionOf(e)
	if err != nil {
		return err
	}
	f, err := t.r.Found(t.site, e.CommentID, n)
	if err != nil {
		return err
	}
	said, err := t.verdict(revisionID{e.CommentID, n})
	if err != nil {
		return err
	}
	by := said.tally(1)
	by.Hits = 1
	t.count(TallyKey{TallyRule, e.Actor.ID, periodOf(f.CreatedAt)}, by)
	return nil
}

// Precision is how right a rule or a word has been, by what people said of what
// it matched. For what speaks against comments, right means rejected.
type Precision struct {
	Hits    int     `json:"hits"`
	Decided int     `json:"decided"` // of them, by people
	Right   int     `json:"right"`
	Share   float64 `json:"share"`    // right among decided; 0 where none is
	AtLeast float64 `json:"at_least"` // that share in truth, with 95 % confidence
	Failed  int     `json:"failed"`
	Recent  Recent  `json:"recent"`
	// Decayed says that of late it is right so much more seldom that it is no
	// chance: a reason to retire it.
	Decayed bool `json:"decayed"`
}

// Recent is what is counted of the last three to four months.
type Recent struct {
	Hits    int `json:"hits"`
	Decided int `json:"decided"`
	Right   int `json:"right"`
}

// enoughDecided is how many decisions it takes, recent and older, before one is
// held against the other.
const enoughDecided = 20

func precisionOf(t Tallies, approves bool) Precision {
	right := func(t Tally) int {
		if approves {
			return t.Approved
		}
		return t.Rejected
	}
	p := Precision{Hits: t.All.Hits, Decided: t.All.Approved + t.All.Rejected, Right: right(t.All), Failed: t.All.Failed}
	p.Recent = Recent{t.Recent.Hits, t.Recent.Approved + t.Recent.Rejected, right(t.Recent)}
	if p.Decided > 0 {
		p.Share = float64(p.Right) / float64(p.Decided)
	}
	p.AtLeast = moderation.AtLeast(p.Right, p.Decided)
	older, olderRight := p.Decided-p.Recent.Decided, p.Right-p.Recent.Right
	if older >= enoughDecided && p.Recent.Decided >= enoughDecided {
		atMost := 1 - moderation.AtLeast(p.Recent.Decided-p.Recent.Right, p.Recent.Decided)
		p.Decayed = atMost < float64(olderRight)/float64(older)
	}
	return p
}

// RulePrecision gives how precise rules of one site have been, by their ids; one
// that has matched nothing is not in it.
func (s *Service) RulePrecision(ctx context.Context, of []Rule) (map[string]Precision, error) {
	if len(of) == 0 {
		return nil, nil
	}
	approves := map[string]bool{}
	for _, r := range of {
		approves[r.ID] = r.Action == moderation.HintApprove
	}
	return s.precision(ctx, of[0].Site, TallyRule, approves)
}

// tellPrecision adds to words of a site how precise each has been.
func (s *Service) tellPrecision(ctx context.Context, site string, words []ListedWord) error {
	precise, err := s.precision(ctx, site, TallyWord, nil)
	for i := range words {
		words[i].Precision = precise[words[i].ID]
	}
	return err
}

func (s *Service) precision(ctx context.Context, site string, kind TallyKind, approves map[string]bool) (map[string]Precision, error) {
	var tallies map[string]Tallies
	err := s.Store.View(ctx, func(r Reader) (err error) {
		tallies, err = r.Tallies(site, kind, periodOf(s.Now())-recentPeriods+1)
		return err
	})
	out := make(map[string]Precision, len(tallies))
	for id, t := range tallies {
		out[id] = precisionOf(t, approves[id])
	}
	return out, err
}
