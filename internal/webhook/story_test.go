package webhook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
)

// Every comment is pending when it is created, those that are public at birth
// too: that it is held is said by its reasons, or not at all.
func TestAChatIsNotToldThatAPublicCommentIsHeld(t *testing.T) {
	const body = `{"type":"comment.created","site":"daily","data":{"comment":{"id":"c1","text":"Hello","status":"pending","author":{"name":"Ada"}},"reasons":%}}`
	reason := `[{"sentence":"The site reviews every comment before it appears."}]`
	for _, c := range []struct {
		reasons string
		want    []string
	}{
		{`[]`, nil},
		{reason, []string{"The site reviews every comment before it appears."}},
	} {
		var ev event
		if err := json.Unmarshal([]byte(strings.Replace(body, "%", c.reasons, 1)), &ev); err != nil {
			t.Fatal(err)
		}
		s := ev.story(comment.ModeFull)
		if s.what != "New comment" {
			t.Errorf("told %q", s.what)
		}
		if diff := cmp.Diff(c.want, s.reasons); diff != "" {
			t.Errorf("reasons: %s", diff)
		}
	}
}
