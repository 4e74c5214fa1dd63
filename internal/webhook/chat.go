package webhook

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/afterword-comments/afterword/internal/comment"
)

// The shapes of the chat services. Each takes the meaning away from whatever a
// stranger wrote, so that nobody can call a channel together, hide a link under
// a harmless name or pretend to be another line of the message.

// object keeps the shapes short. JSON writes its keys in order.
type object = map[string]any

// slackEscape: these three characters are all that begins anything where Slack
// reads links and mentions.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// slack makes a message of Block Kit. What strangers wrote stands in plain_text,
// which has no formatting. The blocks have at most 3,000 characters each by the
// measures of story.
func slack(s story, _ map[string]string) any {
	plain := func(text string) object {
		return object{"type": "plain_text", "text": slackEscape(text), "emoji": false}
	}
	section := func(text object) object { return object{"type": "section", "text": text} }
	head := "*" + s.what + "* · " + slackEscape(s.site)
	blocks := []object{section(object{"type": "mrkdwn", "text": head})}
	if text := joined("\n", s.about(), s.text); text != "" {
		blocks = append(blocks, section(plain(text)))
	}
	var notes []object
	for _, note := range append(byLine(s), s.reasons...) {
		notes = append(notes, plain(note))
	}
	if s.link != "" {
		notes = append(notes, object{"type": "mrkdwn", "text": "<" + slackEscape(s.link) + "|Show it on the page>"})
	}
	if notes != nil {
		blocks = append(blocks, object{"type": "context", "elements": notes})
	}
	return object{"text": s.what + " · " + slackEscape(s.site), "blocks": blocks, "unfurl_links": false, "unfurl_media": false}
}

func byLine(s story) []string {
	if s.by == "" {
		return nil
	}
	return []string{"By " + s.by}
}

// joined joins what is not empty.
func joined(between string, parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, between)
}

// lines are the story as lines of a text; quote leads the line of the comment.
// Our own words go through bold, those of strangers through escape.
func (s story) lines(escape, bold func(string) string, quote, link string) string {
	text := s.text
	if text != "" {
		text = quote + escape(text)
	}
	by := ""
	if s.by != "" {
		by = " by " + escape(s.by)
	}
	var reasons []string
	for _, r := range s.reasons {
		reasons = append(reasons, escape("· "+r))
	}
	return joined("\n", bold(s.what)+by+" · "+escape(s.site), escape(s.about()), text, strings.Join(reasons, "\n"), link)
}

// discordMost is the length of a message in characters.
const discordMost = 2000

// discord makes a message in which nobody can be mentioned. In Discord's
// markdown a backslash takes the meaning away from every ASCII sign, and with
// it from links, mentions, lists and headings.
func discord(s story, _ map[string]string) any {
	escape := func(t string) string { return escapeSigns(t, "\\`*_{}[]()<>#+-!|~:/@&$=^") }
	content := func(s story) string {
		link := ""
		if s.link != "" {
			link = "<" + s.link + ">"
		}
		return s.lines(escape, func(t string) string { return "**" + t + "**" }, "> ", link)
	}
	s = s.fit(discordMost, func(s story) int { return units(content(s)) })
	const suppressEmbeds = 1 << 2
	return object{"content": content(s), "allowed_mentions": object{"parse": []string{}}, "flags": suppressEmbeds}
}

// units counts as these services do; it is never less than the characters.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// escapeSigns puts a backslash before each of the signs.
func escapeSigns(s, signs string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(signs, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// teams makes an Adaptive Card in the message that a workflow takes ("when a
// Teams webhook request is received"). Text runs, unlike text blocks, have no
// Markdown. A message has at most 28 KB; ours has less by the measures of story.
func teams(s story, _ map[string]string) any {
	block := func(runs ...object) object { return object{"type": "RichTextBlock", "inlines": runs} }
	run := func(text string, more ...string) object {
		r := object{"type": "TextRun", "text": text}
		for _, name := range more {
			r[name] = true
		}
		return r
	}
	title := run(s.head())
	title["weight"] = "bolder"
	body := []object{block(title, run(" · "+s.site))}
	for _, text := range []string{s.about(), s.text} {
		if text != "" {
			body = append(body, block(run(text)))
		}
	}
	for _, reason := range s.reasons {
		body = append(body, block(run(reason, "isSubtle")))
	}
	card := object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	if s.link != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": "Show it on the page", "url": s.link}}
	}
	return object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card,
	}}}
}

// telegramMost is the length of a message in UTF-16 units.
const telegramMost = 4096

// telegram makes a message without any parse mode, so there is no markup. What
// Telegram finds by itself is @names, which it would call.
func telegram(s story, settings map[string]string) any {
	text := func(s story) string { return s.lines(uncalled, func(t string) string { return t }, "", s.link) }
	s = s.fit(telegramMost, func(s story) int { return units(text(s)) })
	m := object{"chat_id": settings["chat_id"], "text": text(s), "link_preview_options": object{"is_disabled": true}}
	if thread, err := strconv.Atoi(settings["thread"]); err == nil {
		m["message_thread_id"] = thread
	}
	return m
}

// uncalled puts a joiner without width behind each @, so that no name follows it.
func uncalled(s string) string { return strings.ReplaceAll(s, "@", "@\u2060") }

// mattermostMost is the length of a post in characters; a server may be set up
// with less than the 16,383 of today.
const mattermostMost = 4000

// mattermost makes a post. Its server looks for mentions before it reads the
// Markdown, so a backslash does not stop one; and only these signs can have one.
func mattermost(s story, _ map[string]string) any {
	escape := func(t string) string { return uncalled(escapeSigns(t, "\\`*_{}[]()#+-!|~>")) }
	text := func(s story) string {
		link := ""
		if s.link != "" {
			link = "[Show it on the page](" + s.link + ")"
		}
		return s.lines(escape, func(t string) string { return "**" + t + "**" }, "> ", link)
	}
	s = s.fit(mattermostMost, func(s story) int { return units(text(s)) })
	return object{"text": text(s)}
}

// ntfyMost is the length of a message in bytes; ours has no more with all that
// is around it.
const ntfyMost = 4096

// ntfy makes a notification, which is plain text, for the address of the server.
func ntfy(s story, settings map[string]string) any {
	message := func(s story) object {
		m := object{"topic": settings["topic"], "title": s.head() + " · " + s.site, "message": cmp.Or(joined("\n", append([]string{s.about(), s.text}, s.reasons...)...), s.what)}
		if s.link != "" {
			m["click"] = s.link
		}
		if priority, err := strconv.Atoi(settings["priority"]); err == nil {
			m["priority"] = priority
		}
		return m
	}
	return message(s.fit(ntfyMost, func(s story) int {
		b, err := comment.JSON(message(s))
		if err != nil {
			return ntfyMost + 1
		}
		return len(b)
	}))
}

var (
	chatForm  = regexp.MustCompile(`^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$`)
	topicForm = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
)

func isChat(s string) bool     { return chatForm.MatchString(s) }
func isTopic(s string) bool    { return topicForm.MatchString(s) }
func isNumber(s string) bool   { n, err := strconv.Atoi(s); return err == nil && n > 0 }
func isPriority(s string) bool { return len(s) == 1 && s >= "1" && s <= "5" }
