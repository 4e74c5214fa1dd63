package moderation

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Facts are what a rule may ask about a comment, by plain names: text.len,
// author.approved, "shortener" in checks. A fact that is not known is its zero
// value. FactNames describes each of them.
type Facts struct {
	Text     TextFacts          `expr:"text"`
	Links    LinkFacts          `expr:"links"`
	Author   AuthorFacts        `expr:"author"`
	Page     PageFacts          `expr:"page"`
	Dup      DupFacts           `expr:"dup"`
	Words    WordFacts          `expr:"words"`
	Reports  ReportFacts        `expr:"reports"`
	Checks   []string           `expr:"checks"`
	Scores   map[string]float64 `expr:"scores"`
	Time     TimeFacts          `expr:"time"`
	Revision int                `expr:"revision"`
	Reply    bool               `expr:"reply"`
}

// TextFacts are about what readers see of the text.
type TextFacts struct {
	Plain  string  `expr:"plain"`
	Folded string  `expr:"folded"` // with its disguises undone, see Normalise
	Len    int     `expr:"len"`    // in code points
	Words  int     `expr:"words"`
	Caps   float64 `expr:"caps"` // share of the letters with case that are capitals, 0 to 1
}

// LinkFacts are about the links that survive rendering.
type LinkFacts struct {
	Count           int      `expr:"count"`
	Hosts           []string `expr:"hosts"` // each once
	NewDomains      int      `expr:"newDomains"`
	RejectedDomains int      `expr:"rejectedDomains"`
}

// AuthorFacts are the author's record on the site when the comment was written.
type AuthorFacts struct {
	Kind       string  `expr:"kind"`
	Name       string  `expr:"name"`
	Approved   int     `expr:"approved"`
	Rejected   int     `expr:"rejected"`
	RejectRate float64 `expr:"rejectRate"` // of the decided ones, 0 to 1
	AgeDays    float64 `expr:"ageDays"`    // since the first comment
	Trusted    bool    `expr:"trusted"`
}

// PageFacts are about the article.
type PageFacts struct {
	Key      string  `expr:"key"`
	URL      string  `expr:"url"`
	Section  string  `expr:"section"`
	Title    string  `expr:"title"`
	AgeHours float64 `expr:"ageHours"` // since its first comment
	Surge    float64 `expr:"surge"`    // rate of comments against the page's usual one
}

// DupFacts are about earlier comments with the same text.
type DupFacts struct {
	Count    int `expr:"count"`
	Rejected int `expr:"rejected"`
	Authors  int `expr:"authors"`
}

// WordFacts count the entries of the site's lists that were found.
type WordFacts struct {
	Suspect int `expr:"suspect"`
	Banned  int `expr:"banned"`
}

// ReportFacts are about readers' reports of this revision.
type ReportFacts struct {
	Count    int     `expr:"count"`
	Weighted float64 `expr:"weighted"`
}

// TimeFacts are about the moment of posting, in UTC.
type TimeFacts struct {
	Hour    int    `expr:"hour"`    // 0 to 23
	Weekday string `expr:"weekday"` // "monday" to "sunday"
}

// FactsOf gathers the facts of a subject and of what the checks have found.
func FactsOf(s *Subject, t Trace) *Facts {
	f := recordOf(s)
	f.Text = textFacts(s.Plain)
	f.Links.Count = len(s.Links)
	for _, href := range s.Links[:min(len(s.Links), maxLinksSeen)] {
		if l, ok := linkOf(href); ok && !slices.Contains(f.Links.Hosts, l.host) {
			f.Links.Hosts = append(f.Links.Hosts, l.host)
		}
	}
	f.find(t)
	return f
}

// recordOf gathers the facts that need no look at the text.
func recordOf(s *Subject) *Facts {
	f := &Facts{Revision: s.Revision, Reply: s.Reply}
	f.Author = AuthorFacts{
		Kind: s.Author.Kind, Name: s.Author.Name, Approved: s.Author.Approved, Rejected: s.Author.Rejected,
		AgeDays: age(s.Author.FirstSeen, s.Now).Hours() / 24, Trusted: !s.newcomer() || s.Author.Said.At(s.Now) == StandingTrusted,
	}
	if decided := s.Author.Approved + s.Author.Rejected; decided > 0 {
		f.Author.RejectRate = float64(s.Author.Rejected) / float64(decided)
	}
	f.Page = PageFacts{Key: s.Page.Key, URL: s.Page.URL, Section: s.Page.Section, Title: s.Page.Title, AgeHours: age(s.Page.CreatedAt, s.Now).Hours(), Surge: s.Page.Surge}
	f.Dup = DupFacts{Count: s.Copies.Count, Rejected: s.Copies.Rejected, Authors: s.Copies.Authors}
	now := s.Now.UTC()
	f.Time = TimeFacts{now.Hour(), strings.ToLower(now.Weekday().String())}
	return f
}

// age is how long ago something was; never negative, as a clock may go back.
func age(since, now time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since))
}

func textFacts(plain string) TextFacts {
	t := TextFacts{Plain: plain}
	inWord, cased, capitals := false, 0, 0
	for _, r := range plain {
		t.Len++
		upper := unicode.IsUpper(r)
		if upper {
			capitals++
		}
		if upper || unicode.IsLower(r) {
			cased++
		}
		space := unicode.IsSpace(r)
		if !space && !inWord {
			t.Words++
		}
		inWord = !space
	}
	if cased > 0 {
		t.Caps = float64(capitals) / float64(cased)
	}
	return t
}

// scorePrefix begins the names of evidence data that are scores of checks.
const scorePrefix = "score_"

// find takes what the checks have found. What earlier rules said is no fact.
func (f *Facts) find(t Trace) {
	for _, step := range t {
		if step.Check == rulesStep {
			continue
		}
		for _, e := range step.Evidence {
			if !slices.Contains(f.Checks, e.Code) {
				f.Checks = append(f.Checks, e.Code)
			}
			switch e.Code {
			case CodeSuspectWord:
				f.Words.Suspect++
			case CodeBannedWord:
				f.Words.Banned++
			case CodeNewHost:
				f.Links.NewDomains++
			case CodeRejectedHost:
				f.Links.RejectedDomains++
			}
			f.score(e)
		}
	}
}

func (f *Facts) score(e Evidence) {
	for name, value := range e.Data {
		name, ok := strings.CutPrefix(name, scorePrefix)
		score, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			continue
		}
		if f.Scores == nil {
			f.Scores = map[string]float64{}
		}
		f.Scores[name] = max(f.Scores[name], score)
	}
}

// memory is what is kept of the facts with a revision: what neither its text,
// its trace nor its page can tell later.
type memory struct {
	Version int     `json:"v"`
	Author  [2]int  `json:"author"` // approved, rejected
	Trusted bool    `json:"trusted,omitzero"`
	Dup     [3]int  `json:"dup,omitzero"` // count, rejected, authors
	Surge   float64 `json:"surge,omitzero"`
}

// memoryVersion grows when more facts are kept; see Fact.Since.
const memoryVersion = 1

// Remember is what has to be kept with a revision, so that its facts are the
// same when they are asked for again later: some hundred bytes. Facts.Recall
// reads it.
func Remember(s *Subject) []byte { return recordOf(s).remember() }

func (f *Facts) remember() []byte {
	text, err := json.Marshal(memory{
		Version: memoryVersion, Author: [2]int{f.Author.Approved, f.Author.Rejected}, Trusted: f.Author.Trusted,
		Dup:   [3]int{f.Dup.Count, f.Dup.Rejected, f.Dup.Authors},
		Surge: f.Page.Surge,
	})
	if err != nil { // a number that JSON does not know
		return nil
	}
	return text
}

// Recall puts back what Remember kept, and returns from which version on facts
// are known; 0 where nothing was kept.
func (f *Facts) Recall(kept []byte) (version int) {
	var m memory
	if json.Unmarshal(kept, &m) != nil {
		return 0
	}
	f.Author.Approved, f.Author.Rejected, f.Author.Trusted, f.Author.RejectRate = m.Author[0], m.Author[1], m.Trusted, 0
	if decided := m.Author[0] + m.Author[1]; decided > 0 {
		f.Author.RejectRate = float64(m.Author[1]) / float64(decided)
	}
	f.Dup = DupFacts{m.Dup[0], m.Dup[1], m.Dup[2]}
	f.Page.Surge = m.Surge
	return m.Version
}
