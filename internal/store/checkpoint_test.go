package store

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/afterword-comments/afterword/internal/comment"
)

// What is committed gets into the file while commits go on, long before SQLite
// would see to it.
func TestTheJournalIsMovedIntoTheFileMeanwhile(t *testing.T) {
	s := openDaily(t)
	size := func() int64 {
		info, err := os.Stat(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for n := range checkpointAfter + 1 {
		mustWrite(t, s, func(tx comment.Tx) error { return putPage(fmt.Sprint("page-", n))(tx) })
	}
	for end := time.Now().Add(10 * time.Second); size() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the file is as long as before: %d bytes", before)
		}
	}
}
