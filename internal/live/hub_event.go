package live

import (
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// shareTime is how long what one stream has made of an event does for others:
// who is late looks again, so as not to show what was taken back meanwhile.
const shareTime = time.Second

// Event is one on its way to the streams, with what they make of it in common.
type Event struct {
	comment.Event
	mu     sync.Mutex
	shared map[string]shared
}

type shared struct {
	what []byte
	at   time.Time
}

// Share gives what make makes of the event. Streams that ask for the same thing
// at about the same time get the same bytes, which nobody may change; an error
// is for the one who asked.
func (e *Event) Share(thing string, make func() ([]byte, error)) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if got, ok := e.shared[thing]; ok && now.Sub(got.at) < shareTime {
		return got.what, nil
	}
	what, err := make()
	if err != nil {
		return nil, err
	}
	if e.shared == nil {
		e.shared = map[string]shared{}
	}
	e.shared[thing] = shared{what, now}
	return what, nil
}
