package store

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// ballastSize is what is kept free on the disk by being occupied: when the disk
// is full it is given back, so that moderators can still sign in, decide and
// delete.
const ballastSize = 32 << 20

// ballast is that file. The zero value has none and never sinks.
type ballast struct {
	path string
	full atomic.Bool // the disk was full, and the ballast has not been taken on again
}

// KeepBallast takes ballast on, beside the database. A disk that has no room
// for it is no error; it is full soon enough.
func (s *Store) KeepBallast() {
	s.ballast.path = s.path + ".ballast"
	_ = s.ballast.take()
}

// Room is a fault while the disk is so full that only the staff may write.
func (s *Store) Room() error {
	if !s.ballast.full.Load() {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Code: "storage_full", Detail: "The disk of the service is full: comments can be read, but not written. Nothing was changed.", RetryAfter: 5 * time.Second}
}

// TakeBallast looks whether there is room again; if so, everybody may write.
func (s *Store) TakeBallast() {
	if s.ballast.full.Load() && s.ballast.take() == nil {
		s.ballast.full.Store(false)
	}
}

// sink gives the ballast back to the disk.
func (b *ballast) sink() {
	if b.path == "" || b.full.Swap(true) {
		return
	}
	_ = os.Remove(b.path)
}

// take writes the file in full: a sparse one would keep nothing free.
func (b *ballast) take() error {
	if info, err := os.Stat(b.path); err == nil && info.Size() == ballastSize {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for written := 0; written < ballastSize && err == nil; written += len(zeros) {
		_, err = f.Write(zeros)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(b.path))
	}
	return nil
}
