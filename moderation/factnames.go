package moderation

// Fact describes one fact to those who write rules.
type Fact struct {
	Name     string // as it stands in a rule
	Type     FactType
	Sentence string // plain English
	// Since is the version of what is kept with a revision from which on the
	// fact is known of past comments; 0 = of all.
	Since int
}

// FactType is what a fact's value is.
type FactType string

// The types of facts. A number may be compared, a text searched, a list asked
// whether it has a text; scores are numbers by name, as in scores["toxicity"].
const (
	NumberFact FactType = "number"
	TextFact   FactType = "text"
	BoolFact   FactType = "boolean"
	ListFact   FactType = "list"
	ScoresFact FactType = "scores"
)

// FactNames lists every fact in the order in which people think of them.
func FactNames() []Fact {
	return []Fact{
		{"text.plain", TextFact, "the text as readers see it", 0},
		{"text.folded", TextFact, "the text in small letters with disguised spellings undone", 0},
		{"text.len", NumberFact, "its length in characters", 0},
		{"text.words", NumberFact, "its length in words", 0},
		{"text.caps", NumberFact, "share of capital letters, from 0 to 1", 0},
		{"links.count", NumberFact, "number of links", 0},
		{"links.hosts", ListFact, "the hosts that the links lead to", 0},
		{"links.newDomains", NumberFact, "hosts among them that were never seen on this site", 1},
		{"links.rejectedDomains", NumberFact, "hosts among them whose comments are mostly rejected", 1},
		{"author.kind", TextFact, "guest, reader or staff", 0},
		{"author.name", TextFact, "the author’s name", 0},
		{"author.approved", NumberFact, "approved comments of the author", 1},
		{"author.rejected", NumberFact, "rejected comments of the author", 1},
		{"author.rejectRate", NumberFact, "share of the author’s decided comments that were rejected, from 0 to 1", 1},
		{"author.ageDays", NumberFact, "days since the author’s first comment", 0},
		{"author.trusted", BoolFact, "whether the site trusts the author", 1},
		{"page.key", TextFact, "key of the page", 0},
		{"page.url", TextFact, "address of the page", 0},
		{"page.section", TextFact, "first folder of the page’s address", 0},
		{"page.title", TextFact, "title of the page", 0},
		{"page.ageHours", NumberFact, "hours since the first comment on the page", 0},
		{"page.surge", NumberFact, "how many times its usual rate of comments the page has", 1},
		{"dup.count", NumberFact, "earlier comments with the same text", 1},
		{"dup.rejected", NumberFact, "those of them that were rejected", 1},
		{"dup.authors", NumberFact, "authors of those earlier comments", 1},
		{"words.suspect", NumberFact, "suspect words found", 0},
		{"words.banned", NumberFact, "banned words found", 0},
		{"reports.count", NumberFact, "reports by readers", 0},
		{"reports.weighted", NumberFact, "reports weighted by the reporters’ record", 0},
		{"checks", ListFact, "codes of what the checks found", 0},
		{"scores", ScoresFact, "scores of outside checks", 0},
		{"time.hour", NumberFact, "hour of posting in UTC, 0 to 23", 0},
		{"time.weekday", TextFact, "day of posting in UTC, monday to sunday", 0},
		{"revision", NumberFact, "1 for a new comment, more for an edit", 0},
		{"reply", BoolFact, "whether it answers another comment", 0},
	}
}
