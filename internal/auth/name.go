package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/afterword-comments/afterword/internal/fault"
)

// normalEmail is the form in which addresses are stored and compared.
func normalEmail(email string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
}

// validEmail wants one @ between things that could be a mailbox and a host;
// nothing is ever sent there to find out more.
func validEmail(email string) bool {
	local, host, ok := strings.Cut(email, "@")
	return ok && local != "" && host != "" && len(email) <= 254 && !strings.ContainsFunc(local+host, func(r rune) bool {
		return strings.ContainsRune(`@<>()[]\,;:"`, r) || unicode.IsSpace(r) || unseen(r)
	})
}

// nameMost is the length of a colleague's name in code points; the store's
// limit in bytes is four times that.
const nameMost = 60

func normalName(name string) (string, error) {
	name = strings.Join(strings.Fields(norm.NFC.String(name)), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > nameMost || strings.ContainsFunc(name, unseen) {
		return "", fault.Input("name", "invalid", "A name has 1 to 60 visible characters.")
	}
	return name, nil
}

// unseen finds what would show as nothing or turn the text around it, and
// bytes that are no text. The joiners stay: some scripts cannot do without.
func unseen(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r == utf8.RuneError || !unicode.IsGraphic(r) && r != nonJoiner && r != joiner
}
