package comment

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
)

// Cursors writes and reads the opaque cursors of lists. A cursor is signed
// together with the list that it belongs to, so that one of another list, or
// one that was tampered with, is refused instead of skipping rows.
type Cursors struct{ Ring *keyring.Ring }

// cursorText writes a cursor in characters that stand for themselves in an address
// and on a command line, where one that begins with a hyphen would be a flag.
var cursorText = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._").WithPadding(base64.NoPadding).Strict()

// macSize is enough for a value that protects against mistakes, not money.
const macSize = 8

// Write makes the cursor of a place in a list; nil, the end, is "".
func (c Cursors) Write(p *Place, list ...string) string {
	if p == nil {
		return ""
	}
	raw := binary.BigEndian.AppendUint64(c.mac(*p, list), uint64(p.Key))
	return cursorText.EncodeToString(append(raw, p.ID...))
}

// Read gives the place of a cursor of this list; "" is the start, nil.
func (c Cursors) Read(cursor string, list ...string) (*Place, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := cursorText.DecodeString(cursor)
	if err != nil || len(raw) < macSize+8 || len(raw) > 512 {
		return nil, badCursor()
	}
	p := Place{Key: int64(binary.BigEndian.Uint64(raw[macSize:])), ID: string(raw[macSize+8:])}
	// One cursor has one spelling; base64 reads others too.
	if !hmac.Equal([]byte(cursor), []byte(c.Write(&p, list...))) {
		return nil, badCursor()
	}
	return &p, nil
}

func (c Cursors) mac(p Place, list []string) []byte {
	parts := append(slices.Clone(list), strconv.FormatInt(p.Key, 10), p.ID)
	return c.Ring.MAC("cursor", parts...)[:macSize]
}

func badCursor() error {
	return fault.New(fault.Malformed, "invalid_cursor", "The cursor is not one of this list. Take next_cursor of the page before as it is.")
}
