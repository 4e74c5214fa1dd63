package comment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// withWords puts a banned and a suspect word on the lists of daily.
func (h *house) withWords() {
	h.t.Helper()
	for list, text := range map[string]string{"banned": "frobnicate", "suspect": "wibble"} {
		_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: list, Text: text}, comment.Actor{})
		h.must(err)
	}
}

func TestEachLaneInEachMode(t *testing.T) {
	t.Parallel()
	subs := map[string]comment.Submission{
		"clean": post("A friendly word."), "held": post("A wibble word."), "banned": post("A frobnicate word."), "trap": post("Buy my things."),
	}
	trap := subs["trap"]
	trap.Form = moderation.Form{Known: true, Trap: "x"}
	subs["trap"] = trap
	for mode, want := range map[string]map[string]comment.Status{
		"all":     {"clean": comment.Pending, "held": comment.Pending, "banned": comment.Rejected, "trap": comment.Spam},
		"new":     {"clean": comment.Pending, "held": comment.Pending, "banned": comment.Rejected, "trap": comment.Spam},
		"flagged": {"clean": comment.Approved, "held": comment.Pending, "banned": comment.Rejected, "trap": comment.Spam},
		"off":     {"clean": comment.Approved, "held": comment.Approved, "banned": comment.Rejected, "trap": comment.Spam},
	} {
		h := newHouse(t, "moderation="+mode, "undo_window=5s")
		h.withWords()
		for what, status := range want {
			t.Run(mode+" "+what, func(t *testing.T) {
				h.t = t
				out := h.submit(subs[what])
				c := h.row(out.Comment.ID)
				if c.Status != status || c.InForce != status || (c.Public == 1) != (status == comment.Approved) || c.Held != "" {
					t.Errorf("the comment is %s, in force %s, public %d", c.Status, c.InForce, c.Public)
				}
				wantBirth(t, h, c)
			})
		}
		h.t = t
		h.wantSoundLog("daily")
	}
}

// wantBirth checks the events and the decision of a comment that nobody has
// touched since.
func wantBirth(t *testing.T, h *house, c comment.Comment) {
	t.Helper()
	decisions := view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", c.ID) })
	if c.Status == comment.Pending {
		h.wantEvents(c.ID, "created")
		if len(decisions) != 0 {
			t.Errorf("nobody has decided and there are %d decisions", len(decisions))
		}
		return
	}
	h.wantEvents(c.ID, map[comment.Status]string{comment.Approved: "created approved", comment.Rejected: "created rejected", comment.Spam: "created marked_spam"}[c.Status])
	events := h.events(c.ID)
	first, second := bodyOf(t, events[0]), bodyOf(t, events[1])
	if first.Data.PreviousStatus != nil || first.Data.Comment.Status != "pending" || first.Data.Actor.Kind != "author" {
		t.Errorf("the birth says %+v", first.Data)
	}
	if second.Data.PreviousStatus == nil || *second.Data.PreviousStatus != "pending" || second.Data.Comment.Status != string(c.Status) || second.Data.Actor.Kind != "rule" {
		t.Errorf("the decision says %+v", second.Data)
	}
	if len(decisions) != 1 || decisions[0].State != comment.DecisionDone || decisions[0].Actor.Kind != comment.ActorRule || decisions[0].Note == "" {
		t.Errorf("the decisions are %+v", decisions)
	}
	if (c.Status != comment.Approved) != (len(second.Data.Reasons) > 0) && c.Status != comment.Approved {
		t.Errorf("the decision has the reasons %+v", second.Data.Reasons)
	}
}

func TestANewAuthorIsTrustedAfterEnoughApprovals(t *testing.T) {
	h := newHouse(t, "moderation=new", "trusted_after=2")
	for i, want := range []comment.Status{comment.Pending, comment.Pending, comment.Approved} {
		out := h.say(fmt.Sprint("My contribution, number ", i))
		if got := h.row(out.Comment.ID).Status; got != want {
			t.Errorf("comment %d is %s, want %s", i, got, want)
		}
		h.decide(ada, comment.Approve, out.Comment.ID)
	}
	impostor := post("Trust me, I am Rita.")
	impostor.Email = "someone@else.example"
	if got := h.submit(impostor).Comment.Status; got != comment.Pending {
		t.Errorf("a stranger with the same name is %s", got)
	}
	nobody := post("Trust me too, I am Rita.")
	nobody.Email = ""
	if got := h.submit(nobody).Comment.Status; got != comment.Pending {
		t.Errorf("somebody with the same name and no address is %s", got)
	}
}

func TestAnAuthorIsToldNothingOfSpam(t *testing.T) {
	h := newHouse(t)
	sub := post("Buy my things.")
	sub.Form = moderation.Form{Known: true, Trap: "x"}
	out := h.submit(sub)
	if v := out.View(comment.BodyHTML); v.Status != comment.Pending {
		t.Errorf("the author sees %s", v.Status)
	}
	own, err := h.Own(ctx(), "daily", out.Comment.ID, out.EditToken)
	h.must(err)
	if v := own.View(comment.BodyHTML); v.Status != comment.Pending {
		t.Errorf("the author sees %s later", v.Status)
	}
}

func (h *house) pages() (n int) {
	h.t.Helper()
	h.must(h.raw().QueryRow("select count(*) from pages").Scan(&n))
	return n
}

func TestTheFirstCommentMakesThePage(t *testing.T) {
	h := newHouse(t)
	out, err := h.Thread(ctx(), comment.Ask{Site: "daily", Page: article})
	h.must(err)
	if h.pages() != 0 || out.Count != 0 || out.Page.Open == nil || !*out.Page.Open {
		t.Errorf("looking at a page made %d pages, or it is not open: %+v", h.pages(), out.Page)
	}
	sub := post("First!")
	sub.Page = comment.PageRef{Key: "story-7", URL: "HTTPS://Daily.Example/story/?utm_source=x#top", Title: "  The   story\n"}
	h.submit(sub)
	h.submit(sub)
	_, page, err := h.PageOf(ctx(), "daily", "story-7")
	h.must(err)
	if h.pages() != 1 || page.URL != article || page.Title != "The story" || page.Count != 0 {
		t.Errorf("%d pages, and it is %+v", h.pages(), page)
	}
	for _, ref := range []string{article, article + "/#x", "https://DAILY.example/story?fbclid=1"} {
		if _, same, err := h.PageOf(ctx(), "daily", ref); err != nil || same.ID != page.ID {
			t.Errorf("%s is another page: %v %v", ref, same, err)
		}
	}
}

// What a page is called stands as soon as the public sees it; before, anybody
// may have been the first to post.
func TestAPageIsCorrectedUntilItIsPublic(t *testing.T) {
	h := newHouse(t)
	post := func(url, title string) comment.Submitted {
		sub := post("About " + url + " " + title)
		sub.Page = comment.PageRef{Key: "story-7", URL: url, Title: title}
		return h.submit(sub)
	}
	want := func(url, title string) {
		t.Helper()
		_, page, err := h.PageOf(ctx(), "daily", "story-7")
		h.must(err)
		if page.URL != url || page.Title != title {
			t.Errorf("the page is %q at %s, want %q at %s", page.Title, page.URL, title, url)
		}
	}
	post(origin+"/elsewhere", "Buy here")
	want(origin+"/elsewhere", "Buy here")
	genuine := post(article, "Story")
	want(article, "Story")
	post(article, "")
	want(article, "Story")
	h.decide(ada, comment.Approve, genuine.Comment.ID)
	if got := bodyOf(t, h.events(genuine.Comment.ID)[1]).Data.Page; got.URL != article || got.Title != "Story" {
		t.Errorf("integrators are told %+v", got)
	}
	post(origin+"/elsewhere", "Buy here")
	want(article, "Story")
}

// A page that a stranger makes at an address does not hide the one that the
// public comments on.
func TestAnAddressLeadsToThePublicPage(t *testing.T) {
	h := newHouse(t)
	post := func(key string) comment.Submitted {
		sub := post("On the page " + key)
		sub.Page = comment.PageRef{Key: key, URL: article}
		return h.submit(sub)
	}
	want := func(key string, count int) {
		t.Helper()
		_, page, err := h.PageOf(ctx(), "daily", article)
		h.must(err)
		if page.Key != key || h.pageCount(article) != count {
			t.Errorf("the address leads to %q, with %d comments; want %q with %d", page.Key, h.pageCount(article), key, count)
		}
	}
	post("before")
	want("before", 0)
	genuine := post("story-7")
	want("before", 0)
	h.decide(ada, comment.Approve, genuine.Comment.ID)
	want("story-7", 1)
	post("after")
	want("story-7", 1)
	byAddress := post("")
	want("story-7", 1)
	h.decide(ada, comment.Approve, byAddress.Comment.ID)
	want(article, 1) // the address is this one's very key
}

func TestPagesThatCannotBe(t *testing.T) {
	h := newHouse(t)
	for name, tt := range map[string]struct {
		change func(*comment.Submission)
		want   string
	}{
		"foreign address":       {func(s *comment.Submission) { s.Page.URL = "https://evil.example/story" }, "origin_not_allowed"},
		"other scheme":          {func(s *comment.Submission) { s.Page.URL = "http://daily.example/story" }, "origin_not_allowed"},
		"other port":            {func(s *comment.Submission) { s.Page.URL = "https://daily.example:8443/story" }, "origin_not_allowed"},
		"lookalike":             {func(s *comment.Submission) { s.Page.URL = "https://daily.example.evil.example/story" }, "origin_not_allowed"},
		"other site's address":  {func(s *comment.Submission) { s.Page.URL = "https://weekly.example/story" }, "origin_not_allowed"},
		"foreign browser":       {func(s *comment.Submission) { s.Client.Origin = "https://evil.example" }, "origin_not_allowed"},
		"sandboxed browser":     {func(s *comment.Submission) { s.Client.Origin = "null" }, "origin_not_allowed"},
		"no address":            {func(s *comment.Submission) { s.Page.URL = "" }, "page.url:required"},
		"key and no address":    {func(s *comment.Submission) { s.Page = comment.PageRef{Key: "story"} }, "page.url:required"},
		"javascript":            {func(s *comment.Submission) { s.Page.URL = "javascript:alert(1)" }, "page.url:invalid"},
		"too long when escaped": {func(s *comment.Submission) { s.Page.URL = origin + "/" + strings.Repeat("ü", 1000) }, "page.url:invalid"},
		"key with blanks":       {func(s *comment.Submission) { s.Page.Key = " story " }, "page.key:invalid"},
		"key with a control":    {func(s *comment.Submission) { s.Page.Key = "sto\x00ry" }, "page.key:invalid"},
		"key of 2049 bytes":     {func(s *comment.Submission) { s.Page.Key = strings.Repeat("k", 2049) }, "page.key:invalid"},
		"key not UTF-8":         {func(s *comment.Submission) { s.Page.Key = "\xff" }, "page.key:invalid"},
		"title with a control":  {func(s *comment.Submission) { s.Page.Title = "a\x1bb" }, "page.title:invalid"},
		"unknown site":          {func(s *comment.Submission) { s.Site = "monthly" }, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			sub := post("Hello there.")
			tt.change(&sub)
			_, err := h.Submit(ctx(), sub)
			wantFault(t, err, tt.want)
		})
	}
	if h.pages() != 0 {
		t.Errorf("what was refused made %d pages", h.pages())
	}
	long := post("Hello there.")
	long.Page = comment.PageRef{Key: strings.Repeat("k", 2048), URL: origin + "/" + strings.Repeat("a", 2048-len(origin+"/")), Title: strings.Repeat("😀", 400)}
	h.submit(long)
	_, page, err := h.PageOf(ctx(), "daily", long.Page.Key)
	h.must(err)
	if n := len([]rune(page.Title)); n != 300 || !strings.HasSuffix(page.Title, "…") {
		t.Errorf("the title has %d characters", n)
	}
}

func TestTwoFirstCommentsAtOnceMakeOnePage(t *testing.T) {
	h := newHouse(t, "moderation=off")
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			sub := post(fmt.Sprint("Contribution with the number ", i))
			sub.Name = fmt.Sprint("Reader ", i%4)
			if _, err := h.Submit(ctx(), sub); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if h.pages() != 1 || h.pageCount(article) != 24 {
		t.Errorf("%d pages, %d public comments", h.pages(), h.pageCount(article))
	}
	h.wantSoundLog("daily")
	h.wantTrueCounts()
}

func TestParentsThatCannotBeAnswered(t *testing.T) {
	h := newHouse(t, "max_depth=2")
	root := h.public("The root of it all.")
	pending := h.say("Waiting for somebody.")
	rejected, gone, spam := h.public("Rejected later."), h.public("Deleted later."), h.public("Taken for spam later.")
	h.decide(ada, comment.Reject, rejected.Comment.ID)
	h.decide(ada, comment.Delete, gone.Comment.ID)
	h.decide(ada, comment.MarkSpam, spam.Comment.ID)
	tombstone := h.public("Gone, with an answer.")
	h.publicReply(tombstone.Comment.ID, "The answer that stays.")
	h.decide(ada, comment.Delete, tombstone.Comment.ID)
	elsewhere := post("On another page.")
	elsewhere.Page.URL = origin + "/other"
	other := h.submit(elsewhere)
	h.decide(ada, comment.Approve, other.Comment.ID)
	weekly := post("On another site.")
	weekly.Site, weekly.Page.URL, weekly.Client.Origin = "weekly", "https://weekly.example/story", ""
	foreign := h.submit(weekly)
	h.decide(owner, comment.Approve, foreign.Comment.ID)

	var answers []string
	for name, id := range map[string]string{
		"pending": pending.Comment.ID, "rejected": rejected.Comment.ID, "deleted": gone.Comment.ID, "spam": spam.Comment.ID,
		"tombstone": tombstone.Comment.ID, "another page": other.Comment.ID, "another site": foreign.Comment.ID,
		"nobody": comment.NewID(), "no id": "x", "capitals": strings.ToUpper(root.Comment.ID), "braces": "{" + root.Comment.ID + "}",
	} {
		sub := post("An answer to " + name)
		sub.ParentID = id
		_, err := h.Submit(ctx(), sub)
		wantFault(t, err, "parent_id:not_found")
		answers = append(answers, fmt.Sprint(err))
	}
	slices.Sort(answers)
	if len(slices.Compact(answers)) != 1 {
		t.Errorf("the answers differ, so something can be learned by asking: %q", slices.Compact(answers))
	}
	h.wantTrueCounts()
}

func TestAnAnswerThatIsTooDeepGoesBesideTheOneItAnswers(t *testing.T) {
	h := newHouse(t, "moderation=off", "max_depth=2")
	root := h.say("Depth nought.")
	one := h.reply(root.Comment.ID, "Depth one.")
	two := h.reply(one.Comment.ID, "Depth two.")
	three := h.row(h.reply(two.Comment.ID, "Depth three, placed beside two.").Comment.ID)
	if three.ParentID != one.Comment.ID || three.Depth != 2 {
		t.Errorf("the answer is at depth %d under %s", three.Depth, three.ParentID)
	}
	h.set("daily", "max_depth=1")
	if deep := h.row(h.reply(three.ID, "Depth four, after the limit was lowered.").Comment.ID); deep.ParentID != root.Comment.ID || deep.Depth != 1 {
		t.Errorf("the answer is at depth %d under %s", deep.Depth, deep.ParentID)
	}
	h.set("daily", "max_depth=0")
	sub := post("No answers here.")
	sub.ParentID = root.Comment.ID
	_, err := h.Submit(ctx(), sub)
	wantFault(t, err, "parent_id:replies_off")
	h.wantTrueCounts()
}

func TestTextsThatCannotBe(t *testing.T) {
	h := newHouse(t, "max_length=20000")
	for name, tt := range map[string]struct{ text, want string }{
		"empty":              {"", "text:blank"},
		"blanks":             {" \n\t ", "text:blank"},
		"invisible":          {"\u200b\u200d\ufeff", "text:blank"},
		"markup and nothing": {"****", "no error"}, // shown as it was typed
		"empty quote":        {">", "text:blank"},
		"empty list":         {"- ", "text:blank"},
		"empty code block":   {"```\n```", "text:blank"},
		"not UTF-8":          {"a\xff", "text:invalid_utf8"},
		"control":            {"a\x00b", "text:control_character"},
		"escape":             {"a\x1b[31m", "text:control_character"},
		"20000 letters":      {strings.Repeat("a", 20000), "no error"},
		"20001 letters":      {strings.Repeat("a", 20001), "text:too_long"},
		"20480 bytes":        {strings.Repeat("😀", 5120), "no error"},
		"20484 bytes":        {strings.Repeat("😀", 5121), "text:too_long"},
	} {
		_, err := h.Submit(ctx(), post(tt.text))
		t.Run(name, func(t *testing.T) { wantFault(t, err, tt.want) })
	}
}

func TestLengthIsCountedInCharactersOfTheStoredText(t *testing.T) {
	h := newHouse(t, "max_length=10")
	for text, want := range map[string]string{
		"0123456789":              "no error",
		"01234567890":             "text:too_long",
		"üüüüüüüüüü":              "no error",
		"üüüüüüüüüüü":             "text:too_long",
		"😀😀😀😀😀😀😀😀😀😀":              "no error",
		"  \n\n0123456789\n\n   ": "no error",
		"o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308":        "no error", // composed on the way in
		"o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308o\u0308": "text:too_long",
	} {
		_, err := h.Submit(ctx(), post(text))
		t.Run(text, func(t *testing.T) { wantFault(t, err, want) })
	}
}

func TestNamesAndAddresses(t *testing.T) {
	h := newHouse(t)
	for name, want := range map[string]string{
		"":                       "author.name:blank",
		" \u200b ":               "author.name:blank",
		"a\x00":                  "author.name:invalid",
		"\xff":                   "author.name:invalid",
		strings.Repeat("é", 60):  "no error",
		strings.Repeat("é", 61):  "author.name:too_long",
		strings.Repeat("😀", 60):  "no error", // 240 bytes
		"  Rita \n van  Rosen  ": "no error",
		"<b>Rita</b>":            "no error",
	} {
		sub := post("A word from somebody: " + name[:min(len(name), 2)])
		sub.Name, sub.Text = name, "A word from somebody."
		_, err := h.Submit(ctx(), sub)
		t.Run("name "+name, func(t *testing.T) { wantFault(t, err, want) })
	}
	for email, want := range map[string]string{
		"":                           "no error",
		" Rita@Reader.Example ":      "no error",
		"rita":                       "author.email:invalid",
		"rita@":                      "author.email:invalid",
		"Rita <rita@reader.example>": "author.email:invalid",
		"rita@reader.example, bob@reader.example": "author.email:invalid",
		"rita@reader.example\nbcc:bob@b.example":  "author.email:invalid",
		"rita\x00@reader.example":                 "author.email:invalid",
		`"a b"@reader.example`:                    "author.email:invalid",
		strings.Repeat("a", 300) + "@example.org": "author.email:invalid",
	} {
		sub := post("A word from an address.")
		sub.Email = email
		_, err := h.Submit(ctx(), sub)
		t.Run("e-mail "+email, func(t *testing.T) { wantFault(t, err, want) })
	}
	sub := post("A word from Rita.")
	sub.Name = "  Rita \n van  Rosen  "
	if got := h.submit(sub).Comment.AuthorName; got != "Rita van Rosen" {
		t.Errorf("the name is %q", got)
	}
}

// A guest is who gives the same name and address; without an address, the same
// name from the same network on the same day.
func TestWhoAGuestIs(t *testing.T) {
	h := newHouse(t)
	who := func(changes ...func(*comment.Submission)) comment.Submitted {
		t.Helper()
		sub := post("Who am I?")
		for _, change := range changes {
			change(&sub)
		}
		return h.submit(sub)
	}
	ip := func(ip string) func(*comment.Submission) { return func(s *comment.Submission) { s.Client.IP = ip } }
	called := func(name, email string) func(*comment.Submission) {
		return func(s *comment.Submission) { s.Name, s.Email = name, email }
	}
	showing := func(token string) func(*comment.Submission) { return func(s *comment.Submission) { s.Token = token } }

	here, there := ip("2001:db8:1:2::1"), ip("198.51.100.1")
	rita := who(here)
	nameless := who(here, called("Rita", ""))
	weekly := h.submit(comment.Submission{Site: "weekly", Page: comment.PageRef{URL: "https://weekly.example/a"}, Name: "Rita", Email: "rita@reader.example", Text: "Who am I?"})
	other := who(there, called("Otto", ""))
	for what, tt := range map[string]struct {
		is comment.Submitted
		as comment.Submitted
	}{
		"the same network":             {who(ip("2001:db8:1:2:ffff::2")), rita},
		"the address in capitals":      {who(here, called("Rita", "RITA@Reader.example")), rita},
		"a token from elsewhere":       {who(there, showing(rita.EditToken)), rita},
		"a token instead of a network": {who(there, called("Rita", ""), showing(nameless.EditToken)), nameless},
	} {
		if tt.is.Comment.AuthorID != tt.as.Comment.AuthorID {
			t.Errorf("%s makes somebody else", what)
		}
	}
	seen := map[string]string{rita.Comment.AuthorID: "Rita", nameless.Comment.AuthorID: "Rita without an address", other.Comment.AuthorID: "Otto"}
	strangers := map[string]comment.Submitted{
		"another name":                    who(here, called("Ritta", "rita@reader.example")),
		"another address":                 who(here, called("Rita", "rita@other.example")),
		"another network":                 who(there),
		"another network without address": who(there, called("Rita", "")),
		"a token and another name":        who(ip("198.51.100.2"), called("Rosa", "rita@reader.example"), showing(rita.EditToken)),
		"a token and another address":     who(ip("198.51.100.2"), called("Rita", "rosa@reader.example"), showing(rita.EditToken)),
		"a token without the address":     who(ip("198.51.100.2"), called("Rita", ""), showing(rita.EditToken)),
		"a forged token":                  who(ip("198.51.100.3"), showing(rita.EditToken+"x")),
		"a token of another site":         who(ip("198.51.100.4"), showing(weekly.EditToken)),
		"somebody else's token":           who(ip("198.51.100.5"), showing(other.EditToken)),
	}
	h.clock.pass(24 * time.Hour)
	strangers["another day"] = who(here)
	strangers["another day without address"] = who(here, called("Rita", ""))
	again := who(there, showing(rita.EditToken)) // whatever the day
	if again.Comment.AuthorID != rita.Comment.AuthorID {
		t.Error("a token of yesterday makes somebody else")
	}
	h.clock.pass(90 * 24 * time.Hour)
	strangers["an old token"] = who(ip("198.51.100.6"), showing(rita.EditToken))
	for what, s := range strangers {
		if is := seen[s.Comment.AuthorID]; is != "" {
			t.Errorf("%s is %s", what, is)
		}
		seen[s.Comment.AuthorID] = what
	}
}

// Who knows a trusted author's name and e-mail address has not earned the trust.
func TestTrustIsNotForOthers(t *testing.T) {
	h := newHouse(t, "moderation=new", "trusted_after=1")
	earned := h.public("I am Rita.")
	if got := h.say("It is me again.").Comment.Status; got != comment.Approved {
		t.Errorf("the trusted author is %s", got)
	}
	impostor := post("Trust me, I am Rita.")
	impostor.Client.IP = "198.51.100.1"
	out := h.submit(impostor)
	if out.Comment.Status != comment.Pending || h.author(out.Comment.ID).Approved != 0 {
		t.Errorf("the impostor is %s, with %d approved", out.Comment.Status, h.author(out.Comment.ID).Approved)
	}
	h.clock.pass(48 * time.Hour)
	back := post("I am back, from the train.")
	back.Client.IP, back.Token = "198.51.100.2", earned.EditToken
	if got := h.submit(back).Comment.Status; got != comment.Approved {
		t.Errorf("with the token the author is %s", got)
	}
}

func TestGuestsCanBeTurnedAway(t *testing.T) {
	h := newHouse(t, "guests=off")
	_, err := h.Submit(ctx(), post("May I?"))
	wantFault(t, err, "sign_in_required")
}

func TestAClosedPageTakesNothing(t *testing.T) {
	h := newHouse(t, "moderation=off")
	root := h.say("While it was open.")
	closing := comment.Opening{Site: "daily", Page: article, By: comment.Actor{Kind: comment.ActorModerator, ID: chief.ID, Name: "chief"}}
	out, err := h.OpenPage(ctx(), closing)
	h.must(err)
	if *out.Open {
		t.Error("the page is open")
	}
	_, err = h.Submit(ctx(), post("Too late."))
	wantFault(t, err, "page_closed")
	answer := post("Too late to answer.")
	answer.ParentID = root.Comment.ID
	_, err = h.Submit(ctx(), answer)
	wantFault(t, err, "page_closed")
	_, err = h.OpenPage(ctx(), closing) // again: nothing changes
	h.must(err)
	closing.Open = true
	_, err = h.OpenPage(ctx(), closing)
	h.must(err)
	h.say("Open again.")
	var seen []string
	for _, e := range h.log("daily") {
		if e.Type == comment.PageClosed || e.Type == comment.PageOpened {
			seen = append(seen, e.Type)
			if b := bodyOf(t, e); b.Data.Page.URL != article || b.Data.Actor.Name != "chief" || e.Sequence != 0 || e.CommentID != "" {
				t.Errorf("%s says %s", e.Type, e.Body)
			}
		}
	}
	if want := []string{comment.PageClosed, comment.PageOpened}; !slices.Equal(seen, want) {
		t.Errorf("the log has %v, want %v", seen, want)
	}
	closing.Page = origin + "/nobody-was-here"
	_, err = h.OpenPage(ctx(), closing)
	wantFault(t, err, "not_found")
}

func TestAPageClosesByItself(t *testing.T) {
	h := newHouse(t, "moderation=off", "close_after=30d")
	h.say("On the first day.")
	h.clock.pass(30*24*time.Hour - time.Second)
	h.say("On the last day.")
	h.clock.pass(time.Second)
	_, err := h.Submit(ctx(), post("On the day after."))
	wantFault(t, err, "page_closed")
	out, err := h.Thread(ctx(), comment.Ask{Site: "daily", Page: article})
	h.must(err)
	if *out.Page.Open || out.Count != 2 {
		t.Errorf("the page says %+v, %d comments", out.Page, out.Count)
	}
	_, err = h.OpenPage(ctx(), comment.Opening{Site: "daily", Page: article, Open: true})
	wantFault(t, err, "closed_by_age")
	h.set("daily", "close_after=never")
	h.say("The operator has changed their mind.")
}

// once makes a use case happen once; its answer is the comment's id.
func once(key, hash string) comment.Once {
	return comment.Once{Scope: "submit daily", Key: key, Hash: hash, Answer: func(result any) (int, []byte, error) {
		body, err := json.Marshal(result.(comment.Submitted).Comment.ID)
		return 201, body, err
	}}
}

// wantRepeated checks that an error is the answer that was given before.
func wantRepeated(t *testing.T, err error, id string) {
	t.Helper()
	var again *comment.Repeated
	if !errors.As(err, &again) {
		t.Errorf("the second answer is %v", err)
		return
	}
	if want := fmt.Sprintf("%q", id); string(again.Receipt.Answer) != want || again.Receipt.Status != 201 {
		t.Errorf("the second answer is %d %s, want %s", again.Receipt.Status, again.Receipt.Answer, want)
	}
}

func TestARequestWithAKeyHappensOnce(t *testing.T) {
	h := newHouse(t)
	sub := post("Only once.")
	sub.Once = once("k1", "hash")
	first := h.submit(sub)
	_, err := h.Submit(ctx(), sub)
	wantRepeated(t, err, first.Comment.ID)
	other := sub
	other.Once = once("k1", "another hash")
	_, err = h.Submit(ctx(), other)
	wantFault(t, err, "idempotency_mismatch")
	next := sub
	next.Once = once("k2", "hash")
	if h.submit(next).Comment.ID == first.Comment.ID {
		t.Error("another key gave the same comment")
	}
	h.clock.pass(24*time.Hour - time.Second)
	_, err = h.Submit(ctx(), sub)
	wantRepeated(t, err, first.Comment.ID)
	h.clock.pass(time.Second)
	if h.submit(sub).Comment.ID == first.Comment.ID {
		t.Error("the key is remembered for longer than a day")
	}
}

// What was answered is answered again, whatever has become of the world since:
// the client that did not hear the first answer must not get another one.
// An answer carries an edit token, so a key that anybody may think of is one
// network's; a long one is its client's, wherever that is by now.
func TestAKeyIsItsClients(t *testing.T) {
	h := newHouse(t)
	elsewhere := func(sub comment.Submission) comment.Submission {
		sub.Client.IP = "198.51.100.1"
		return sub
	}
	short := post("First!")
	short.Once = once("k1", "hash")
	mine, other := h.submit(short), h.submit(elsewhere(short))
	if mine.Comment.ID == other.Comment.ID || mine.EditToken == other.EditToken {
		t.Error("another client was given the first one's comment")
	}
	for _, again := range []struct {
		sub  comment.Submission
		want comment.Submitted
	}{{short, mine}, {elsewhere(short), other}} {
		_, err := h.Submit(ctx(), again.sub)
		wantRepeated(t, err, again.want.Comment.ID)
	}
	foreign := elsewhere(short)
	foreign.Client.IP, foreign.Once = "198.51.100.2", once("k1", "another hash")
	h.submit(foreign) // another's key does not stand in the way

	long := post("From the train.")
	long.Once = once("1c9e6a1b-7d3f-4a55-9c0e-2f4b8d6a7e90", "hash")
	first := h.submit(long)
	_, err := h.Submit(ctx(), elsewhere(long))
	wantRepeated(t, err, first.Comment.ID)

	report := comment.Complaint{Site: "daily", ID: h.public("Report me.").Comment.ID, Reason: "spam", Once: once("k2", "report")}
	report.Once.Answer = func(result any) (int, []byte, error) { return 201, []byte(result.(comment.Complained).ID), nil }
	report.Client.IP = "203.0.113.77"
	one, err := h.Report(ctx(), report)
	h.must(err)
	report.Client.IP = "198.51.100.1"
	if two, err := h.Report(ctx(), report); err != nil || one == two {
		t.Errorf("another client's report: %v", err)
	}
}

func TestARepetitionGetsItsAnswerWhateverHappenedSince(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(h *house, parent string){
		"the limit is reached": func(h *house, _ string) {
			h.set("daily", "rate_limits=on")
			for range 20 {
				_, _ = h.Submit(ctx(), post("Filling the bucket."))
			}
		},
		"the page is closed": func(h *house, _ string) {
			_, err := h.OpenPage(ctx(), comment.Opening{Site: "daily", Page: article, By: comment.Actor{Kind: comment.ActorOperator}})
			h.must(err)
		},
		"the parent is gone":     func(h *house, parent string) { h.decide(ada, comment.Delete, parent) },
		"guests are turned away": func(h *house, _ string) { h.set("daily", "guests=off") },
		"texts must be shorter":  func(h *house, _ string) { h.set("daily", "max_length=3") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			parent := h.public("The one that is answered.")
			sub := post("My answer to it.")
			sub.ParentID, sub.Once = parent.Comment.ID, once("k", "hash")
			first := h.submit(sub)
			happens(h, parent.Comment.ID)
			_, err := h.Submit(ctx(), sub)
			wantRepeated(t, err, first.Comment.ID)
		})
	}
}

func TestTheSameKeyAtOnceMakesOneComment(t *testing.T) {
	h := newHouse(t, "moderation=off")
	var mu sync.Mutex
	made, answers := 0, map[string]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			sub := post("Sixteen clicks on one button.")
			sub.Once = once("k", "hash")
			out, err := h.Submit(ctx(), sub)
			mu.Lock()
			defer mu.Unlock()
			var again *comment.Repeated
			switch {
			case err == nil:
				made++
				answers[fmt.Sprintf("%q", out.Comment.ID)]++
			case errors.As(err, &again):
				answers[string(again.Receipt.Answer)]++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made != 1 || len(answers) != 1 || h.pageCount(article) != 1 {
		t.Errorf("%d comments were made, %d different answers, %d public", made, len(answers), h.pageCount(article))
	}
}

// A refused request leaves nothing behind: its key can be used again.
func TestAFailedRequestIsNotRemembered(t *testing.T) {
	h := newHouse(t)
	sub := post("")
	sub.Once = once("k", "empty")
	_, err := h.Submit(ctx(), sub)
	wantFault(t, err, "text:blank")
	good := post("Now with a text.")
	good.Once = once("k", "full")
	h.submit(good)
}

func TestReceiptsOfOtherUseCases(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		o := comment.Once{Scope: "webhook", Key: "k", Hash: "hash", Answer: func(result any) (int, []byte, error) { return 201, []byte(result.(string)), nil }}
		ran := 0
		run := func() (any, error) { ran++; return "a secret answer", nil }
		failed := errors.New("failed")
		if _, err := h.AtMostOnce(ctx(), o, func() (any, error) { return nil, failed }); !errors.Is(err, failed) {
			t.Errorf("a failure: %v", err)
		}
		if result, err := h.AtMostOnce(ctx(), o, run); err != nil || result != "a secret answer" {
			t.Errorf("the first that succeeds: %v, %v", result, err)
		}
		again := new(comment.Repeated)
		if _, err := h.AtMostOnce(ctx(), o, run); !errors.As(err, &again) || string(again.Receipt.Answer) != "a secret answer" || again.Receipt.Status != 201 {
			t.Errorf("the answer again: %v", err)
		}
		o.Hash = "another"
		_, err := h.AtMostOnce(ctx(), o, run)
		wantFault(t, err, "idempotency_mismatch")
		if o.Scope = "another"; ran != 1 {
			t.Errorf("it ran %d times", ran)
		}
		if _, err := h.AtMostOnce(ctx(), o, run); err != nil {
			t.Errorf("another scope: %v", err)
		}
	})
}

func TestTheAnswersThatAreKeptAreSealed(t *testing.T) {
	h := newHouse(t)
	o := comment.Once{Scope: "webhook", Key: "k", Hash: "hash", Answer: func(any) (int, []byte, error) { return 201, []byte("a secret answer"), nil }}
	_, err := h.AtMostOnce(ctx(), o, func() (any, error) { return nil, nil })
	h.must(err)
	if h.inFile("a secret answer") {
		t.Error("the answer is stored in the clear")
	}
}

// While a request is being carried out, its repetitions are sent away; if nobody ever
// says how it ended, one of them begins anew.
func TestARequestThatIsUnderWay(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		o := comment.Once{Scope: "webhook", Key: "k", Hash: "hash", Answer: func(any) (int, []byte, error) { return 201, []byte("x"), nil }}
		ran := 0
		run := func() (any, error) {
			ran++
			if ran > 1 {
				return nil, nil
			}
			_, err := h.AtMostOnce(ctx(), o, func() (any, error) { ran += 100; return nil, nil })
			wantFault(t, err, "unavailable")
			panic("the process ends")
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = h.AtMostOnce(ctx(), o, run)
		}()
		h.clock.pass(59 * time.Second)
		_, err := h.AtMostOnce(ctx(), o, run)
		wantFault(t, err, "unavailable")
		h.clock.pass(time.Second)
		if _, err := h.AtMostOnce(ctx(), o, run); err != nil || ran != 2 {
			t.Errorf("after a minute: %v, it ran %d times", err, ran)
		}
	})
}

func TestTheTextIsStoredAsItIsShown(t *testing.T) {
	h := newHouse(t, "moderation=off")
	out := h.say("Hello *there*, <script>alert(1)</script>\r\nand [a link](https://a.example).\u202e")
	rev := view(h, func(r comment.Reader) (comment.Revision, error) { return r.Revision("daily", out.Comment.ID, 1) })
	if diff := cmp.Diff(out.Revision.Tree, rev.Tree); diff != "" || rev.Source != "Hello *there*, <script>alert(1)</script>\nand [a link](https://a.example)." {
		t.Errorf("stored is %q\n%s", rev.Source, diff)
	}
	v := h.thread(comment.Ask{})[0]
	if *v.HTML != markup.Render(rev.Source).HTML() || strings.Contains(*v.HTML, "<script") || !strings.Contains(*v.HTML, "<em>there</em>") {
		t.Errorf("shown is %s", *v.HTML)
	}
	if !out.EditUntil.Equal(h.clock.Now().Add(5 * time.Minute)) {
		t.Errorf("it can be edited until %v", out.EditUntil)
	}
}
