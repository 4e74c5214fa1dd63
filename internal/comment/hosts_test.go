package comment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

func (h *house) hosts() map[string][2]int {
	h.t.Helper()
	found, err := h.HostsOf(ctx(), comment.HostQuery{Site: "daily", Limit: 100})
	h.must(err)
	counts := map[string][2]int{}
	for _, one := range found {
		counts[one.Name] = [2]int{one.Approved, one.Rejected}
	}
	return counts
}

// recount works the records out from the decisions alone: of each comment the
// newest decision of a person that has taken effect.
func (h *house) recount(ids []string) map[string][2]int {
	h.t.Helper()
	counts := map[string][2]int{}
	for _, id := range ids {
		revisions := view(h, func(r comment.Reader) ([]comment.Revision, error) { return r.Revisions("daily", id) })
		links := map[int][]string{}
		for _, rev := range revisions {
			links[rev.N] = moderation.LinkHosts(rev.Tree.Links())
			for _, host := range links[rev.N] {
				counts[host] = counts[host]
			}
		}
		for _, d := range view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", id) }) {
			if d.Actor.Kind != comment.ActorModerator || d.State != comment.DecisionDone {
				continue
			}
			for _, host := range links[d.Revision] {
				n := counts[host]
				switch d.To {
				case comment.Approved:
					n[0]++
				case comment.Rejected, comment.Spam:
					n[1]++
				}
				counts[host] = n
			}
			break
		}
	}
	return counts
}

// TestRecordsOfHostsAreWhatPeopleDecided does random things to comments with links
// and compares the records with a recount.
func TestRecordsOfHostsAreWhatPeopleDecided(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "undo_window=5s", "moderation=flagged", "edit_window=24h")
	rnd := rand.New(rand.NewPCG(5, 6))
	text := func() string {
		h.texts++
		return fmt.Sprintf("Number %d: http://www.h%d.example/x and https://h%d.example", h.texts, rnd.IntN(4), rnd.IntN(4))
	}
	var made []comment.Submitted
	var ids []string
	for range 400 {
		h.clock.pass(time.Duration(1+rnd.IntN(4)) * time.Second)
		if len(made) < 12 {
			made = append(made, h.say(text()))
			ids = append(ids, made[len(made)-1].Comment.ID)
		}
		one := made[rnd.IntN(len(made))]
		switch rnd.IntN(6) {
		case 0:
			_, _ = h.Edit(ctx(), revising(one, text()))
		case 1:
			h.settle()
		case 2:
			decisions := view(h, func(r comment.Reader) ([]comment.Decision, error) { return r.Decisions("daily", one.Comment.ID) })
			if len(decisions) > 0 {
				_, _ = h.Undo(ctx(), chief, decisions[0].ID)
			}
		default:
			h.try(ada, []comment.Action{comment.Approve, comment.Reject, comment.MarkSpam, comment.Delete, comment.Restore}[rnd.IntN(5)], one.Comment.ID)
		}
	}
	h.clock.pass(time.Minute)
	h.settle()
	want := h.recount(ids)
	decided := 0
	for _, n := range want {
		decided += n[0] + n[1]
	}
	if decided == 0 {
		t.Fatal("nothing was decided")
	}
	if diff := cmp.Diff(want, h.hosts()); diff != "" {
		t.Errorf("-recount +records\n%s", diff)
	}
}

func codesOf(s comment.Submitted) map[string]moderation.Hint {
	codes := map[string]moderation.Hint{}
	for _, step := range s.Revision.Trace {
		for _, e := range step.Evidence {
			codes[e.Code] = e.Hint
		}
	}
	return codes
}

// A host that people have rejected often holds a comment, and never more than that.
func TestTheRecordOfAHostHolds(t *testing.T) {
	onBothEngines(t, func(t *testing.T, h *house) {
		link := func(i int) comment.Submitted {
			return h.say(fmt.Sprintf("Look here number %d at https://www.pills.example/%d", i, i))
		}
		first := link(0)
		if codesOf(first)[moderation.CodeNewHost] != moderation.HintNone {
			t.Errorf("a new host: %v", codesOf(first))
		}
		h.decide(ada, comment.Reject, first.Comment.ID, link(1).Comment.ID)
		if _, held := codesOf(link(2))[moderation.CodeRejectedHost]; held {
			t.Error("two decisions are too few")
		}
		h.decide(ada, comment.Approve, link(3).Comment.ID)
		fourth := link(4)
		if codesOf(fourth)[moderation.CodeRejectedHost] != moderation.HintHold || fourth.Comment.Status != comment.Pending {
			t.Errorf("2 of 3 rejected: %v, %s", codesOf(fourth), fourth.Comment.Status)
		}
		if known := codesOf(fourth); known[moderation.CodeNewHost] != "" {
			t.Error("it is not new any more")
		}
		h.decide(ada, comment.Approve, first.Comment.ID) // the reject is taken back
		if _, held := codesOf(link(5))[moderation.CodeRejectedHost]; held {
			t.Errorf("1 of 3 rejected holds: %v", h.hosts())
		}
	})
}

// counting counts the questions about hosts.
type counting struct {
	comment.Store
	asked *int
}

type countingReader struct {
	comment.Reader
	asked *int
}

func (r countingReader) Hosts(site string, names []string) ([]comment.Host, error) {
	*r.asked++
	return r.Reader.Hosts(site, names)
}

func (c counting) ViewAfter(ctx context.Context, ask func(comment.Reader), fn func(comment.Reader) error) error {
	return c.Store.ViewAfter(ctx, ask, func(r comment.Reader) error { return fn(countingReader{r, c.asked}) })
}

// Nobody asks about hosts for a comment without a link.
func TestHostsAreAskedForWhereThereAreLinks(t *testing.T) {
	h := newHouse(t)
	asked := 0
	h.Store = counting{h.store, &asked}
	h.say("Without a link.")
	if asked != 0 || len(h.hosts()) != 0 {
		t.Errorf("asked %d times, %v", asked, h.hosts())
	}
	h.say("With http://a.example/ and http://b.example/")
	if asked != 1 || len(h.hosts()) != 2 {
		t.Errorf("asked %d times, %v", asked, h.hosts())
	}
}
