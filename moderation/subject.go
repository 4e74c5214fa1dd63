package moderation

import "time"

// Mode says how much of a site's stream people look at before readers do.
type Mode string

// The moderation modes of a site. Decide reads an unknown mode as ModeAll, the
// one that cannot publish by mistake.
const (
	ModeAll     Mode = "all"     // every comment waits
	ModeNew     Mode = "new"     // newcomers wait, and what a check flags
	ModeFlagged Mode = "flagged" // only what a check flags waits
	ModeOff     Mode = "off"     // nothing waits; spam and banned words still go
)

// holds reports whether a hint to hold has any force in this mode.
func (m Mode) holds() bool { return m != ModeOff }

// holdsNewcomers reports whether being new is a reason to wait.
func (m Mode) holdsNewcomers() bool { return m == ModeNew }

// holdsAll reports whether a comment waits whatever the checks found.
func (m Mode) holdsAll() bool {
	return m != ModeNew && m != ModeFlagged && m != ModeOff
}

// Subject is everything a check may know about one revision of a comment. A
// check must not change it: the same value goes to all of them.
type Subject struct {
	Site   Site
	Page   Page
	Author Author

	Text  string   // the source as its author wrote it: NFC, valid UTF-8
	Plain string   // what readers see of it, without markup
	Links []string // the hrefs that survive rendering, in order
	// LinkShare is the part of the visible text that is link, from 0 to 1.
	LinkShare float64
	Hosts     []Host // the records of hosts among LinkHosts; nil where nobody has looked

	Revision int     // 1 is a new comment, more is an edit
	Reply    bool    // it answers another comment
	Form     Form    // how the form was filled in
	Copies   Group   // what it has in common with other comments
	Words    *Words  // the site's compiled lists; nil means none
	Blocks   []Block // that the author has met
	Outside  Trace   // what checks elsewhere have said: the trace begins with it
	Rules    *Rules  // the site's compiled rules; nil means none
	Now      time.Time
}

// Site carries the settings of a site that bear on moderation.
type Site struct {
	Key          string
	Mode         Mode
	Language     string // BCP 47 tag that the site declares
	TrustedAfter int    // approved comments that end being a newcomer; 0 trusts everybody
	MaxLength    int    // in code points; 0 means no limit
	MaxLinks     int    // 0 holds every comment with a link; negative means no limit
}

// Page is the article under which the comment stands.
type Page struct {
	ID              string
	Key, URL, Title string
	Section         string // the first folder of the address, "" at the top level; see SectionOf
	CreatedAt       time.Time
	// Surge is how many times as many comments as usual come in, 0 = about as many.
	Surge float64
	// PremoderatedUntil is how long people look at every comment on this page
	// first, PremoderatedFor the reason in a sentence. Zero = they do not.
	PremoderatedUntil time.Time
	PremoderatedFor   string
}

// KindStaff is the Author.Kind of people who work for the site.
const KindStaff = "staff"

// Author is the record of one author on this site.
type Author struct {
	ID, Name  string
	Kind      string // "guest", "reader" or KindStaff
	Approved  int    // comments of theirs that were approved
	Rejected  int    // comments of theirs that were rejected or marked as spam
	FirstSeen time.Time

	Record       Record    // of what people decided, as of its own instant
	LastRejected time.Time // by a person; zero = never, or not known any more
	Said         Said      // what a person has said of them
}

// newcomer reports whether the author still has trust to earn on this site.
func (s *Subject) newcomer() bool {
	return s.Author.Kind != KindStaff && s.Author.Approved < s.Site.TrustedAfter
}

// Form tells how the comment form was filled in.
type Form struct {
	Known  bool          // false when the comment came another way, or from a client that does not tell
	Trap   string        // value of a field that people do not see
	Filled time.Duration // from the first focus to sending; 0 means unknown
}
