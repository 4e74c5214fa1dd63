package live_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afterword-comments/afterword/internal/live"
)

// What is made of an event serves everybody for a moment, thing by thing; what
// could not be made is tried again.
func TestWhatIsMadeOfAnEventIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &live.Event{}
		tries := map[string]int{}
		ask := func(thing string) string {
			what, err := e.Share(thing, func() ([]byte, error) {
				if tries[thing]++; tries[thing] == 1 {
					return nil, errors.New("the store is away")
				}
				return []byte(thing), nil
			})
			if err != nil {
				return err.Error()
			}
			return string(what)
		}
		for i, want := range []string{"the store is away", "news", "news"} {
			if got := ask("news"); got != want {
				t.Errorf("try %d: %q, want %q", i+1, got, want)
			}
		}
		if got := ask("page"); got != "the store is away" {
			t.Errorf("another thing: %q", got)
		}
		time.Sleep(900 * time.Millisecond)
		if ask("news"); tries["news"] != 2 {
			t.Errorf("made %d times within a second, and one of them failed", tries["news"])
		}
		time.Sleep(200 * time.Millisecond)
		if ask("news"); tries["news"] != 3 {
			t.Errorf("made %d times; a second later it may be otherwise", tries["news"])
		}
	})
}
