package comment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// busy is a house whose page has been quiet for two hours, and its watcher.
func busy(t *testing.T, options ...string) (*house, *comment.Waves) {
	h := newHouse(t, append([]string{"moderation=off", "rate_limits=on"}, options...)...)
	w := h.waves()
	for i := range 24 {
		h.trickle(i)
		h.clock.pass(5 * time.Minute)
		h.must(w.Follow(ctx()))
	}
	return h, w
}

// trickle posts a comment that is like no other, each from a network of its own.
func (h *house) trickle(i int) comment.Submitted {
	h.t.Helper()
	sub := by(i, fmt.Sprintf("Remark %d", i))
	sub.Client.IP = fmt.Sprintf("10.%d.%d.1", i/250, i%250)
	return h.submit(sub)
}

// flood posts n comments two seconds apart, and follows.
func (h *house) flood(w *comment.Waves, from, n int) (last comment.Submitted) {
	h.t.Helper()
	for i := range n {
		last = h.trickle(from + i)
		h.clock.pass(2 * time.Second)
		h.must(w.Follow(ctx()))
	}
	return last
}

func (h *house) page() comment.PageEntry {
	h.t.Helper()
	p, err := h.PageState(ctx(), "daily", article)
	h.must(err)
	return p
}

// pageEvents gives the types of the events of premoderation, in order.
func (h *house) pageEvents() (types []string) {
	for _, e := range h.log("daily") {
		if e.Type == comment.PagePremoderated || e.Type == comment.PageReleased {
			types = append(types, strings.TrimPrefix(e.Type, "page.")+" by "+string(e.Actor.Kind))
		}
	}
	return types
}

func (h *house) wantPageEvents(want ...string) {
	h.t.Helper()
	if got := h.pageEvents(); fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Errorf("events %v, want %v", got, want)
	}
}

// TestASurgePremoderatesAndEnds: the flood goes into premoderation, once for all
// nodes, says why, and the page comes back by the clock.
func TestASurgePremoderatesAndEnds(t *testing.T) {
	h, w := busy(t)
	node := &comment.Waves{Service: h.Service, Log: h.store}
	h.must(node.Load(ctx()))
	if p := h.page(); p.Premoderation != nil {
		t.Fatalf("a quiet page: %+v", p.Premoderation)
	}
	h.flood(w, 100, 40)
	h.must(node.Follow(ctx())) // the other node finds it done
	h.wantPageEvents("premoderated by rule")
	p := h.page().Premoderation
	if p == nil || p.By != "" || !strings.HasSuffix(p.Reason, "are usual.") {
		t.Fatalf("the page: %+v", p)
	}
	held := h.trickle(300)
	if held.Comment.Status != comment.Pending {
		t.Errorf("a comment on it is %s", held.Comment.Status)
	}
	reasons := held.Revision.Trace.Reasons()
	if len(reasons) == 0 || reasons[0].Code != "page_premoderated" || !strings.Contains(reasons[0].Sentence, p.Reason) {
		t.Errorf("it waits because %+v", reasons)
	}
	if other := h.submit(on(by(301, "Elsewhere"), "daily", "quiet")); other.Comment.Status != comment.Approved {
		t.Errorf("a comment on another page is %s", other.Comment.Status)
	}
	listed, _, err := h.PagesInPremoderation(ctx(), "daily", "", 9)
	h.must(err)
	if len(listed) != 1 {
		t.Errorf("%d pages are listed", len(listed))
	}
	h.clock.pass(31 * time.Minute)
	if s := h.trickle(302); s.Comment.Status != comment.Approved {
		t.Errorf("when it is over a comment is %s", s.Comment.Status)
	}
	for range 2 { // two nodes
		if _, err := h.EndPremoderations(ctx(), 9); err != nil {
			t.Fatal(err)
		}
	}
	h.wantPageEvents("premoderated by rule", "released by system")
	h.wantSoundLog("daily")
}

// TestASurgeThatGoesOnDoesNotFlap: the page stays in premoderation while the
// surge is one, and comes out once, when it has become what is usual.
func TestASurgeThatGoesOnDoesNotFlap(t *testing.T) {
	h, w := busy(t)
	h.flood(w, 100, 40)
	out := 0
	for i := range 120 { // an hour of it, at a hundred times the usual
		h.flood(w, 200+10*i, 10)
		h.clock.pass(10 * time.Second)
		h.must(w.Follow(ctx()))
		if h.page().Premoderation != nil {
			if out > 0 {
				t.Fatalf("it went in again after %d minutes", i/2)
			}
		} else if out++; i < 80 {
			t.Fatalf("it came out after %d minutes", i/2)
		}
	}
	if n := len(h.pageEvents()); n > 3 || out == 0 {
		t.Errorf("%d events, out = %d: %v", n, out, h.pageEvents())
	}
}

func TestWhereNoSurgeIsWanted(t *testing.T) {
	for _, option := range []string{"surge=off", "rate_limits=off"} {
		h, w := busy(t, option)
		h.flood(w, 100, 60)
		h.wantPageEvents()
		if h.page().Premoderation != nil {
			t.Errorf("%s: the page is premoderated", option)
		}
	}
}

func TestAPersonsWordOnAPage(t *testing.T) {
	h, w := busy(t)
	by := comment.Actor{Kind: comment.ActorModerator, ID: ada.ID, Name: ada.Name}
	wish := func(hold, spare time.Duration) comment.PageEntry {
		t.Helper()
		p, err := h.Premoderate(ctx(), comment.Premoderating{Site: "daily", Page: article, For: hold, Spare: spare, Reason: "A brigade.", By: by})
		h.must(err)
		return p
	}
	if p := wish(2*time.Hour, 0).Premoderation; p == nil || p.By != "ada" || p.Reason != "A brigade." || p.Until != comment.Timestamp(h.clock.Now().Add(2*time.Hour)) {
		t.Fatalf("begun by hand: %+v", p)
	}
	if p := wish(0, 6*time.Hour); p.Premoderation != nil || p.SparedUntil == nil {
		t.Fatalf("ended by hand: %+v", p)
	}
	h.flood(w, 100, 60)
	h.wantPageEvents("premoderated by moderator", "released by moderator")
	wish(0, 0) // there is none: nothing to tell
	h.wantPageEvents("premoderated by moderator", "released by moderator")
	if h.page().SparedUntil == nil {
		t.Error("a second release took back what was said")
	}
	for _, bad := range []comment.Premoderating{
		{Site: "daily", Page: article, For: time.Second}, {Site: "daily", Page: article, For: 31 * 24 * time.Hour},
		{Site: "daily", Page: article, Spare: -1}, {Site: "daily", Page: article, For: time.Hour, Reason: strings.Repeat("x", 201)},
	} {
		if _, err := h.Premoderate(ctx(), bad); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	_, err := h.Premoderate(ctx(), comment.Premoderating{Site: "daily", Page: "https://daily.example/nowhere", For: time.Hour})
	wantFault(t, err, "not_found")
}
