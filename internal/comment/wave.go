package comment

import (
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// The index of texts holds the newest comments of an installation, as many as
// copiesMost and as old as copiesLife: some 35 MB when full.
const (
	copiesMost = 100_000
	copiesLife = 30 * 24 * time.Hour
)

// waveReader is what waves read.
type waveReader interface {
	// NewestTexts gives the newest texts of the comments of all sites, newest
	// first, from before an id on; "" is the end.
	NewestTexts(before string, limit int) ([]Text, error)
	Group(site, group string, most int) (GroupTally, error) // of its newest members
	// GroupWaiting gives the pending members of a group by id, without texts.
	GroupWaiting(site, group, after string, limit int) ([]Comment, error)
	PremoderatedPages(site, after string, limit int) ([]Page, error) // by id
	// EndedPremoderations gives the pages of all sites whose time is over.
	EndedPremoderations(now time.Time, limit int) ([]Page, error)
	NextPremoderationEnd() (time.Time, error)
}

// waveTx is what waves write.
type waveTx interface {
	// SetPremoderation writes Premoderation and SparedUntil of a page.
	SetPremoderation(p Page) error
}

// Text is a comment as the index of copies needs it.
type Text struct {
	Site, CommentID, PageID, AuthorID string
	Status                            Status // in force
	Human                             bool   // a moderator gave this text this status, and it has taken effect
	Group                             string
	Source                            string
	At                                time.Time
}

// GroupTally is what one site has of a group, counted over its newest members.
type GroupTally struct {
	Count, Authors, Pages int
	Statuses              map[Status]int
	First, Last           time.Time
}

// copied is a comment for the index of copies.
func (t Text) copied() moderation.Copied {
	return moderation.Copied{
		ID: t.CommentID, Site: t.Site, Author: t.AuthorID, Page: t.PageID, Group: t.Group,
		Sketch: moderation.NewSketch(t.Source), Fate: fateOf(t.Status, t.Human), At: t.At,
	}
}

func fateOf(s Status, human bool) moderation.Fate {
	switch {
	case (s == Rejected || s == Spam) && human:
		return moderation.FateTurned
	case s == Rejected || s == Spam:
		return moderation.FateRefused
	case s == Approved && human:
		return moderation.FateAccepted
	}
	return moderation.FateOpen
}

// place finds the group of a new comment and takes it into the index, where the
// next one finds it, whether that is stored yet or not.
func (s *Service) place(subject *moderation.Subject, id string) {
	c := moderation.Copied{
		ID: id, Site: subject.Site.Key, Author: subject.Author.ID, Page: subject.Page.ID,
		Sketch: moderation.NewSketch(subject.Text), At: subject.Now,
	}
	if subject.Revision == 1 {
		subject.Copies = s.Copies.Place(c)
	} else {
		subject.Copies = s.Copies.Look(c) // until the edit is stored, the old text counts
	}
}

// join stores which other comments are in the group of a comment now, and names
// them. One that is not stored yet is left to the next copy.
func (s *Service) join(tx Tx, site string, g moderation.Group, at time.Time) (joined []string, err error) {
	for _, id := range g.Adopt {
		c, err := tx.Comment(site, id)
		if fault.Is(err, "not_found") {
			continue
		}
		if err != nil {
			return nil, err
		}
		joined = append(joined, id)
		if c.Group != "" {
			continue
		}
		c.Group = g.ID
		ch := &change{s: s, tx: tx, at: at, c: &c}
		if err := ch.note(CommentGrouped, Actor{Kind: ActorSystem}, map[string]any{"group": g.ID}); err != nil {
			return nil, err
		}
		if err := ch.save(); err != nil {
			return nil, err
		}
	}
	return joined, nil
}
