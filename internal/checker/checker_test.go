package checker

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

func sqlite(t testing.TB) *house {
	t.Helper()
	return newHouse(t, filepath.Join(t.TempDir(), "a.db"))
}

// TestBefore: an answer that comes while the reader waits is evidence like any
// other.
func TestBefore(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{"hint":"review","code":"victim","sentence":"It names a victim.","spans":[{"start":0,"end":3}],"score":0.7}`))
	i, _ := h.add(s.URL, Change{})
	out := h.say("Rita was there.")
	h.wantStatus(out, comment.Pending)
	step := h.step(out)
	want := moderation.Evidence{
		Check: "outside: Gate", Code: "victim", Sentence: "It names a victim.", Hint: moderation.HintReview, Spans: []moderation.Span{{Start: 0, End: 3}},
		Version: int(i.Version), Data: map[string]string{"score_gate": "0.7000"},
	}
	if diff := cmp.Diff([]moderation.Evidence{want}, step.Evidence); diff != "" || step.Err != "" || step.Took == 0 {
		t.Errorf("%+v\n%s", step, diff)
	}
	q := s.questions()[0]
	if q.Comment.ID != out.Comment.ID || q.Comment.Revision != 1 || q.Author["ip"] != nil || q.Author["email"] != nil {
		t.Errorf("asked %+v", q)
	}
	s.says(says(204, ""))
	h.wantStatus(h.say("Nothing is wrong with this."), comment.Approved)
}

// TestSilence: whatever a service does, the comment is stored, and goes where
// the site has said.
func TestSilence(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(500, ""))
	i, _ := h.add(s.URL, Change{Deadline: "2s"})
	for silence, want := range map[comment.Silence]comment.Status{
		comment.SilenceHold: comment.Pending, comment.SilencePublish: comment.Approved, comment.SilenceReject: comment.Rejected,
	} {
		_, err := h.Change(t.Context(), site, i.ID, Change{Silence: silence}, admin)
		h.must(err)
		out := h.say("A text for silence that means " + string(silence))
		h.wantStatus(out, want)
		if step := h.step(out); step.Err != "The service answered with status 500." || len(step.Evidence) != 1 || step.Evidence[0].Code != comment.CodeCheckSilent {
			t.Errorf("%s: %+v", silence, step)
		}
	}
}

// TestSilenceOverridesNothing: a check that says nothing does not publish what
// another one holds.
func TestSilenceOverridesNothing(t *testing.T) {
	h := sqlite(t)
	silentOne, other := newService(t, says(500, "")), newService(t, says(200, `{"hint":"hold","code":"x","sentence":"Hm."}`))
	h.add(silentOne.URL, Change{Name: "Silent", Silence: comment.SilencePublish})
	h.add(other.URL, Change{})
	h.wantStatus(h.say("A text."), comment.Pending)
}

// TestDeadline: checks run beside each other, and none delays a reader beyond the
// deadline.
func TestDeadline(t *testing.T) {
	h := sqlite(t)
	for n := range 4 {
		s := newService(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		h.add(s.URL, Change{Name: fmt.Sprint("Slow ", n), Deadline: "2s", Silence: comment.SilencePublish})
	}
	began := time.Now()
	out := h.say("A text.")
	if took := time.Since(began); took < 1900*time.Millisecond || took > 6*time.Second {
		t.Errorf("the reader waited %s", took)
	}
	h.wantStatus(out, comment.Approved)
}

// TestPersonalData goes out only where the owner has said so, and to the moment
// of posting only.
func TestPersonalData(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(204, ""))
	h.add(s.URL, Change{Send: []string{SendEmail, SendIP}})
	h.say("A text.")
	if a := s.questions()[0].Author; a["email"] != "rita@reader.example" || a["ip"] != "192.0.2.7" || a["user_agent"] != "Browser/1" {
		t.Errorf("%+v", a)
	}
	for _, change := range []Change{
		{Kind: "http", Name: "Late", When: comment.AskAfter, Send: []string{SendIP}},
		{Kind: "openai", Name: "Scores", Send: []string{SendEmail}},
		{Kind: "http", Name: "Other", Send: []string{"password"}},
	} {
		change.URL = s.URL
		if _, _, err := h.Add(t.Context(), site, change, admin); !isField(err, "send") {
			t.Errorf("%+v: %v", change, err)
		}
	}
}

func isField(err error, name string) bool {
	f := fault.Of(err)
	return f.Kind == fault.Invalid && len(f.Fields) == 1 && f.Fields[0].Name == name
}

// TestAfter: what would have been published waits, and moves with the answer.
func TestAfter(t *testing.T) {
	engines(t, func(t *testing.T, h *house) {
		s := newService(t, says(503, ""))
		h.add(s.URL, Change{When: comment.AskAfter, Most: moderation.HintReject})
		out := h.say("A text.")
		h.wantStatus(out, comment.Pending)
		if e := h.step(out).Evidence; len(e) != 1 || e[0].Code != comment.CodeCheckWaits {
			t.Errorf("%+v", e)
		}
		h.work()
		h.wantStatus(out, comment.Pending)
		if i := h.inquiries(out)[0]; i.State != comment.InquiryOwed || i.Tries != 1 || i.Error == "" || !i.NextAt.After(h.Now()) {
			t.Errorf("after a failed call: %+v", i)
		}
		s.says(says(200, `{}`))
		h.clock.pass(10 * time.Second)
		h.wantReasons(out, "check_waits", "first_comment")
		h.work()
		h.wantStatus(out, comment.Approved)
		h.wantReasons(out, "first_comment", "outside")
		if step := h.step(out); !step.At.Equal(h.Now()) || step.Err != "" {
			t.Errorf("%+v", step)
		}
		h.work()
		bad := h.say("Another text.")
		s.says(says(200, `{"hint":"reject","code":"libel","sentence":"It is libel."}`))
		h.work()
		h.wantStatus(bad, comment.Rejected)
		h.wantDecider(bad, comment.Actor{Kind: comment.ActorModel, Name: "Gate"})
		if n := len(s.questions()); n != 4 { // 503 twice, as it is tried again at once
			t.Errorf("asked %d times", n)
		}
		wantWhole(t, h.node)
	})
}

// wantWhole checks the chain of the log.
func wantWhole(t *testing.T, n *node) {
	t.Helper()
	found := view(n, func(r comment.Reader) (comment.Audit, error) { return n.Ledger.Verify(r, site) })
	if found.Bad != 0 {
		t.Errorf("the log: %+v", found)
	}
}

// TestAfterDeadline: the silence of a check that is asked later means what the
// site has said, when its time is over.
func TestAfterDeadline(t *testing.T) {
	for silence, want := range map[comment.Silence]comment.Status{
		comment.SilenceHold: comment.Pending, comment.SilencePublish: comment.Approved, comment.SilenceReject: comment.Rejected,
	} {
		h := sqlite(t)
		s := newService(t, says(500, ""))
		h.add(s.URL, Change{When: comment.AskAfter, Silence: silence, Deadline: "1m"})
		out := h.say("A text.")
		for range 10 {
			h.work()
			h.clock.pass(10 * time.Second)
		}
		h.wantStatus(out, want)
		if want != comment.Pending { // what silence means is the site's word
			h.wantDecider(out, comment.Actor{Kind: comment.ActorRule, Name: "pipeline"})
		}
		i := h.inquiries(out)[0]
		if i.State != comment.InquirySilent || i.Tries < 2 || len(h.row(out).DecidedBy) > 0 {
			t.Errorf("%+v", i)
		}
		if step := h.step(out); step.Err != "The service answered with status 500." || step.Evidence[0].Code != comment.CodeCheckSilent {
			t.Errorf("%+v", step)
		}
	}
}

// TestHumansOutrank: an answer is noted with what a person has decided meanwhile,
// and changes nothing.
func TestHumansOutrank(t *testing.T) {
	for _, action := range []comment.Action{comment.Approve, comment.Reject, comment.MarkSpam} {
		h := sqlite(t)
		s := newService(t, says(200, `{"hint":"reject","code":"libel","sentence":"It is libel."}`))
		h.add(s.URL, Change{When: comment.AskAfter, Most: moderation.HintReject})
		out := h.say("A text.")
		h.decide(out, action)
		before := h.row(out).Status
		h.work()
		h.wantStatus(out, before)
		if e := h.step(out).Evidence; len(e) != 1 || e[0].Code != "libel" {
			t.Errorf("%s: the answer is not in the trace: %+v", action, e)
		}
	}
	h := sqlite(t) // back in the queue by a person's hand, it waits for one
	s := newService(t, says(200, `{}`))
	h.add(s.URL, Change{When: comment.AskAfter})
	out := h.say("A text.")
	h.decide(out, comment.Reject)
	h.decide(out, comment.Restore)
	h.work()
	h.wantStatus(out, comment.Pending)
}

// TestEditsMakeQuestionsMoot: the answer about an older text does not move the
// newer one.
func TestEditsMakeQuestionsMoot(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{"hint":"reject","code":"libel","sentence":"It is libel."}`))
	h.add(s.URL, Change{When: comment.AskAfter, Most: moderation.HintReject})
	out := h.say("A text.")
	_, err := h.Comments.Edit(t.Context(), comment.Revising{Site: site, ID: out.Comment.ID, Token: out.EditToken, Text: "A better text.", Client: comment.Client{Origin: origin}})
	h.must(err)
	s.says(says(200, `{}`))
	h.work()
	h.wantStatus(out, comment.Approved)
	got := map[int]comment.InquiryState{}
	for _, i := range h.inquiries(out) {
		got[i.Revision] = i.State
	}
	if diff := cmp.Diff(map[int]comment.InquiryState{1: comment.InquiryMoot, 2: comment.InquiryAnswered}, got); diff != "" {
		t.Error(diff)
	}
	if q := s.questions(); len(q) != 1 || q[0].Comment.Revision != 2 {
		t.Errorf("asked %+v", q)
	}
}

// TestForbiddenWhileItWaited: what the site has come to forbid while a comment
// waited for an answer is not published by it.
func TestForbiddenWhileItWaited(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{}`))
	h.add(s.URL, Change{When: comment.AskAfter})
	out := h.say("This casino pays.")
	_, err := h.Comments.AddWord(t.Context(), comment.Word{Site: site, List: "banned", Text: "casino"}, admin)
	h.must(err)
	h.work()
	h.wantStatus(out, comment.Rejected)
	h.wantReasons(out, "banned_word", "first_comment", "outside")
}

// TestTurnedAwayWhileItWaited: what a person has said of the author meanwhile outranks
// an answer that has nothing against the comment.
func TestTurnedAwayWhileItWaited(t *testing.T) {
	for standing, want := range map[string]comment.Status{
		"banned": comment.Pending, "suspended": comment.Pending, "premoderated": comment.Pending, "muted": comment.Spam, "trusted": comment.Approved,
	} {
		t.Run(standing, func(t *testing.T) {
			h := sqlite(t)
			s := newService(t, says(200, `{}`))
			h.add(s.URL, Change{When: comment.AskAfter})
			out := h.say("A text.")
			change := comment.StandingChange{Site: site, Author: h.row(out).AuthorID, Standing: standing, By: admin}
			if standing == "suspended" {
				change.Until = h.Now().Add(time.Hour)
			}
			_, err := h.Comments.SetStanding(t.Context(), change)
			h.must(err)
			h.work()
			h.wantStatus(out, want)
		})
	}
	t.Run("blocked", func(t *testing.T) {
		h := sqlite(t)
		s := newService(t, says(200, `{}`))
		h.add(s.URL, Change{When: comment.AskAfter})
		out := h.say("A text.")
		_, err := h.Comments.AddBlock(t.Context(), comment.Block{Site: site, Kind: comment.BlockEmail, Value: "rita@reader.example", Effect: comment.BlockRefuse}, admin)
		h.must(err)
		h.work()
		h.wantStatus(out, comment.Pending)
		h.wantReasons(out, "blocked_email", "first_comment", "outside")
	})
}

// TestRulesHearALateAnswer: rules about checks and their scores are asked when the
// answer is there, whatever the comment waits for; what they find counts once, but
// for what a person has decided, and approves nothing that has to wait.
func TestRulesHearALateAnswer(t *testing.T) {
	const scored = `scores["gate"] > 0.5 and "heated" in checks`
	for name, tt := range map[string]struct {
		mode   string
		action moderation.Hint
		decide comment.Action
		want   comment.Status
	}{
		"holds":                 {"flagged", moderation.HintHold, "", comment.Pending},
		"rejects what waits":    {"all", moderation.HintReject, "", comment.Rejected},
		"approves nothing":      {"all", moderation.HintApprove, "", comment.Pending},
		"a person was faster":   {"flagged", moderation.HintReject, comment.Approve, comment.Approved},
		"tags and does no more": {"flagged", moderation.HintNone, "", comment.Approved},
	} {
		t.Run(name, func(t *testing.T) {
			h := sqlite(t)
			_, err := h.Comments.ChangeSite(t.Context(), site, comment.SiteChange{Options: map[string]string{"moderation": tt.mode}}, admin)
			h.must(err)
			text, when, tag, active := "Heated", scored, "heated", moderation.RuleActive
			_, err = h.Comments.AddRule(t.Context(), site, comment.RuleChange{
				Name: &text, When: &when, Action: &tt.action, Tag: &tag, Mode: &active, Override: true, OverrideReason: "For a test.",
			}, admin)
			h.must(err)
			s := newService(t, says(200, `{"hint":"none","code":"heated","sentence":"It is heated.","score":0.9}`))
			h.add(s.URL, Change{When: comment.AskAfter})
			out := h.say("A text.")
			if tt.decide != "" {
				h.decide(out, tt.decide)
			}
			h.work()
			h.wantStatus(out, tt.want)
			c := h.row(out)
			rev := view(h.node, func(r comment.Reader) (comment.Revision, error) { return r.Revision(site, c.ID, 1) })
			var found []string
			for _, step := range rev.Trace {
				for _, e := range step.Evidence {
					if e.Code == moderation.CodeRule {
						found = append(found, e.Data[moderation.DataTag])
					}
				}
			}
			if diff := cmp.Diff([]string{"heated"}, found); diff != "" {
				t.Error(diff)
			}
			tagged, err := h.Comments.Queue(t.Context(), comment.QueueAsk{By: ada, Reason: "tag:heated"})
			h.must(err)
			if tt.want == comment.Pending && len(tagged.Comments) != 1 {
				t.Errorf("%d comments with the tag", len(tagged.Comments))
			}
			wantWhole(t, h.node)
		})
	}
}

// TestTheSiteIsStricterMeanwhile: a reason that was only worth knowing holds by now.
func TestTheSiteIsStricterMeanwhile(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{}`))
	h.add(s.URL, Change{When: comment.AskAfter})
	out := h.say("A text.")
	_, err := h.Comments.ChangeSite(t.Context(), site, comment.SiteChange{Options: map[string]string{"moderation": "new"}}, admin)
	h.must(err)
	h.work()
	h.wantStatus(out, comment.Pending)
}

// TestTwoChecks: a comment waits until all have answered.
func TestTwoChecks(t *testing.T) {
	h := sqlite(t)
	a, b := newService(t, says(200, `{}`)), newService(t, says(500, ``))
	h.add(a.URL, Change{When: comment.AskAfter})
	h.add(b.URL, Change{When: comment.AskAfter, Name: "Slow", Silence: comment.SilencePublish})
	out := h.say("A text.")
	h.work()
	h.wantStatus(out, comment.Pending)
	h.clock.pass(time.Hour)
	h.work()
	h.wantStatus(out, comment.Approved)
}

// TestRemovedWhileWaitedFor: what waits for a check that is gone, or off, goes by
// the others.
func TestRemovedWhileWaitedFor(t *testing.T) {
	off := false
	for name, end := range map[string]func(*house, string) error{
		"removed": func(h *house, id string) error { return h.Remove(context.Background(), site, id, admin) },
		"off": func(h *house, id string) error {
			_, err := h.Change(context.Background(), site, id, Change{Enabled: &off}, admin)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := sqlite(t)
			s := newService(t, says(202, `{"later":true,"within":"1h"}`))
			i, _ := h.add(s.URL, Change{When: comment.AskAfter, Silence: comment.SilenceReject})
			out := h.say("A text.")
			h.work()
			h.must(end(h, i.ID))
			h.work()
			h.wantStatus(out, comment.Approved)
			h.wantStatus(h.say("Another text."), comment.Approved)
		})
	}
}

// TestTickets: a later answer counts once, in time, and for what it is about.
func TestTickets(t *testing.T) {
	engines(t, func(t *testing.T, h *house) {
		s := newService(t, says(202, `{"later":true,"within":"10m"}`))
		i, secret := h.add(s.URL, Change{})
		wait := func(text string) (comment.Submitted, asked) {
			out := h.say(text)
			h.wantStatus(out, comment.Pending)
			q := s.questions()
			return out, q[len(q)-1]
		}
		answer := func(a asked) Reply { return Reply{CommentID: a.Comment.ID, Revision: a.Comment.Revision} }
		refused := func(what string, err error, code string) {
			t.Helper()
			if fault.Of(err).Code != code {
				t.Errorf("%s: got %v, want %s", what, err, code)
			}
		}

		out, a := wait("In time.")
		early := a
		early.Callback = "/api/v1/checks/" + h.Ring.Sign(purposeTicket, strings.Join([]string{site, i.ID, comment.NewID()}, "|"))
		refused("before the comment is stored", h.callback(secret, early, answer(a)), "not_ready")
		forged := a
		forged.Callback = a.Callback[:len(a.Callback)-2] + "xx"
		refused("a forged ticket", h.callback(secret, forged, answer(a)), "not_found")
		refused("another secret", h.callback(external.NewSecret(), a, answer(a)), "bad_signature")
		refused("another comment", h.callback(secret, a, Reply{CommentID: comment.NewID(), Revision: 1}), "wrong_comment")
		refused("another revision", h.callback(secret, a, Reply{CommentID: a.Comment.ID, Revision: 2}), "wrong_comment")
		wrong := answer(a)
		wrong.Hint = "kill"
		refused("a wrong hint", h.callback(secret, a, wrong), "invalid")
		h.wantStatus(out, comment.Pending)
		h.must(h.callback(secret, a, answer(a)))
		h.wantStatus(out, comment.Approved)
		refused("a second answer", h.callback(secret, a, answer(a)), "already_answered")

		out, a = wait("Too late.")
		h.clock.pass(10 * time.Minute)
		refused("a late answer", h.callback(secret, a, answer(a)), "ticket_expired")
		h.work()
		h.wantStatus(out, comment.Pending)
		if e := h.step(out).Evidence; len(e) != 1 || e[0].Code != comment.CodeCheckSilent || e[0].Hint != moderation.HintReview {
			t.Errorf("after the deadline: %+v", e)
		}
		refused("a late answer to a question that silence has closed", h.callback(secret, a, answer(a)), "ticket_expired")

		out, a = wait("To be edited.")
		_, err := h.Comments.Edit(t.Context(), comment.Revising{Site: site, ID: out.Comment.ID, Token: out.EditToken, Text: "Edited.", Client: comment.Client{Origin: origin}})
		h.must(err)
		refused("an answer for an older revision", h.callback(secret, a, answer(a)), "stale_revision")

		h.clock.pass(time.Minute)
		refused("a question that was never stored", h.callback(secret, early, answer(a)), "not_found")

		_, a = wait("Of a check that goes.")
		h.must(h.Remove(t.Context(), site, i.ID, admin))
		refused("a check that is gone", h.callback(secret, a, answer(a)), "not_found")
		want := map[string]float64{"taken": 1, "not_found": 3, "bad_signature": 1, "wrong_comment": 2, "invalid": 1, "already_answered": 1, "ticket_expired": 2, "stale_revision": 1, "not_ready": 1}
		if diff := cmp.Diff(want, h.Callbacks()); diff != "" {
			t.Error(diff)
		}
		wantWhole(t, h.node)
	})
}

// TestManyNodes: however many nodes and callbacks are at it, a question is closed
// once.
func TestManyNodes(t *testing.T) {
	h := newHouse(t, pgtest.Database(t))
	nodes := []*node{h.node, h.start(t), h.start(t)}
	var calls atomic.Int64
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		_, _ = w.Write([]byte(`{"hint":"hold","code":"x","sentence":"Hm."}`))
	})
	h.add(s.URL, Change{When: comment.AskAfter})
	const many = 12
	var outs []comment.Submitted
	for n := range many {
		outs = append(outs, nodes[n%3].say(fmt.Sprint("The ", n, "th text.")))
	}
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(n.work)
	}
	all.Wait()
	for _, out := range outs {
		if i := h.inquiries(out); len(i) != 1 || i[0].State != comment.InquiryAnswered {
			t.Errorf("%+v", i)
		}
	}
	if calls.Load() != many {
		t.Errorf("%d calls, want %d", calls.Load(), many)
	}
	answered := 0
	for _, e := range view(h.node, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10000) }) {
		if e.Type == comment.CheckAnswered {
			answered++
		}
	}
	if answered != many {
		t.Errorf("%d answers in the log, want %d", answered, many)
	}
	wantWhole(t, h.node)
}

// TestKilled: a node that dies with a question in hand loses nothing; another
// one takes it up.
func TestKilled(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{}`))
	h.add(s.URL, Change{When: comment.AskAfter})
	out := h.say("A text.")
	claimed := h.inquiries(out)[0]
	claimed.Tries, claimed.NextAt = 1, h.Now().Add(leaseTime)
	h.must(h.Comments.Move(t.Context(), claimed, h.inquiries(out)[0])) // and then it died
	h.work()
	h.wantStatus(out, comment.Pending)
	h.clock.pass(leaseTime)
	h.start(t).work()
	h.wantStatus(out, comment.Approved)
}

// TestClockGoesBack: nothing is lost, and nothing happens twice.
func TestClockGoesBack(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(500, ``))
	h.add(s.URL, Change{When: comment.AskAfter, Deadline: "1m", Silence: comment.SilencePublish})
	out := h.say("A text.")
	h.work()
	h.clock.pass(-time.Hour)
	h.work()
	h.wantStatus(out, comment.Pending)
	h.clock.pass(2 * time.Hour)
	h.work()
	h.wantStatus(out, comment.Approved)
}

// TestBreaker: a service that fails again and again is left alone, and tried with
// one call after a while.
func TestBreaker(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(400, ""))
	i, _ := h.add(s.URL, Change{Silence: comment.SilencePublish})
	ask := func() string { return h.step(h.say(fmt.Sprint("A text, the ", len(s.questions()), h.Now()))).Err }
	for range failuresMost {
		ask()
	}
	if got := ask(); got != errLeftAlone.Error() || len(s.questions()) != failuresMost {
		t.Errorf("%q after %d calls", got, len(s.questions()))
	}
	health, err := h.Health(t.Context(), site, i.ID)
	if err != nil || health.Breaker != "open" || health.Silent != failuresMost+1 {
		t.Errorf("%+v, %v", health, err)
	}
	s.says(says(204, ""))
	h.clock.pass(firstPause)
	if got := ask(); got != "" {
		t.Error(got)
	}
	if health, err = h.Health(t.Context(), site, i.ID); err != nil || health.Breaker != "closed" {
		t.Errorf("%+v, %v", health, err)
	}
}

// TestOnly: the conditions under which a check is asked.
func TestOnly(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(204, ""))
	h.add(s.URL, Change{Only: comment.OnlyLinks})
	h.say("No link.")
	h.say("A link: https://x.example/")
	if n := len(s.questions()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestLessons: services hear what people decide, at least once, and each figure
// stands beside it.
func TestLessons(t *testing.T) {
	engines(t, func(t *testing.T, h *house) {
		s := newService(t, says(200, `{"hint":"hold","code":"x","sentence":"Hm."}`))
		i, _ := h.add(s.URL, Change{Settings: map[string]string{"feedback": "on"}})
		right, wrong := h.say("A bad text."), h.say("A good text.")
		s.says(says(204, ""))
		missed := h.say("Bad as well.")
		h.decide(right, comment.MarkSpam)
		h.decide(wrong, comment.Approve)
		h.decide(missed, comment.Reject)
		h.follow()
		h.follow() // it comes again
		s.says(says(500, ""))
		h.work()
		s.says(says(204, ""))
		h.clock.pass(time.Hour)
		h.work()
		h.work()
		told := map[string]string{}
		for _, q := range s.questions() {
			if q.Type == "decision" {
				told[q.Comment.Text] = fmt.Sprint(q.Decision.Status, " ", q.Decision.Flagged)
			}
		}
		want := map[string]string{"A bad text.": "spam true", "A good text.": "approved true", "Bad as well.": "rejected false"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
		health, err := h.Health(t.Context(), site, i.ID)
		if err != nil || health.Asked != 3 || health.Flagged != 2 || health.Judged != 2 || health.Agreed != 1 || health.Missed != 1 || health.P95 == 0 {
			t.Errorf("%+v, %v", health, err)
		}
		if due, err := h.Comments.DueLessons(t.Context(), 9); err != nil || len(due) != 0 {
			t.Errorf("still owed: %+v, %v", due, err)
		}
	})
}

// TestLessonsAreGivenUp after many tries, and the log says so.
func TestLessonsAreGivenUp(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(204, ""))
	h.add(s.URL, Change{Settings: map[string]string{"feedback": "on"}})
	out := h.say("A text.")
	h.decide(out, comment.Reject)
	h.follow()
	s.says(says(404, ""))
	for range lessonTries + 3 {
		h.work()
		h.clock.pass(3 * time.Hour)
	}
	if n := len(s.questions()); n != 1+lessonTries {
		t.Errorf("%d calls", n)
	}
	events := view(h.node, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10000) })
	if last := events[len(events)-1]; last.Type != comment.CheckUntaught {
		t.Errorf("the log ends with %s", last.Type)
	}
}

// TestAdministration: what is given wrongly is refused with its place.
func TestAdministration(t *testing.T) {
	h := sqlite(t)
	for name, c := range map[string]struct {
		change Change
		field  string
	}{
		"kind":                 {Change{Kind: "ftp", Name: "x", URL: "http://127.0.0.1/"}, "kind"},
		"name":                 {Change{Kind: "http", Name: " ", URL: "http://127.0.0.1/"}, "name"},
		"long name":            {Change{Kind: "http", Name: strings.Repeat("n", 61), URL: "http://127.0.0.1/"}, "name"},
		"no address":           {Change{Kind: "http", Name: "x"}, "url"},
		"private address":      {Change{Kind: "http", Name: "x", URL: "https://10.0.0.1/"}, "url"},
		"metadata":             {Change{Kind: "http", Name: "x", URL: "http://169.254.169.254/"}, "url"},
		"secret":               {Change{Kind: "http", Name: "x", URL: "http://127.0.0.1/", Secret: "short"}, "secret"},
		"slow model":           {Change{Kind: "chat", Name: "x", URL: "http://127.0.0.1/", When: comment.AskBefore, Settings: map[string]string{"model": "m"}}, "when"},
		"deadline for readers": {Change{Kind: "http", Name: "x", URL: "http://127.0.0.1/", Deadline: "5s"}, "deadline"},
		"deadline of nothing":  {Change{Kind: "http", Name: "x", URL: "http://127.0.0.1/", Deadline: "soon"}, "deadline"},
		"silence":              {Change{Kind: "http", Name: "x", URL: "http://127.0.0.1/", Silence: "golden"}, "silence"},
		"setting":              {Change{Kind: "akismet", Name: "x", Secret: "k"}, "settings.blog"},
	} {
		if _, _, err := h.Add(t.Context(), site, c.change, admin); !isField(err, c.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newService(t, says(204, ""))
	i, _ := h.add(s.URL, Change{Kind: "openai", Secret: "key-123"})
	if _, err := h.Change(t.Context(), site, i.ID, Change{URL: s.URL + "/elsewhere"}, admin); !isField(err, "secret") {
		t.Errorf("a key goes along to another address: %v", err)
	}
	if _, err := h.Change(t.Context(), site, i.ID, Change{Kind: "chat"}, admin); !isField(err, "kind") {
		t.Errorf("another kind: %v", err)
	}
	if _, _, err := h.Add(t.Context(), site, Change{Kind: "http", Name: "Gate", URL: s.URL}, admin); fault.Of(err).Code != "name_taken" {
		t.Errorf("a name twice: %v", err)
	}
	for n := range integrationsMost - 1 {
		h.add(s.URL, Change{Name: fmt.Sprint("More ", n)})
	}
	if _, _, err := h.Add(t.Context(), site, Change{Kind: "http", Name: "Last", URL: s.URL}, admin); fault.Of(err).Code != "too_many_checks" {
		t.Errorf("too many: %v", err)
	}
	for _, e := range view(h.node, func(r comment.Reader) ([]comment.Event, error) { return r.Events(site, 0, 10000) }) {
		if strings.Contains(string(e.Body), "key-123") || strings.Contains(string(e.Body), "whsec_") {
			t.Errorf("the log knows a secret: %s", e.Body)
		}
	}
}

// TestRun: the worker and the follower do their work by themselves.
func TestRun(t *testing.T) {
	h := sqlite(t)
	s := newService(t, says(200, `{}`))
	h.add(s.URL, Change{When: comment.AskAfter, Settings: map[string]string{"feedback": "on"}})
	ctx, cancel := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	workers.Go(func() { h.must(h.Run(ctx)) })
	workers.Go(func() { h.must(h.Follower().Run(ctx)) })
	defer workers.Wait()
	defer cancel()
	out := h.say("A text.")
	eventually(t, func() bool { return h.row(out).Status == comment.Approved })
	h.decide(out, comment.Reject)
	eventually(t, func() bool {
		q := s.questions()
		return q[len(q)-1].Type == "decision"
	})
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come about")
		}
	}
}
