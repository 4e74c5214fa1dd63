package auth

import (
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func TestAPasswordCountsForFiveMinutes(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	a := &Auth{Now: func() time.Time { return now }}
	for _, c := range []struct {
		name  string
		who   Identity
		fresh bool
	}{
		{"just given", Identity{Kind: comment.SessionDesk, ConfirmedAt: now}, true},
		{"a little under five minutes", Identity{Kind: comment.SessionDesk, ConfirmedAt: now.Add(time.Second - confirmedFor)}, true},
		{"five minutes", Identity{Kind: comment.SessionDesk, ConfirmedAt: now.Add(-confirmedFor)}, false},
		{"a script", Identity{Kind: comment.SessionScript}, true},
		{"nobody", Identity{}, false},
	} {
		if err := a.Fresh(c.who); (err == nil) != c.fresh || err != nil && !fault.Is(err, "confirm_required") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
