package auth

import (
	"crypto/rand"
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/afterword-comments/afterword/internal/fault"
)

// The length of a password, in code points.
const (
	passwordLeast = 12
	passwordMost  = 128
)

// commonPasswords are passwords of 12 characters and more that guessers try
// first, one a line, in lower case and sorted. The list is composed by
// composeCommon in common_test.go, which also checks that it is up to date.
//
//go:embed common-passwords.txt
var commonPasswords string

// houseWords are what a password here must not merely consist of.
var houseWords = []string{"afterword", "comments", "moderator"}

// normalPassword brings the ways to type one password to the same bytes.
func normalPassword(password string) string { return norm.NFC.String(password) }

// acceptPassword gives the form in which a new password is hashed, or says
// what is wrong with it.
func acceptPassword(password, email string) (string, error) {
	if len(password) > passwordMost*utf8.UTFMax*4 || !utf8.ValidString(password) {
		return "", fault.Input("password", "unreadable", "The password is far too long or not valid text.")
	}
	password = normalPassword(password)
	switch n := utf8.RuneCountInString(password); {
	case n < passwordLeast:
		return "", fault.Input("password", "too_short", "The password needs at least 12 characters. A few words in a row are easy to remember.")
	case n > passwordMost:
		return "", fault.Input("password", "too_long", "The password may have at most 128 characters.")
	case isCommon(password):
		return "", fault.Input("password", "common", "This password is among the first that are tried. Choose another.")
	case isPersonal(password, email):
		return "", fault.Input("password", "guessable", "The password must not be made of the e-mail address or the name of this program.")
	}
	return password, nil
}

func isCommon(password string) bool {
	line := strings.ToLower(password) + "\n"
	return strings.HasPrefix(commonPasswords, line) || strings.Contains(commonPasswords, "\n"+line)
}

// isPersonal reports whether nothing but digits and punctuation is left of a
// password when the account's own words are taken out.
func isPersonal(password, email string) bool {
	local, _, _ := strings.Cut(email, "@")
	for _, word := range append([]string{email, local}, houseWords...) {
		word = strings.ToLower(word)
		rest := strings.ToLower(password)
		if utf8.RuneCountInString(word) < 4 || !strings.Contains(rest, word) {
			continue
		}
		if !strings.ContainsFunc(strings.ReplaceAll(rest, word, ""), unicode.IsLetter) {
			return true
		}
	}
	return false
}

// readable are letters and digits that nobody mistakes for another.
const readable = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// generatedLength makes log2(56)·20 = 116 bits.
const generatedLength = 20

// generatePassword makes a password to be typed once from a screen.
func generatePassword() string {
	var b strings.Builder
	draw := make([]byte, 1)
	for b.Len() < generatedLength {
		rand.Read(draw)
		if n := int(draw[0]); n < 256/len(readable)*len(readable) { // beyond, the first letters would be likelier
			b.WriteByte(readable[n%len(readable)])
		}
	}
	return b.String()
}
