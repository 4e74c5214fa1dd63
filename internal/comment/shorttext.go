package comment

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/fault"
)

// checkShort says what is wrong with a text of the staff that is kept as it is
// written: it is too long, in bytes, or cannot be stored. The field's name is the
// text's too.
func checkShort(field, text string, most int) error {
	noun := strings.ReplaceAll(field, "_", " ")
	switch at := strings.IndexByte(text, 0); {
	case !utf8.ValidString(text):
		return fault.Input(field, "invalid_utf8", "The "+noun+" is not valid UTF-8.")
	case at >= 0:
		return fault.Input(field, "control_character", fmt.Sprintf(
			"Character %d of the %s is a zero byte, which cannot be stored; leave it out.", utf8.RuneCountInString(text[:at])+1, noun))
	case len(text) > most:
		return fault.Input(field, "too_long", fmt.Sprintf("The %s is longer than %d bytes.", noun, most))
	}
	return nil
}
