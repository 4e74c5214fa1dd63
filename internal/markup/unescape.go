package markup

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/util"
)

// longestReference is the length of the longest named character reference.
const longestReference = len("&CounterClockwiseContourIntegral;")

// unescape resolves backslash escapes and character references in one pass, as
// CommonMark has it: an escaped ampersand starts no reference. References to
// characters that a comment may not hold stay as they are written.
func unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && bytes.IndexByte(raw, '&') < 0 {
		return string(raw)
	}
	var out strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] == '\\' && i+1 < len(raw) && util.IsPunct(raw[i+1]) {
			out.WriteByte(raw[i+1])
			i += 2
			continue
		}
		if text, size := reference(raw[i:]); size > 0 {
			out.WriteString(text)
			i += size
			continue
		}
		out.WriteByte(raw[i])
		i++
	}
	return out.String()
}

// reference reads the character reference at the start of raw and returns its
// text and how many bytes it took, or 0 if there is none to resolve.
func reference(raw []byte) (string, int) {
	if raw[0] != '&' {
		return "", 0
	}
	end := bytes.IndexByte(raw[:min(len(raw), longestReference)], ';')
	if end < 2 {
		return "", 0
	}
	text, ok := referenced(string(raw[1:end]))
	if !ok || strings.ContainsFunc(text, forbidden) {
		return "", 0
	}
	return text, end + 1
}

func referenced(name string) (string, bool) {
	number, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		entity, ok := util.LookUpHTML5EntityByName(name)
		if !ok {
			return "", false
		}
		return string(entity.Characters), true
	}
	base, longest := 10, 7
	if strings.HasPrefix(number, "x") || strings.HasPrefix(number, "X") {
		number, base, longest = number[1:], 16, 6
	}
	code, err := strconv.ParseUint(number, base, 21)
	if err != nil || len(number) > longest || !util.IsHexDecimal(number[0]) {
		return "", false
	}
	return string(rune(code)), true // a code that is no character gives U+FFFD
}
