package comment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Sweep is the search for what a legal term finds among the comments that are
// public already, or about to be.
type Sweep struct {
	Site, WordID string
	Since        time.Time // of the term; what a person has approved later stays
	Stage        SweepStage
	PageID       string // where it is, in stage SweepPages
	After        string // the last comment that it has looked at
	Looked       int    // texts
	Found        int    // comments put back into the queue
}

// SweepStage is how far a sweep has come.
type SweepStage string

// The stages of a sweep: through the pages of the term or through the whole site,
// then once more through what was posted while other nodes may not have known
// the term.
const (
	SweepPages SweepStage = "pages"
	SweepSite  SweepStage = "site"
	SweepLate  SweepStage = "late"
	SweepDone  SweepStage = "done"
)

// sweepReader and sweepWriter keep the sweeps; see Reader and Tx.
type sweepReader interface {
	Sweeps(site string) ([]Sweep, error)
	RunningSweeps(limit int) ([]Sweep, error) // by site and word
	// Passing lists the comments after one, by id: of a page, or of the whole site
	// if page is "". Each comes with the text that readers see and the one that
	// they will see if a held decision lets them, which may be two lines; or with
	// revision 0 where there is neither.
	Passing(site, page, after string, limit int) ([]Passing, error)
	PagesNamed(site, url, after string, limit int) ([]Page, error) // with this address, by id, after one
}

type sweepWriter interface {
	PutSweep(s Sweep) error // in place of an older one of the same word
	// MoveSweep writes how far a sweep has come; it is a conflict unless it stands
	// at from.
	MoveSweep(s, from Sweep) error
	RemoveSweep(site, word string) error
}

// Passing is a comment that a sweep goes by.
type Passing struct {
	ID, PageID, Author string
	Revision           int
	Source             string
}

// How a sweep goes about it.
const (
	sweepLook = 500                    // lines read at a time
	sweepMost = 25                     // comments changed in one transaction
	sweepLate = 2 * rulesAge           // after which every node knows a term
	lateReach = time.Minute            // before a term, from which late comments are looked for
	sweepPoll = 500 * time.Millisecond // a part of the 2 s that a term may take
	sweepRuns = 100                    // sweeps of one look
)

// sweepsOf are the sweeps of a site, by word.
func sweepsOf(r Reader, site string) (map[string]*Sweep, error) {
	all, err := r.Sweeps(site)
	byWord := make(map[string]*Sweep, len(all))
	for i := range all {
		byWord[all[i].WordID] = &all[i]
	}
	return byWord, err
}

func (s *Service) beginSweep(tx Tx, w Word) error {
	if w.List != moderation.ListLegal {
		return nil
	}
	v := Sweep{Site: w.Site, WordID: w.ID, Since: w.Since, Stage: SweepSite}
	if w.Page != "" {
		v.Stage = SweepPages
	}
	return tx.PutSweep(v)
}

// sweepAgain sweeps for a term that was changed, or that had expired.
func (s *Service) sweepAgain(tx Tx, w, before Word, at time.Time) error {
	expired := !before.ExpiresAt.IsZero() && !at.Before(before.ExpiresAt)
	switch {
	case w.List != moderation.ListLegal:
		return tx.RemoveSweep(w.Site, w.ID)
	case w.sameMatter(before) && !expired:
		return nil
	}
	return s.beginSweep(tx, w)
}

// Sweeper carries out the sweeps of legal terms. One runs on each node; each step
// is taken by one of them, and another goes on where one has died.
type Sweeper struct {
	Service *Service
	OnError func(error) // hears of what will be tried again
}

// Run sweeps until ctx is cancelled.
func (w *Sweeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.Service.SweepTerms(ctx); err != nil && ctx.Err() == nil {
			w.OnError(err)
		}
		timer := time.NewTimer(sweepPoll)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// SweepTerms brings every running sweep as far as it goes for now.
func (s *Service) SweepTerms(ctx context.Context) error {
	var running []Sweep
	err := s.Store.View(ctx, func(r Reader) (err error) {
		running, err = r.RunningSweeps(sweepRuns)
		return err
	})
	for _, v := range running {
		for moves := true; moves && ctx.Err() == nil && v.Stage != SweepDone; {
			before := v
			step, serr := s.sweepStep(ctx, &v)
			if fault.Is(serr, "conflict") || fault.Is(serr, "not_found") { // another node took the step, or the term is gone
				serr = nil
			}
			err = errors.Join(err, serr)
			moves = step && serr == nil && v != before
		}
	}
	return err
}

// sweepStep looks at the next comments and deals with them. It reports false
// where there is nothing to do for now.
func (s *Service) sweepStep(ctx context.Context, v *Sweep) (bool, error) {
	if v.Stage == SweepLate && s.Now().Before(v.Since.Add(sweepLate)) {
		return false, nil
	}
	step := sweepStep{s: s, from: *v, to: *v}
	if err := s.Store.View(ctx, func(r Reader) error { return step.look(r, s.Now()) }); err != nil {
		return false, err
	}
	for {
		some := step.found[:min(len(step.found), sweepMost)]
		step.found = step.found[len(some):]
		next := step.to
		if len(step.found) > 0 {
			next = step.from
			next.After, next.Looked = some[len(some)-1].id, step.from.Looked
		}
		next.Found = step.from.Found
		ask := func(r Reader) { step.foresee(r, some) }
		err := s.Store.WriteAfter(ctx, Sites{v.Site}, ask, func(tx Tx) error { return step.deal(tx, &next, some) })
		if err != nil {
			return false, err
		}
		*v, step.from = next, next
		if len(step.found) == 0 {
			return true, nil
		}
	}
}

// sweepStep is one stretch of a sweep.
type sweepStep struct {
	s        *Service
	word     Word
	from, to Sweep // where it stands, and where it will stand
	found    []sighting
}

// sighting is a comment in which a term was found.
type sighting struct {
	id, page string
	revision int
	evidence []moderation.Evidence
}

// look reads the next comments and finds the term in them.
func (p *sweepStep) look(r Reader, at time.Time) (err error) {
	if p.word, err = r.Word(p.from.Site, p.from.WordID); err != nil {
		return err
	}
	if !p.word.ExpiresAt.IsZero() && !at.Before(p.word.ExpiresAt) {
		p.to.Stage = SweepDone
		return nil
	}
	if p.from.Stage == SweepPages && p.from.PageID == "" {
		return p.turnPage(r)
	}
	passing, err := r.Passing(p.from.Site, p.from.PageID, p.from.After, sweepLook)
	if err != nil {
		return err
	}
	ended := len(passing) < sweepLook
	if !ended { // the last comment may have another line
		last := passing[len(passing)-1].ID
		passing = slices.DeleteFunc(passing, func(one Passing) bool { return one.ID == last })
	}
	if len(passing) > 0 {
		p.to.After = passing[len(passing)-1].ID
	}
	if p.from.Stage != SweepLate { // which goes over the same ground
		for _, one := range passing {
			p.to.Looked += indicator(one.Revision > 0)
		}
	}
	if err := p.search(r, passing, at); err != nil || !ended {
		return err
	}
	return p.turn(r)
}

// turn is what comes after the last comment of a stage.
func (p *sweepStep) turn(r Reader) error {
	switch p.from.Stage {
	case SweepPages:
		return p.turnPage(r)
	case SweepSite:
		p.late()
	default:
		p.to.Stage = SweepDone
	}
	return nil
}

func (p *sweepStep) late() {
	p.to.Stage, p.to.PageID, p.to.After = SweepLate, "", idAt(p.word.Since.Add(-lateReach))
}

// idAt sorts before the ids that are made from an instant on.
func idAt(at time.Time) string {
	ms := fmt.Sprintf("%012x", max(at.UnixMilli(), 0))
	return ms[:8] + "-" + ms[8:]
}

// turnPage goes to the next page that the term is for: the one with its key, and
// those with its address.
func (p *sweepStep) turnPage(r Reader) error {
	pages, err := r.PagesNamed(p.word.Site, p.word.Page, p.from.PageID, 1)
	if err != nil {
		return err
	}
	keyed, err := perhaps(r.PageByKey(p.word.Site, p.word.Page))
	if err != nil {
		return err
	}
	if keyed.ID > p.from.PageID {
		pages = append(pages, keyed)
	}
	if len(pages) == 0 {
		p.late()
		return nil
	}
	first := slices.MinFunc(pages, func(a, b Page) int { return strings.Compare(a.ID, b.ID) })
	p.to.PageID, p.to.After = first.ID, ""
	return nil
}

// search finds the term in what passes by, as the check would have.
func (p *sweepStep) search(r Reader, passing []Passing, at time.Time) error {
	words, err := moderation.CompileWords([]moderation.Word{p.word.compiled()})
	if err != nil {
		return err
	}
	st, err := r.Site(p.word.Site)
	if err != nil {
		return err
	}
	pages := map[string]moderation.Page{}
	for _, one := range passing {
		if one.Revision == 0 {
			continue
		}
		page, known := pages[one.PageID]
		if !known {
			of, err := r.Page(p.word.Site, one.PageID)
			if err != nil {
				return err
			}
			page = moderation.Page{Key: of.Key, URL: of.URL, Section: moderation.SectionOf(of.URL)}
			pages[one.PageID] = page
		}
		tree := markup.Render(one.Source)
		subject := &moderation.Subject{
			Text: one.Source, Plain: tree.Plain(), Links: tree.Links(), Words: words, Page: page, Now: at,
			Site: moderation.Site{Language: st.Options.Language}, Author: moderation.Author{Name: one.Author},
		}
		if found := moderation.MatchWords(subject); len(found) > 0 {
			p.found = append(p.found, sighting{one.ID, one.PageID, one.Revision, found})
		}
	}
	return nil
}

// foresee asks what deal will ask, if all is as usual.
func (p *sweepStep) foresee(r Reader, some []sighting) {
	for _, one := range some {
		_, _ = r.Comment(p.from.Site, one.id)
		_, _ = r.Page(p.from.Site, one.page)
		_, _ = r.Revision(p.from.Site, one.id, one.revision)
	}
}

// deal moves the sweep on and puts back what was found, unless the sweep is not
// where it was any more.
func (p *sweepStep) deal(tx Tx, next *Sweep, some []sighting) error {
	found := p.from.Found
	for _, one := range some {
		ch, err := p.s.load(tx, p.from.Site, one.id, p.s.Now())
		if err != nil {
			return err
		}
		back, err := ch.callBack(p.word, one)
		if err != nil {
			return err
		}
		found += indicator(back)
	}
	next.Found = found
	return tx.MoveSweep(*next, p.from)
}

// callBack takes a comment in which a legal term was found out of public sight and
// puts it into the queue, unless a person has approved it since there is the term.
func (ch *change) callBack(w Word, found sighting) (back bool, err error) {
	c := ch.c
	if c.Public != found.revision && (c.Held == "" || c.Revision != found.revision) {
		return false, nil // it is not what was looked at
	}
	if seen, err := ch.approvedSince(w.Since, found.revision); err != nil || seen {
		return false, err
	}
	if done, err := ch.overrule(w, found); err != nil || done {
		return false, err
	}
	rev, err := ch.tx.Revision(c.Site, c.ID, found.revision)
	if err != nil {
		return false, err
	}
	if err := ch.explain(&rev, found.evidence); err != nil {
		return false, err
	}
	if c.Public != found.revision { // a held approval was taken back: it waits as it did before
		if err := ch.note(CommentReexamined, termActor(w), map[string]any{"check": sweepCheck, "revision": rev.N}); err != nil {
			return false, err
		}
		return true, ch.save()
	}
	return true, ch.putBack(w, rev)
}

// approvedSince reports whether a person has approved a revision since an instant.
func (ch *change) approvedSince(since time.Time, revision int) (bool, error) {
	if ch.c.DecidedAt.Before(since) {
		return false, nil
	}
	decisions, err := ch.tx.Decisions(ch.c.Site, ch.c.ID)
	return slices.ContainsFunc(decisions, func(d Decision) bool {
		return d.Actor.Kind == ActorModerator && d.To == Approved && d.Revision == revision && d.State != DecisionUndone && !d.At.Before(since)
	}), err
}

// overrule deals with a decision that is held. An approval of what was found is
// taken back. One that takes the comment out of sight holds at once, and then
// there is nothing left to do.
func (ch *change) overrule(w Word, found sighting) (done bool, err error) {
	if ch.c.Held == "" {
		return false, nil
	}
	d, err := ch.tx.HeldDecision(ch.c.Site, ch.c.ID)
	if err != nil {
		return false, err
	}
	switch {
	case d.To == Approved && d.Revision == found.revision:
		return false, ch.release(termActor(w))
	case d.To == Approved: // of a newer text, which is another matter
		return false, nil
	}
	if err := ch.moveDecision(d, DecisionDone); err != nil {
		return false, err
	}
	ch.c.Held = ""
	if err := ch.effect(d); err != nil {
		return false, err
	}
	return true, ch.save()
}

// termActor is a legal term as the cause of something.
func termActor(w Word) Actor { return Actor{Kind: ActorRule, ID: w.ID, Name: "legal term"} }

// sweepCheck is the name of the step that a sweep adds to a trace.
const sweepCheck = "legal_sweep"

// explain leaves in the trace why the comment came back, and in that of a newer
// revision too, which is the one that moderators are shown.
func (ch *change) explain(rev *Revision, evidence []moderation.Evidence) error {
	if err := ch.addStep(rev, evidence); err != nil || rev.N == ch.c.Revision {
		return err
	}
	newest, err := ch.tx.Revision(ch.c.Site, ch.c.ID, ch.c.Revision)
	if err != nil {
		return err
	}
	older := slices.Clone(evidence)
	for i := range older {
		older[i].Spans, older[i].Sentence = []moderation.Span{}, "The revision that was public: "+older[i].Sentence
	}
	return ch.addStep(&newest, older)
}

func (ch *change) addStep(rev *Revision, evidence []moderation.Evidence) error {
	step := moderation.Step{Check: sweepCheck, Version: 1, Evidence: slices.Clone(evidence)}
	for i := range step.Evidence {
		step.Evidence[i].Check, step.Evidence[i].Version = step.Check, step.Version
	}
	rev.Trace = append(rev.Trace, step)
	if rev.N == ch.c.Revision {
		ch.c.Text = *rev
	}
	return ch.setTrace(*rev)
}

// putBack is the decision that a legal term makes.
func (ch *change) putBack(w Word, rev Revision) error {
	c := ch.c
	d := Decision{
		Site: c.Site, ID: ch.s.NewID(), CommentID: c.ID, Revision: rev.N, Action: Restore, From: Approved, To: Pending,
		Note: fmt.Sprintf("The legal term “%s”, added by %s.", w.Text, w.AddedBy.Name), Actor: termActor(w),
		At: ch.at, EffectiveAt: ch.at, State: DecisionDone,
	}
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	if c.Held == "" {
		if err := ch.decide(Pending); err != nil {
			return err
		}
	}
	c.DecidedAt, c.DecidedBy = d.At, d.Actor.ID
	reasons := moderation.Trace{rev.Trace[len(rev.Trace)-1]}.Reasons()
	if err := ch.turn(act{rev: rev, to: Pending, event: CommentRestored, actor: d.Actor, reasons: reasons}); err != nil {
		return err
	}
	return ch.save()
}
