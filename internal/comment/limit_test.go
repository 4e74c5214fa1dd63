package comment_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// from is a submission by somebody new from an address.
func from(ip string, n int) comment.Submission {
	sub := post(fmt.Sprint("Contribution with the number ", n))
	sub.Name, sub.Email, sub.Client.IP = fmt.Sprint("Reader ", n), fmt.Sprint(n, "@reader.example"), ip
	return sub
}

func wait(err error) time.Duration {
	var f *fault.Error
	errors.As(err, &f)
	if f == nil {
		return 0
	}
	return f.RetryAfter
}

func TestANetworkMayPostSoOften(t *testing.T) {
	h := newHouse(t, "rate_limits=on")
	n := 0
	burst := func(ip string, most int) (passed int, err error) {
		for passed = range most {
			n++
			if _, err = h.Submit(ctx(), from(ip, n)); err != nil {
				return passed, err
			}
		}
		return most, nil
	}
	passed, err := burst("203.0.113.77", 10)
	wantFault(t, err, "rate_limited")
	if passed != 5 || wait(err) != 10*time.Second {
		t.Errorf("%d passed, then wait %v", passed, wait(err))
	}
	if passed, err := burst("203.0.113.78", 5); passed != 5 {
		t.Errorf("a neighbour could post %d: %v", passed, err)
	}
	h.clock.pass(9 * time.Second)
	_, err = burst("203.0.113.77", 1)
	if wait(err) != time.Second {
		t.Errorf("after 9 s there is %v to wait, %v", wait(err), err)
	}
	h.clock.pass(time.Second)
	if passed, _ := burst("203.0.113.77", 2); passed != 1 {
		t.Errorf("after 10 s %d passed", passed)
	}
	h.clock.pass(time.Hour)
	if passed, _ := burst("203.0.113.77", 10); passed != 5 {
		t.Errorf("after an hour %d passed", passed)
	}
	// One line of IPv6 is one network, and an address in the other notation too.
	for i := range 5 {
		if passed, err := burst(fmt.Sprintf("2001:db8:1:2::%d", i+1), 1); passed != 1 {
			t.Errorf("address %d of a network: %v", i, err)
		}
	}
	_, err = burst("2001:db8:1:2:ffff::1", 1)
	wantFault(t, err, "rate_limited")
	_, err = burst("::ffff:203.0.113.77", 1)
	wantFault(t, err, "rate_limited")
	h.set("daily", "rate_limits=off")
	if passed, err := burst("203.0.113.77", 12); passed != 12 {
		t.Errorf("without limits %d passed: %v", passed, err)
	}
}

func TestAnAuthorMayPostSoOften(t *testing.T) {
	h := newHouse(t, "rate_limits=on")
	for i := range 12 {
		sub := post(fmt.Sprint("Contribution with the number ", i))
		sub.Client.IP = fmt.Sprint("203.0.113.", i+1)
		_, err := h.Submit(ctx(), sub)
		if want := i >= 10; want != (err != nil) {
			t.Fatalf("post %d: %v", i, err)
		}
	}
}

// What is refused costs nothing: somebody who mistypes must not be locked out.
func TestARefusedPostTakesNoToken(t *testing.T) {
	h := newHouse(t, "rate_limits=on", "max_length=100")
	for i := range 20 {
		sub := from("203.0.113.77", i)
		sub.Text = "   "
		_, err := h.Submit(ctx(), sub)
		wantFault(t, err, "text:blank")
		sub = from("203.0.113.77", i)
		sub.ParentID = comment.NewID()
		_, err = h.Submit(ctx(), sub)
		wantFault(t, err, "parent_id:not_found")
	}
	for i := range 5 {
		h.submit(from("203.0.113.77", 100+i))
	}
}

func TestLimitsSurviveARestart(t *testing.T) {
	h := newHouse(t, "rate_limits=on")
	for i := range 5 {
		h.submit(from("203.0.113.77", i))
	}
	h.open()
	_, err := h.Submit(ctx(), from("203.0.113.77", 6))
	wantFault(t, err, "rate_limited")
	h.clock.pass(10 * time.Second)
	h.submit(from("203.0.113.77", 7))
}

func TestVotesAndReportsAreLimited(t *testing.T) {
	h := newHouse(t)
	id := h.public("Vote for me.").Comment.ID
	h.set("daily", "rate_limits=on")
	client := comment.Client{IP: "203.0.113.77", Agent: "a"}
	for i := range 40 {
		value := 1 - i%2
		_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: id, Value: value, Client: client})
		if want := i >= 30; want != (err != nil) {
			t.Fatalf("vote %d: %v", i, err)
		}
	}
	_, err := h.Report(ctx(), comment.Complaint{Site: "daily", ID: id, Reason: "spam", Client: client})
	wantFault(t, err, "rate_limited")
}

// inFile looks for bytes anywhere in the database's files.
func (h *house) inFile(text string) bool {
	h.t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(h.path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			h.t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}

func TestNothingOfABrowserIsStored(t *testing.T) {
	h := newHouse(t, "rate_limits=on", "moderation=off")
	sub := post("A word that is stored, of course.")
	sub.Email, sub.Client = "", comment.Client{Origin: origin, IP: "203.0.113.77", Agent: "Unmistakable/77.1"}
	sub.Once = once("k", "hash")
	out := h.submit(sub)
	v6 := post("Another word, from the other kind of network.")
	v6.Email, v6.Client.IP = "", "2001:db8:7:8:9:a:b:c"
	h.submit(v6)
	_, err := h.Vote(ctx(), comment.Ballot{Site: "daily", ID: out.Comment.ID, Value: 1, Client: sub.Client})
	h.must(err)
	_, err = h.Report(ctx(), comment.Complaint{Site: "daily", ID: out.Comment.ID, Reason: "spam", Client: sub.Client})
	h.must(err)
	h.edit(out, "A word that was changed.")
	if !h.inFile("A word that is stored") {
		t.Fatal("the files do not have what they should; the test looks in the wrong place")
	}
	for _, secret := range []string{"203.0.113.77", "2001:db8:7:8", "Unmistakable/77.1", out.EditToken} {
		if h.inFile(secret) {
			t.Errorf("%q is in the database", secret)
		}
	}
}
