package webhook

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/comment"
)

// event is what the targets need of a stored event.
type event struct {
	comment.EnvelopeHead
	Data struct {
		Comment struct {
			ID, Text string
			Author   struct{ Name string }
		}
		Page     comment.PageView
		Actor    comment.ActorView
		Reasons  []struct{ Sentence string }
		Reason   string
		Endpoint struct{ ID, URL string }
	}
}

// story is an event told to people. Everything in it but what and site is of
// strangers: a target that has a markup must take its meaning away.
type story struct {
	what    string // "Comment approved"
	site    string
	by      string // "moderator Ada", "a rule"; "" = it says itself
	who     string // the comment's author
	page    string // its title, or its address
	text    string // the beginning of the comment
	reasons []string
	link    string // http or https, of ASCII without spaces, quotes, brackets, bars and backslashes; "" = none
}

// How much of what strangers wrote is told, in letters as people count them and
// in bytes, for one letter can have any number of marks.
const (
	nameLetters, nameBytes     = 60, 240
	titleLetters, titleBytes   = 100, 300
	textLetters, textBytes     = 300, 1200
	reasonLetters, reasonBytes = 120, 360
	reasonsMost                = 3
	linkBytes                  = 1000
)

var happened = map[string]string{
	comment.CommentCreated:    "New comment",
	comment.CommentApproved:   "Comment approved",
	comment.CommentRejected:   "Comment rejected",
	comment.CommentMarkedSpam: "Comment marked as spam",
	comment.CommentEdited:     "Comment edited",
	comment.CommentDeleted:    "Comment deleted",
	comment.CommentRestored:   "Comment restored",
	comment.CommentErased:     "Comment erased",
	comment.CommentReported:   "Comment reported",
	comment.PageClosed:        "Comments closed",
	comment.PageOpened:        "Comments opened",
	comment.EndpointPing:      "A test: this endpoint works",
	comment.EndpointOff:       "A webhook endpoint is no longer called",
}

// story tells the event; in the mode thin without what people wrote or are
// called.
func (ev event) story(mode comment.EndpointMode) story {
	d := ev.Data
	s := story{what: cmp.Or(happened[ev.Type], ev.Type), site: ev.Site, page: letters(cmp.Or(d.Page.Title, d.Page.URL, d.Page.Key), titleLetters, titleBytes)}
	s.link = linkTo(d.Page.URL, d.Comment.ID)
	if mode == comment.ModeThin {
		return s
	}
	if ev.Type != comment.CommentCreated && ev.Type != comment.CommentReported {
		s.by = actor(d.Actor)
	}
	s.who = letters(d.Comment.Author.Name, nameLetters, nameBytes)
	s.text = letters(d.Comment.Text, textLetters, textBytes)
	if d.Reason != "" {
		s.reasons = append(s.reasons, letters(d.Reason, reasonLetters, reasonBytes))
	}
	for _, r := range d.Reasons {
		if r.Sentence != "" && len(s.reasons) < reasonsMost {
			s.reasons = append(s.reasons, letters(r.Sentence, reasonLetters, reasonBytes))
		}
	}
	return s
}

func actor(a comment.ActorView) string {
	switch a.Kind {
	case comment.ActorModerator, comment.ActorOperator:
		return strings.TrimSpace(string(a.Kind) + " " + letters(a.Name, nameLetters, nameBytes))
	case comment.ActorRule:
		return "a rule"
	case comment.ActorModel:
		return "the model"
	case comment.ActorAuthor:
		return "its author"
	case comment.ActorImport:
		return "an import"
	}
	return ""
}

// linkTo is the comment's permalink, or the page's address. One that could end
// a link of some markup early is none.
func linkTo(page, id string) string {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	if id != "" {
		u.Fragment, u.RawFragment = "comment-"+id, ""
	}
	link := u.String()
	if len(link) > linkBytes || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>|\"'`()[]{}\\", r) }) {
		return ""
	}
	return link
}

// about is the line that says whose comment it is, and where.
func (s story) about() string {
	switch {
	case s.who != "" && s.page != "":
		return s.who + " on “" + s.page + "”"
	case s.page != "":
		return "On “" + s.page + "”"
	}
	return s.who
}

// head is the line that says what happened.
func (s story) head() string {
	if s.by != "" {
		return s.what + " by " + s.by
	}
	return s.what
}

// fit gives the story, or as much of it as has at most this size.
func (s story) fit(most int, size func(story) int) story {
	for _, shorten := range []func(){
		func() { s.reasons = nil },
		func() { s.text = letters(s.text, 80, 160) },
		func() { s.link = "" },
		func() { s.text = "" },
	} {
		if size(s) <= most {
			return s
		}
		shorten()
	}
	return s
}

// letters brings a text into one line without control characters (those that
// turn the direction of the text included), and cuts it after so many letters
// or bytes, at the end of a word where one is near.
func letters(text string, most, bytes int) string {
	text = strings.Join(strings.Fields(strings.Map(visible, text)), " ")
	var n, end, word int // letters so far, where the last one ends, where the last word does
	var before rune
	for at, r := range text {
		if at > 0 && !joins(before, r) {
			n, end = n+1, at
			if r == ' ' {
				word = at
			}
		}
		if n == most || at+utf8.RuneLen(r) > bytes {
			if word > end/2 {
				end = word
			}
			return strings.TrimRight(text[:end], " ") + "…"
		}
		before = r
	}
	return text
}

func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

// joins reports whether r belongs to the same letter as the rune before it:
// marks, joined emoji, skin tones, flags, Korean syllables.
func joins(before, r rune) bool {
	const joiner = 0x200d
	flag := func(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }
	return unicode.IsMark(r) || r == joiner || before == joiner || r >= 0x1f3fb && r <= 0x1f3ff ||
		r >= 0xe0020 && r <= 0xe007f || r >= 0x1160 && r <= 0x11ff || flag(before) && flag(r)
}
