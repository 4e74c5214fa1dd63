package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// hostile are words that do something in one of the services.
var hostile = []string{
	"<!channel> <!here|x> <@U123> <https://evil.example|bank.example>",
	"@everyone @here @all @channel @ada <@1234> <@&99> <#77>",
	"**bold** __under__ ~~gone~~ ||hidden|| `code` ```block``` > quote",
	"[bank.example](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
	"# heading\n- list\n1. list\n> quote\n-# small",
	"<b>bold</b> <a href=\"https://evil.example\">bank</a> &amp; &lt; <at>Ada</at>",
	`\@everyone \\<!channel>`, "{\"text\": \"}\\\"", "*wide* _slant_ ~struck~ :warning: $x^2$",
	"ends\u202eesrever \x00\x07 \u2066inside\u2069", strings.Repeat("&", 500), strings.Repeat("*", 500),
	strings.Repeat("e"+strings.Repeat("\u0301", 40), 400), strings.Repeat("👩‍👩‍👧‍👦", 400), strings.Repeat("字", 400), "",
}

// eventOf is the stored body of an event whose every text is what was given.
func eventOf(eventType, text string) []byte {
	data := map[string]any{
		"comment": map[string]any{"id": "0189", "text": text, "status": "approved", "author": map[string]any{"name": text}},
		"page":    map[string]any{"key": "k", "url": "https://daily.example/a?x=1&y=2", "title": text},
		"actor":   map[string]any{"kind": "moderator", "name": text}, "reason": text,
		"reasons": []any{map[string]any{"sentence": text}, map[string]any{"sentence": text}, map[string]any{"sentence": text}, map[string]any{"sentence": text}},
	}
	raw, err := json.Marshal(map[string]any{"id": "e1", "type": eventType, "timestamp": "2026-03-01T09:31:12.250000Z", "site": "daily", "sequence": 2, "data": data})
	if err != nil {
		panic(err)
	}
	return raw
}

var chatSettings = map[string]map[string]string{
	"telegram": {"chat_id": "-1001", "thread": "7"}, "ntfy": {"topic": "news", "priority": "4"},
}

// rendered is what a target is sent, decoded.
func rendered(t *testing.T, name string, body []byte) map[string]any {
	t.Helper()
	e := comment.Endpoint{Target: name, Settings: chatSettings[name], Mode: comment.ModeFull}
	once, err := render(e, body)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := render(e, body); !bytes.Equal(once, again) {
		t.Errorf("%s: other bytes at the second attempt", name)
	}
	if !utf8.Valid(once) {
		t.Errorf("%s: not UTF-8", name)
	}
	var m map[string]any
	if err := json.Unmarshal(once, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func chats() (names []string) {
	for _, name := range Targets() {
		if targets[name].write != nil {
			names = append(names, name)
		}
	}
	return names
}

func TestTheTargetWebhookIsSentTheStoredBytes(t *testing.T) {
	body := []byte(`{"id" : "kept as it is","data":{}}`)
	for _, name := range []string{comment.TargetWebhook, ""} {
		got, err := render(comment.Endpoint{Target: name, Mode: comment.ModeFull}, body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestThinHasIdsOnly(t *testing.T) {
	const head = `{"id":"e1","type":"t","timestamp":"2026-03-01T09:31:12.250000Z","site":"daily","sequence":2,"data":`
	for in, want := range map[string]string{
		`{"comment":{"id":"c1","text":"x","author":{"name":"Ada"}},"page":{"key":"k","url":"u","title":"t"},"actor":{"kind":"moderator","name":"Ada"}}`: `{"comment":{"id":"c1"},"page":{"key":"k"}}`,
		`{"page":{"key":"<k>","url":"u","title":"t"},"actor":{"kind":"moderator","name":"Ada"}}`:                                                        `{"page":{"key":"<k>"}}`,
		`{"endpoint":{"id":"p1","url":"https://x","types":["a"]},"reason":"r"}`:                                                                         `{"endpoint":{"id":"p1"}}`,
	} {
		got, err := render(comment.Endpoint{Target: comment.TargetWebhook, Mode: comment.ModeThin}, []byte(head+in+"}"))
		if err != nil || string(got) != head+want+"}" {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}

// A chat that is told in thin mode learns what happened and where, not who said what.
func TestThinChatsHaveNoWords(t *testing.T) {
	body := bytes.ReplaceAll(eventOf(comment.CommentApproved, "SECRET"), []byte(`"title":"SECRET"`), []byte(`"title":"A headline"`))
	for _, name := range chats() {
		got, err := render(comment.Endpoint{Target: name, Settings: chatSettings[name], Mode: comment.ModeThin}, body)
		if err != nil || strings.Contains(string(got), "SECRET") || !strings.Contains(string(got), "A headline") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// Each service's documented fields, and what an ordinary event says there.
func TestTheShapesOfTheTargets(t *testing.T) {
	body := eventOf(comment.CommentApproved, "Ada")
	const link = "https://daily.example/a?x=1&y=2#comment-0189"
	for name, want := range map[string]string{
		"slack": `{"text":"Comment approved · daily","unfurl_links":false,"unfurl_media":false,"blocks":[
			{"type":"section","text":{"type":"mrkdwn","text":"*Comment approved* · daily"}},
			{"type":"section","text":{"type":"plain_text","emoji":false,"text":"Ada on “Ada”\nAda"}},
			{"type":"context","elements":[{"type":"plain_text","emoji":false,"text":"By moderator Ada"},
				{"type":"plain_text","emoji":false,"text":"Ada"},{"type":"plain_text","emoji":false,"text":"Ada"},{"type":"plain_text","emoji":false,"text":"Ada"},
				{"type":"mrkdwn","text":"<https://daily.example/a?x=1&amp;y=2#comment-0189|Show it on the page>"}]}]}`,
		"discord": `{"flags":4,"allowed_mentions":{"parse":[]},
			"content":"**Comment approved** by moderator Ada · daily\nAda on “Ada”\n> Ada\n· Ada\n· Ada\n· Ada\n<` + link + `>"}`,
		"teams": `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{
			"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4","body":[
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Comment approved by moderator Ada","weight":"bolder"},{"type":"TextRun","text":" · daily"}]},
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ada on “Ada”"}]},
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ada"}]},
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ada","isSubtle":true}]},
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ada","isSubtle":true}]},
			{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ada","isSubtle":true}]}],
			"actions":[{"type":"Action.OpenUrl","title":"Show it on the page","url":"` + link + `"}]}}]}`,
		"telegram": `{"chat_id":"-1001","message_thread_id":7,"link_preview_options":{"is_disabled":true},
			"text":"Comment approved by moderator Ada · daily\nAda on “Ada”\nAda\n· Ada\n· Ada\n· Ada\n` + link + `"}`,
		"mattermost": `{"text":"**Comment approved** by moderator Ada · daily\nAda on “Ada”\n> Ada\n· Ada\n· Ada\n· Ada\n[Show it on the page](` + link + `)"}`,
		"ntfy":       `{"topic":"news","priority":4,"title":"Comment approved by moderator Ada · daily","message":"Ada on “Ada”\nAda\nAda\nAda\nAda","click":"` + link + `"}`,
	} {
		var wanted map[string]any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(wanted, rendered(t, name, bytes.Replace(body, []byte(`"reason":"Ada",`), nil, 1))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if len(chats()) != 6 {
		t.Errorf("chats %v", chats())
	}
}

// Every event makes a message in every target, also one with nothing in it.
func TestEveryTypeIsTold(t *testing.T) {
	for _, eventType := range comment.PublicTypes {
		for _, body := range [][]byte{eventOf(eventType, "Ada"), []byte(`{"id":"e","type":"` + eventType + `","timestamp":"t","site":"daily","sequence":0,"data":{}}`)} {
			for _, name := range chats() {
				e := comment.Endpoint{Target: name, Settings: chatSettings[name], Mode: comment.ModeFull}
				got, err := render(e, body)
				if err != nil || happened[eventType] == "" || !strings.Contains(string(got), happened[eventType]) {
					t.Errorf("%s in %s: %s, %v", eventType, name, got, err)
				}
			}
		}
	}
}

// What strangers write has no meaning in any service, and nothing is too long.
func TestHostileWordsAreHarmless(t *testing.T) {
	for _, words := range hostile {
		body := eventOf(comment.CommentApproved, words)
		checkSlack(t, rendered(t, "slack", body))
		checkDiscord(t, rendered(t, "discord", body))
		checkTeams(t, rendered(t, "teams", body))
		checkTelegram(t, rendered(t, "telegram", body))
		checkMattermost(t, rendered(t, "mattermost", body))
		checkNtfy(t, rendered(t, "ntfy", body))
	}
}

func FuzzHostileWords(f *testing.F) {
	for _, words := range hostile {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, words string) {
		body := eventOf(comment.CommentRejected, words)
		checkSlack(t, rendered(t, "slack", body))
		checkDiscord(t, rendered(t, "discord", body))
		checkTeams(t, rendered(t, "teams", body))
		checkTelegram(t, rendered(t, "telegram", body))
		checkMattermost(t, rendered(t, "mattermost", body))
		checkNtfy(t, rendered(t, "ntfy", body))
	})
}

// texts are all strings under the key "text" of an object of one of these types.
func texts(node any, types ...string) (all []string) {
	switch v := node.(type) {
	case map[string]any:
		kind, _ := v["type"].(string)
		if text, ok := v["text"].(string); ok && slices.Contains(types, kind) {
			all = append(all, text)
		}
		for _, child := range v {
			all = append(all, texts(child, types...)...)
		}
	case []any:
		for _, child := range v {
			all = append(all, texts(child, types...)...)
		}
	}
	return all
}

// ours are the only words that stand in a markup.
var oursInSlack = regexp.MustCompile(`^(\*Comment (approved|rejected)\* · daily|<https://daily\.example/a\?x=1&amp;y=2#comment-0189\|Show it on the page>)$`)

func checkSlack(t *testing.T, m map[string]any) {
	t.Helper()
	blocks := m["blocks"].([]any)
	if len(blocks) > 50 || len(texts(blocks, "mrkdwn")) < 1 {
		t.Errorf("blocks %v", blocks)
	}
	for _, text := range texts(blocks, "mrkdwn") {
		if !oursInSlack.MatchString(text) {
			t.Errorf("slack reads %q", text)
		}
	}
	for _, text := range texts(blocks, "plain_text", "mrkdwn") {
		if utf8.RuneCountInString(text) > 3000 || text == "" {
			t.Errorf("a block of %d characters", utf8.RuneCountInString(text))
		}
	}
	for _, text := range texts(blocks, "plain_text") {
		if strings.ContainsAny(text, "<>") || bareAmp.MatchString(text) {
			t.Errorf("slack: unescaped in %q", text)
		}
	}
	if text := m["text"].(string); strings.ContainsAny(text, "<>&@") {
		t.Errorf("slack: fallback %q", text)
	}
	for _, b := range blocks {
		if elements, ok := b.(map[string]any)["elements"].([]any); ok && len(elements) > 10 {
			t.Errorf("slack: %d elements of a context", len(elements))
		}
	}
}

// unescaped takes escaped signs away, as a reader of Markdown would.
func unescaped(s string) string { return escapedSign.ReplaceAllString(s, "") }

var (
	escapedSign = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]")
	ourHead     = regexp.MustCompile(`^\*\*Comment (approved|rejected)\*\*`)
	mention     = regexp.MustCompile(`@\w`)
	bareAmp     = regexp.MustCompile(`&([^agl]|$)`)
)

func checkDiscord(t *testing.T, m map[string]any) {
	t.Helper()
	content := m["content"].(string)
	if n := units(content); n > 2000 || n == 0 {
		t.Errorf("discord: %d characters", n)
	}
	if parse := m["allowed_mentions"].(map[string]any)["parse"].([]any); len(parse) != 0 {
		t.Errorf("discord mentions %v", parse)
	}
	checkMarkdown(t, "discord", content, `<https://daily.example/a?x=1&y=2#comment-0189>`, "<>[]()*_~|`#@\\:")
}

func checkMarkdown(t *testing.T, name, text, link, signs string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(strings.TrimSuffix(line, link), "> ")
		if i == 0 {
			line = ourHead.ReplaceAllString(line, "")
		}
		if rest := unescaped(line); strings.ContainsAny(rest, signs) {
			t.Errorf("%s reads %q in %q", name, rest, line)
		}
	}
}

func checkTeams(t *testing.T, m map[string]any) {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil || len(raw) > 28<<10 {
		t.Errorf("teams: %d bytes", len(raw))
	}
	if strings.Contains(string(raw), `"TextBlock"`) || strings.Contains(string(raw), `"msteams"`) {
		t.Error("teams: a block with Markdown, or mentions")
	}
	if len(texts(m, "TextRun")) < 2 {
		t.Errorf("teams: %s", raw)
	}
}

func checkTelegram(t *testing.T, m map[string]any) {
	t.Helper()
	text := m["text"].(string)
	if n := units(text); n > 4096 || n == 0 {
		t.Errorf("telegram: %d characters", n)
	}
	if m["parse_mode"] != nil || m["entities"] != nil || mention.MatchString(text) {
		t.Errorf("telegram reads %q", text)
	}
}

func checkMattermost(t *testing.T, m map[string]any) {
	t.Helper()
	text := m["text"].(string)
	if units(text) > 4000 || mention.MatchString(text) {
		t.Errorf("mattermost reads %q", text)
	}
	checkMarkdown(t, "mattermost", text, `[Show it on the page](https://daily.example/a?x=1&y=2#comment-0189)`, "[]()*_~|`#\\")
}

func checkNtfy(t *testing.T, m map[string]any) {
	t.Helper()
	raw, err := comment.JSON(m)
	if err != nil || len(raw) > 4096 || m["message"] == "" || m["markdown"] != nil || m["actions"] != nil {
		t.Errorf("ntfy: %d bytes: %s", len(raw), raw)
	}
}

func TestLettersCutsBetweenLetters(t *testing.T) {
	for _, tt := range []struct {
		text        string
		most, bytes int
		want        string
	}{
		{"short", 10, 100, "short"},
		{" two\n\twords ", 10, 100, "two words"},
		{"one two three four", 10, 100, "one two…"},
		{"onetwothreefour", 5, 100, "onetw…"},
		{"e\u0301e\u0301e\u0301", 2, 100, "e\u0301e\u0301…"},
		{"👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 1, 100, "👩‍👩‍👧‍👦…"},
		{"👍🏽👍🏽👍🏽", 2, 100, "👍🏽👍🏽…"},
		{"字字字字", 9, 7, "字字…"},
		{"e" + strings.Repeat("\u0301", 50), 9, 20, "…"},
		{"a\u202eb\x00c\u2066d\u061ce", 9, 20, "abcde"},
		{"", 5, 5, ""},
	} {
		if got := letters(tt.text, tt.most, tt.bytes); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestLinksThatCouldEndEarlyAreLeftOut(t *testing.T) {
	for page, want := range map[string]string{
		"https://a.example/x?b=c": "https://a.example/x?b=c#comment-1", "javascript:alert(1)": "", "https://a.example/(x)": "", "https://a.example/?a|b": "",
		"https://a.example/\"><b>": "https://a.example/%22%3E%3Cb%3E#comment-1", "https://a.example/" + strings.Repeat("x", 1000): "", "": "", "/x": "", "https://a.example/ü": "https://a.example/%C3%BC#comment-1",
	} {
		if got := linkTo(page, "1"); got != want {
			t.Errorf("%.40s: %q, want %q", page, got, want)
		}
	}
}

func TestSettingsOfTargets(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		target, url string
		settings    map[string]string
		field, code string
	}{
		{"carrier-pigeon", "https://a.example/x", nil, "target", "unknown_target"},
		{"webhook", "https://a.example/x", map[string]string{"chat_id": "1"}, "settings", "unknown_setting"},
		{"slack", "https://a.example/x", map[string]string{"channel": "1"}, "settings", "unknown_setting"},
		{"telegram", "https://api.telegram.org/bot1:x/sendMessage", nil, "settings", "missing_setting"},
		{"telegram", "https://api.telegram.org/bot1:x/sendMessage", map[string]string{"chat_id": "ada"}, "settings", "invalid_setting"},
		{"telegram", "https://api.telegram.org/bot1:x/", map[string]string{"chat_id": "1"}, "url", "not_the_target's"},
		{"ntfy", "https://ntfy.sh/", nil, "settings", "missing_setting"},
		{"ntfy", "https://ntfy.sh/news", map[string]string{"topic": "news"}, "url", "not_the_target's"},
		{"ntfy", "https://ntfy.sh/", map[string]string{"topic": "a/b"}, "settings", "invalid_setting"},
		{"ntfy", "https://ntfy.sh/", map[string]string{"topic": "news", "priority": "9"}, "settings", "invalid_setting"},
		{"rebuild", "https://a.example/x", map[string]string{"every": "1s"}, "settings", "invalid_setting"},
		{"rebuild", "https://a.example/x", map[string]string{"every": "2h"}, "settings", "invalid_setting"},
		{"slack", "https://hooks.slack.com/services/T/B/x", nil, "", ""},
		{"telegram", "https://api.telegram.org/bot1:x/sendMessage", map[string]string{"chat_id": "@daily_news"}, "", ""},
		{"ntfy", "https://ntfy.sh", map[string]string{"topic": "news"}, "", ""},
		{"rebuild", "https://a.example/x", map[string]string{"every": "5m"}, "", ""},
	} {
		_, _, err := h.hooks.Add(t.Context(), site, Change{URL: tt.url, Target: tt.target, Settings: tt.settings}, admin)
		if tt.field == "" {
			if err != nil {
				t.Errorf("%+v: %v", tt, err)
			}
			continue
		}
		if f := fault.Of(err); err == nil || len(f.Fields) != 1 || f.Fields[0].Name != tt.field || f.Fields[0].Code != tt.code {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// The URL of most targets is a password. It is shown without what makes it one,
// and giving it back as it was shown changes nothing.
func TestTheURLOfATargetIsShownWithoutItsToken(t *testing.T) {
	for raw, want := range map[string]string{
		"slack https://hooks.slack.com/services/T0/B0/TOKEN":                      "https://hooks.slack.com/services/T0/B0/…",
		"discord https://discord.com/api/webhooks/12/TOKEN?thread_id=3":           "https://discord.com/api/webhooks/12/…?…",
		"teams https://x.logic.azure.com/workflows/1/paths/invoke?sv=1&sig=TOKEN": "https://x.logic.azure.com/workflows/1/paths/…?…",
		"mattermost https://chat.example/hooks/TOKEN/":                            "https://chat.example/hooks/…",
		"telegram https://api.telegram.org/bot1:TOKEN/sendMessage":                "https://api.telegram.org/…/sendMessage",
		"rebuild https://api.netlify.com/build_hooks/TOKEN":                       "https://api.netlify.com/build_hooks/…",
		"webhook https://www.example.org/hooks/1?a=b":                             "https://www.example.org/hooks/1?a=b",
		"ntfy https://ntfy.sh/":                                                   "https://ntfy.sh/",
		"slack https://hooks.example":                                             "https://hooks.example",
	} {
		target, url, _ := strings.Cut(raw, " ")
		if got := ShownURL(comment.Endpoint{Target: target, URL: url}); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	h := newHouse(t)
	const url = "https://hooks.slack.com/services/T0/B0/TOKEN"
	e, _, err := h.hooks.Add(t.Context(), site, Change{URL: url, Target: "slack"}, admin)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = h.hooks.Change(t.Context(), site, e.ID, Change{URL: ShownURL(e), Mode: comment.ModeThin}, admin); err != nil || e.URL != url || e.Mode != comment.ModeThin {
		t.Errorf("%+v, %v", e, err)
	}
	if err := h.hooks.Retire(t.Context(), e, comment.EndpointGone, "x"); err != nil {
		t.Fatal(err)
	}
	if err := h.hooks.Remove(t.Context(), site, e.ID, admin); err != nil {
		t.Fatal(err)
	}
	if log := h.logged(); len(log) < 4 {
		t.Errorf("%d lines", len(log))
	}
	for _, line := range h.logged() {
		if strings.Contains(string(line.Body), "TOKEN") {
			t.Errorf("the token is in the log: %s", line.Body)
		}
	}
}

// What is sent is signed as it is sent, and shown as it is sent.
func TestWhatIsRenderedIsWhatIsSignedAndShown(t *testing.T) {
	h, s := newHouse(t), newStand(t, func(w http.ResponseWriter, _ got, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	h.schedule = Schedule{0, 0, 0}
	e, secret, err := h.hooks.Add(t.Context(), site, Change{URL: s.URL, Mode: comment.ModeThin}, admin)
	if err != nil {
		t.Fatal(err)
	}
	h.run()
	h.happen("c1", comment.CommentApproved)
	until(t, "it came twice", func() bool { return s.count() == 2 })
	first, second := s.all()[0], s.all()[1]
	if !bytes.Equal(first.body, second.body) || strings.Contains(string(first.body), "text") {
		t.Errorf("%s, then %s", first.body, second.body)
	}
	if err := Verify(secret, second.header, second.body, second.at); err != nil {
		t.Error(err)
	}
	_, body, _, err := h.hooks.Delivery(t.Context(), site, h.deliveries(e.ID)[0].ID)
	if err != nil || !bytes.Equal(body, second.body) {
		t.Errorf("%s is shown, %v", body, err)
	}
}
