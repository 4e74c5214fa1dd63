package external

import (
	"net/url"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// akismet speaks version 1.1 of Akismet's API. What it is told of the reader's
// network is for the site's owner to allow; without it Akismet knows less.
func akismet() kind {
	return kind{
		url: "https://rest.akismet.com", secret: keyRequired, hint: moderation.HintSpam, personal: true, teaches: true,
		settings: []setting{
			{"blog", "", required},
			{"test", "off", choice("on", "off")},
			{"feedback", "on", choice("on", "off")},
		},
		sends: []string{"the text", "the author’s name", "the page’s address", "the site’s address and language"},
		request: func(c *Check, q Question) (call, error) {
			return c.form("/1.1/comment-check", q), nil
		},
		read: readAkismet,
		teach: func(c *Check, q Question, l Lesson) (call, bool) {
			switch {
			case l.Status == "approved" && l.Flagged:
				return c.form("/1.1/submit-ham", q), true
			case l.Status == "spam" && !l.Flagged:
				return c.form("/1.1/submit-spam", q), true
			}
			return call{}, false
		},
	}
}

func (c *Check) form(path string, q Question) call {
	s := q.Subject
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("api_key", c.Secret)
	set("blog", c.settings["blog"])
	set("blog_charset", "UTF-8")
	set("blog_lang", strings.ToLower(strings.ReplaceAll(s.Site.Language, "-", "_")))
	set("user_ip", q.IP)
	set("user_agent", q.Agent)
	set("permalink", s.Page.URL)
	set("comment_type", "comment")
	if q.ParentID != "" {
		set("comment_type", "reply")
	}
	set("comment_author", s.Author.Name)
	set("comment_author_email", q.Email)
	set("comment_content", s.Text)
	if !s.Now.IsZero() {
		set("comment_date_gmt", s.Now.UTC().Format(time.RFC3339))
	}
	if s.Revision > 1 {
		set("recheck_reason", "edit")
	}
	if c.settings["test"] == "on" {
		set("is_test", "true")
	}
	out := newCall(strings.TrimRight(c.URL, "/")+path, "application/x-www-form-urlencoded; charset=utf-8", []byte(v.Encode()))
	out.header.Del("accept")
	return out
}

func readAkismet(c *Check, _ Question, in reply) (Opinion, error) {
	switch strings.TrimSpace(string(in.body)) {
	case "true":
		if strings.EqualFold(in.header.Get("x-akismet-pro-tip"), "discard") {
			return one("akismet_blatant", c.Most, c.Name+" takes it for blatant spam."), nil
		}
		return one("akismet_spam", c.Most, c.Name+" takes it for spam."), nil
	case "false":
		return one("akismet_ham", moderation.HintNone, c.Name+" does not take it for spam."), nil
	case "invalid":
		return Opinion{}, failed("key", "The service refused the key.")
	}
	if help := sentence(in.header.Get("x-akismet-debug-help"), 120); help != "" {
		return Opinion{}, garbage("it says " + c.redact(help))
	}
	return Opinion{}, garbage("it is neither true nor false")
}

func one(code string, hint moderation.Hint, text string) Opinion {
	return Opinion{Evidence: []moderation.Evidence{{Code: code, Hint: hint, Sentence: text}}}
}
