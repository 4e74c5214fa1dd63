package comment

import (
	"context"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// exam is a text before the checks: what they may know of it, and who wrote it,
// for those that run elsewhere.
type exam struct {
	moderation.Subject
	rules *rules
	tree  markup.Tree
	by    asker
}

// newExam renders the text, once, and gives checks what readers will see of it.
func newExam(held *rules, subject moderation.Subject) exam {
	e := exam{Subject: subject, rules: held, tree: markup.Render(subject.Text)}
	e.Plain, e.Links, e.LinkShare = e.tree.Plain(), e.tree.Links(), e.tree.LinkShare()
	return e
}

// standOf is where a comment stands, and who wrote it.
func standOf(r Reader, c Comment) (page Page, author Author, err error) {
	if page, err = r.Page(c.Site, c.PageID); err != nil {
		return page, author, err
	}
	author, err = r.Author(c.Site, c.AuthorID)
	return page, author, err
}

// complete adds what is known of the text's place and its author.
func (s *Service) complete(r Reader, e *exam, page Page, author Author) (err error) {
	st := e.rules.Site
	e.Site = moderation.Site{
		Key: st.Key, Mode: st.Options.Moderation, Language: st.Options.Language,
		TrustedAfter: st.Options.TrustedAfter, MaxLength: st.Options.MaxLength, MaxLinks: st.Options.MaxLinks,
	}
	e.Page = moderation.Page{
		ID: page.ID, Key: page.Key, URL: page.URL, Title: page.Title, Section: moderation.SectionOf(page.URL), CreatedAt: page.CreatedAt,
		Surge: s.Surges.Look(st.Key, page.ID, e.Now).Times, PremoderatedUntil: page.Premoderation.Until, PremoderatedFor: page.Premoderation.For,
	}
	e.Author = moderation.Author{
		ID: author.ID, Name: author.Name, Kind: string(author.Kind),
		Approved: author.Approved, Rejected: author.Rejected, FirstSeen: author.FirstSeen,
		Record: author.Record, LastRejected: author.LastRejected, Said: author.Said,
	}
	e.Words, e.Rules = e.rules.words, e.rules.rules
	e.Hosts, err = hostsOf(r, st.Key, e.Links)
	return err
}

// examine runs every check over a text that is complete.
func (s *Service) examine(ctx context.Context, e *exam) (Revision, moderation.Verdict, error) {
	if e.tree.Blank() { // markup and nothing in it
		return Revision{}, moderation.Verdict{}, fault.Input("text", "blank", "Write something first.")
	}
	s.place(&e.Subject, e.by.commentID)
	inquiries := s.consult(ctx, e)
	trace := s.Pipeline.Examine(ctx, &e.Subject)
	rev := Revision{
		Site: e.Site.Key, N: e.Revision, Source: e.Text, Tree: e.tree, Trace: trace,
		Facts: string(moderation.Remember(&e.Subject)), CreatedAt: e.Now, Inquiries: inquiries,
	}
	texts, err := rev.Texts()
	rev.Stored = &texts
	return rev, moderation.Decide(&e.Subject, trace), err
}
