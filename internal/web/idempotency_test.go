package web_test

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

func key(k string) change { return header("Idempotency-Key", k) }

func TestSameKeySameAnswer(t *testing.T) {
	t.Parallel()
	clock := newClock()
	h := open(t, clock.build)
	mod := h.staff("grace", comment.Owner, "")
	p := h.public(mod, "One.")
	waiting := h.comment("Waiting.")
	at := comments + "/" + p.Comment.ID
	e := h.endpoint(mod, "http://127.0.0.1:8/")
	ping := into[struct {
		DeliveryID string `json:"delivery_id"`
	}](h.post(hooks+"/"+e.ID+"/test", nil, as(mod)).want(202)).DeliveryID
	for name, c := range map[string]struct {
		path  string
		body  any
		other any
	}{
		"comment":  {comments, write("Two."), write("Three.")},
		"report":   {at + "/reports", `{"reason":"spam"}`, `{"reason":"hate"}`},
		"decision": {ruling, decision("reject", item{ID: waiting.Comment.ID, Revision: 1}), decision("spam", item{ID: waiting.Comment.ID, Revision: 1})},
		"word":     {daily + "/words", `{"list":"banned","text":"casino"}`, `{"list":"suspect","text":"casino"}`},
		"ping":     {hooks + "/" + e.ID + "/test", nil, `{}`},
		"secret":   {hooks + "/" + e.ID + "/rotate", nil, `{"overlap":"1h"}`},
		"again":    {daily + "/deliveries/" + ping + "/redeliver", nil, `{}`},
		"webhook":  {daily + "/webhooks", `{"url":"http://127.0.0.1:9/"}`, `{"url":"http://127.0.0.1:10/"}`},
		"site":     {"/api/v1/sites", `{"key":"weekly","name":"W","origins":["https://weekly.example"]}`, `{"key":"monthly","name":"M","origins":["https://monthly.example"]}`},
		"user":     {"/api/v1/users", `{"email":"alan@staff.example","role":"viewer"}`, `{"email":"edsger@staff.example","role":"viewer"}`},
	} {
		k := key("key of the " + name)
		first := h.post(c.path, c.body, k, as(mod))
		if first.status/100 != 2 || first.header.Get("Idempotent-Replay") != "" {
			t.Fatalf("%s: %d %s", name, first.status, first.body)
		}
		h.unchanged(func() {
			again := h.post(c.path, c.body, k, as(mod)).want(first.status)
			if !bytes.Equal(again.body, first.body) || again.header.Get("Idempotent-Replay") != "true" {
				t.Errorf("%s: another answer: %v %s", name, again.header, again.body)
			}
			if c.path == comments && again.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: the answer again, with its edit token, may be stored", name)
			}
			h.post(c.path, c.other, k, as(mod)).refused(409, "idempotency_mismatch")
			h.post(c.path+"?body=tree", c.body, k, as(mod)).refused(409, "idempotency_mismatch")
		})
		h.post(c.path, c.other, key("another"+name), as(mod))
	}
	clock.advance(24 * time.Hour)
	again := h.post(comments, write("Two."), key("key of the comment")).want(201)
	if again.header.Get("Idempotent-Replay") != "" {
		t.Error("a key is remembered for more than a day")
	}
}

// TestKeyOfAFailure: a refusal is not remembered.
func TestKeyOfAFailure(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.post(comments, write(""), key("k")).refused(422, "invalid")
	h.post(comments, write("Better."), key("k")).want(201)
}

func TestKeysOfOthers(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.site("weekly", map[string]string{"rate_limits": "off"})
	a, b := h.staff("alan", comment.Owner, ""), h.staff("bob", comment.Owner, "")
	h.post(daily+"/words", `{"list":"banned","text":"casino"}`, key("k"), as(a)).want(201)
	if r := h.post(daily+"/words", `{"list":"banned","text":"poker"}`, key("k"), as(b)).want(201); r.header.Get("Idempotent-Replay") != "" {
		t.Error("keys of two people are one")
	}
	h.post(comments, write("One."), key("k")).want(201)
	h.post("/api/v1/sites/weekly/comments", write("One.", on("https://weekly.example/a")), key("k")).want(201)
}

func TestKeysAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	var replays atomic.Int32
	var ids [8]string
	together(len(ids), func(i int) {
		r := h.post(comments, write("At once."), key("k"))
		if r.status == 201 {
			ids[i] = into[posted](r).Comment.ID
		}
		if r.header.Get("Idempotent-Replay") == "true" {
			replays.Add(1)
		}
	})
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Errorf("%v: want one comment", ids)
			break
		}
	}
	if n := column(t, h.db, "select count(*) from comments")[0]; n != "1" || replays.Load() != int32(len(ids)-1) {
		t.Errorf("%s comments, %d replays", n, replays.Load())
	}
}

// What is made outside the transaction that keeps the answer is made once all the same.
func TestKeysOfWebhooksAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	mod := h.staff("grace", comment.Owner, "")
	add := func() reply { return h.post(daily+"/webhooks", `{"url":"http://127.0.0.1:9/"}`, key("k"), as(mod)) }
	var early atomic.Int32
	together(8, func(int) {
		switch r := add(); {
		case r.status == 503 && r.header.Get("Retry-After") == "1":
			early.Add(1)
		case r.status != 201:
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	if n := column(t, h.db, "select count(*) from endpoints")[0]; n != "1" || early.Load() > 7 {
		t.Errorf("%s endpoints, %d were sent away", n, early.Load())
	}
	if r := add().want(201); r.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("the answer is not given again: %s", r.body)
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner := h.staff("alan", comment.Owner, "")
	h.comment("First.")
	var cases []bad
	for name, k := range map[string]string{"long": strings.Repeat("k", 256), "not ASCII": "schlüssel", "tab": "a\tb"} {
		cases = append(cases,
			bad{name: name, body: valid, changes: []change{key(k)}, status: 400, code: "invalid_idempotency_key"},
			bad{name: name, path: daily + "/words", body: `{"list":"banned","text":"casino"}`, changes: []change{key(k), as(owner)}, status: 400, code: "invalid_idempotency_key"})
	}
	h.refuse(cases)
}
