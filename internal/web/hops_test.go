package web_test

import (
	"strconv"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

const hopsHeader = "x-afterword-hops"

// A receiver answers each comment with a comment, which is told to it again: its
// fourth is refused.
func TestALoopOfCommentsIsCut(t *testing.T) {
	t.Parallel()
	h, r := open(t, running), receive(t)
	h.endpoint(h.staff("grace", comment.Admin, "daily"), r.URL, "comment.created")
	h.comment("One.")
	for hop := 1; hop <= 4; hop++ {
		h.eventually("it has been told", func() bool { return len(r.all()) == hop })
		given := r.all()[hop-1].header.Get(hopsHeader)
		if given != strconv.Itoa(hop) {
			t.Fatalf("call %d says %s hops", hop, given)
		}
		answer := h.post(comments, write("An answer "+given), header(hopsHeader, given))
		if hop <= comment.HopsMost {
			answer.want(201)
		} else {
			answer.refused(409, "loop")
		}
	}
	h.comment("Two, by a person.")
	h.eventually("it has been told", func() bool { return len(r.all()) == 5 })
	if given := r.all()[4].header.Get(hopsHeader); given != "1" {
		t.Errorf("a person's comment came over %s hops", given)
	}
}

// A receiver approves what is rejected and rejects what is approved. That the
// decisions wait for their undo window hides nothing.
func TestALoopOfDecisionsIsCut(t *testing.T) {
	t.Parallel()
	h, r := open(t, running, func(p *plan) { p.options["undo_window"] = "1s" }), receive(t)
	admin := h.staff("grace", comment.Admin, "daily")
	h.endpoint(admin, r.URL, "comment.approved", "comment.rejected")
	c := h.public(admin, "One.").Comment
	for hop := 1; hop <= 4; hop++ {
		h.eventually("it has been told", func() bool { return len(r.all()) == hop })
		given, action := r.all()[hop-1].header.Get(hopsHeader), []string{"approve", "reject"}[hop%2]
		if given != strconv.Itoa(hop) {
			t.Fatalf("call %d says %s hops", hop, given)
		}
		answer := h.post(ruling, decision(action, item{ID: c.ID, Revision: 1}), as(admin), header(hopsHeader, given))
		if hop <= comment.HopsMost {
			answer.want(200)
		} else {
			answer.refused(409, "loop")
		}
	}
}

// Reading is no consequence, and what is no number is taken for too many.
func TestHopsOfOtherRequests(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.get(comments+"?page="+article, header(hopsHeader, "9")).want(200)
	for _, given := range []string{"4", "255", "256", "-1", "x", "1.5"} {
		h.post(comments, write("One."), header(hopsHeader, given)).refused(409, "loop")
	}
	h.post(comments, write("One."), header(hopsHeader, "0")).want(201)
}
