package doctor

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/webhook"
)

// call is one that the receiver gets.
func call(t *testing.T, r *receiver, key []byte, id, kind, comment string, sequence int) int {
	t.Helper()
	body := fmt.Appendf(nil, `{"type":%q,"sequence":%d,"data":{"comment":{"id":%q}}}`, kind, sequence, comment)
	req := httptest.NewRequest(http.MethodPost, "/hook", bytes.NewReader(body))
	now := time.Now()
	req.Header.Set(webhook.HeaderID, id)
	req.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(webhook.HeaderSignature, webhook.Sign(id, now, body, key))
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, req)
	return answer.Code
}

// TestTheReceiverSeesEachFault: the doctor would be of no use if it found nothing
// where there is something.
func TestTheReceiverSeesEachFault(t *testing.T) {
	r, err := newReceiver()
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	secret, key := webhook.NewSecret()
	_, other := webhook.NewSecret()
	r.secret = secret

	call(t, r, key, "e1", "comment.created", "sound", 1)
	call(t, r, key, "e2", "comment.approved", "sound", 2)
	if got, want := r.count([]string{"sound"}), (Counts{Acknowledged: 1, Events: 2, Calls: 2}); got != want || !got.Sound() {
		t.Errorf("what is sound: %+v, want %+v", got, want)
	}
	call(t, r, key, "e2", "comment.approved", "sound", 2)
	call(t, r, key, "e4", "comment.approved", "late", 2)
	call(t, r, key, "e3", "comment.created", "late", 1)
	if code := call(t, r, other, "e5", "comment.created", "forged", 1); code != http.StatusUnauthorized {
		t.Errorf("a forged one is answered with %d", code)
	}
	call(t, r, key, "e6", "comment.created", "held up", 1)
	got := r.count([]string{"sound", "late", "held up", "forgotten"})
	want := Counts{Acknowledged: 4, Events: 5, Calls: 7, Lost: 3, Duplicates: 1, OutOfOrder: 1, BadSignature: 1}
	if diff := cmp.Diff(want, got); diff != "" || got.Sound() {
		t.Error(diff)
	}
	if (Counts{}).Sound() {
		t.Error("nothing was acknowledged, and that is sound")
	}
	codes := map[int]int{}
	for n := range 2 * refuseEvery {
		codes[call(t, r, key, fmt.Sprint("n", n), "comment.created", "many", 1)]++
	}
	if codes[http.StatusInternalServerError] != 2 {
		t.Errorf("answers: %v", codes)
	}
}
