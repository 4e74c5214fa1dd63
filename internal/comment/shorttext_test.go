package comment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// What cannot be stored is not called too long, wherever the staff writes notes.
func TestNotesThatCannotBeStored(t *testing.T) {
	h := newHouse(t)
	c := h.say("What I have to say.")
	zero, long, code := "abü\x00d", strings.Repeat("x", 5000), "\xff"
	banned := func(reason, note string) error {
		_, err := h.SetStanding(ctx(), comment.StandingChange{
			Site: "daily", Author: c.Comment.AuthorID, Standing: "suspended", Until: h.clock.Now().Add(time.Hour), Reason: reason, Note: note, By: lawyer,
		})
		return err
	}
	for field, try := range map[string]func(text string) error{
		"note": func(text string) error {
			_, err := h.AddWord(ctx(), comment.Word{Site: "daily", List: "banned", Text: "frob", Note: text}, lawyer)
			return err
		},
		"reason": func(text string) error {
			_, err := h.AddBlock(ctx(), comment.Block{Site: "daily", Kind: comment.BlockName, Effect: "reject", Value: "frob", Reason: text}, lawyer)
			return err
		},
		"reason of a standing": func(text string) error { return banned(text, "") },
		"note of a standing":   func(text string) error { return banned("", text) },
	} {
		field, _, _ := strings.Cut(field, " ")
		wantFault(t, try(long), field+":too_long")
		wantFault(t, try(code), field+":invalid_utf8")
		err := try(zero)
		wantFault(t, err, field+":control_character")
		if want := "Character 4 of the " + field + " is a zero byte, which cannot be stored; leave it out."; fault.Of(err).Detail != want {
			t.Errorf("%s: %v", field, err)
		}
	}
}
