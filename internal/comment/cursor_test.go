package comment_test

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/keyring"
)

func cursors(t testing.TB, key string) comment.Cursors {
	t.Helper()
	ring, err := keyring.New([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return comment.Cursors{Ring: ring}
}

func TestACursorComesBack(t *testing.T) {
	c := cursors(t, "an installation key of 32 bytes!!")
	for _, want := range []comment.Place{{}, {Key: 1, ID: "a"}, {Key: -7, ID: comment.NewID()}, {Key: math.MinInt64}, {Key: math.MaxInt64, ID: "\x00|ü"}} {
		got, err := c.Read(c.Write(&want, "thread", "daily"), "thread", "daily")
		if err != nil || cmp.Diff(&want, got) != "" {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
	if got := c.Write(nil, "thread"); got != "" {
		t.Errorf("the end of a list is %q", got)
	}
	if place, err := c.Read("", "thread"); place != nil || err != nil {
		t.Errorf("the start of a list is %v, %v", place, err)
	}
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	c := cursors(t, "an installation key of 32 bytes!!")
	cursor := c.Write(&comment.Place{Key: 5, ID: "a"}, "thread", "daily", "oldest")
	for _, list := range [][]string{{"thread", "weekly", "oldest"}, {"thread", "daily", "newest"}, {"thread", "daily"}, {"thread", "daily", "oldest", ""}, {"threaddaily", "oldest"}, {"replies", "daily", "oldest"}, nil} {
		_, err := c.Read(cursor, list...)
		wantFault(t, err, "invalid_cursor")
	}
	_, err := cursors(t, "another installation key, 32 long").Read(cursor, "thread", "daily", "oldest")
	wantFault(t, err, "invalid_cursor")
}

// Names of lists may come from the request, so that what is one part must not
// pass for two.
func TestPartsOfAListDoNotRunTogether(t *testing.T) {
	c := cursors(t, "an installation key of 32 bytes!!")
	cursor := c.Write(&comment.Place{ID: "a"}, "queue", "x\x00y", "")
	_, err := c.Read(cursor, "queue", "x", "y\x00")
	wantFault(t, err, "invalid_cursor")
}

func TestATamperedCursorIsRefused(t *testing.T) {
	c := cursors(t, "an installation key of 32 bytes!!")
	cursor := c.Write(&comment.Place{Key: 5, ID: "0198c0de"}, "thread")
	plain, own := strings.NewReplacer(".", "-"), strings.NewReplacer("-", ".")
	raw, err := base64.RawURLEncoding.DecodeString(plain.Replace(cursor))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := append([]byte{}, raw...)
		changed[i] ^= 1
		_, err := c.Read(own.Replace(base64.RawURLEncoding.EncodeToString(changed)), "thread")
		wantFault(t, err, "invalid_cursor")
	}
	if place, err := c.Read(own.Replace(base64.RawURLEncoding.EncodeToString(raw)), "thread"); err != nil || place.Key != 5 {
		t.Fatalf("untouched: %v, %v", place, err)
	}
	for _, bad := range []string{cursor[:len(cursor)-4], cursor + "AAAA", cursor + "=", cursor + "\n", " " + cursor, "!", "AAAA", string(make([]byte, 400))} {
		_, err := c.Read(bad, "thread")
		wantFault(t, err, "invalid_cursor")
	}
}

// TestACursorIsNoFlag: scripts write --cursor C, and a word that begins with a
// hyphen would be another flag.
func TestACursorIsNoFlag(t *testing.T) {
	c := cursors(t, "an installation key of 32 bytes!!")
	for key := range int64(1000) {
		if cursor := c.Write(&comment.Place{Key: key}, "thread"); strings.ContainsAny(cursor, "-+/=") {
			t.Fatalf("the cursor %q", cursor)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("", int64(0), "")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAA", int64(-1), "0198c0de-0000-7000-8000-000000000000")
	f.Fuzz(func(t *testing.T, forged string, key int64, id string) {
		c := cursors(t, "an installation key of 32 bytes!!")
		if place, err := c.Read(forged, "thread"); err == nil && place != nil {
			t.Fatalf("%q was taken for %+v", forged, place)
		}
		if len(id) > 200 {
			return
		}
		want := comment.Place{Key: key, ID: id}
		got, err := c.Read(c.Write(&want, "thread"), "thread")
		if err != nil || *got != want {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}
