package webhook

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// redactLeast is the length in bytes from which a value, or a word of it, is taken
// for a secret: shorter ones would tear holes into any answer.
const redactLeast = 6

// redact takes an endpoint's own headers out of an answer: receivers that are
// being debugged echo what they got, and what they got is not to be read again in
// the log of deliveries.
func redact(answer string, headers map[string]string) string {
	var secrets []string
	for _, value := range headers {
		secrets = append(secrets, inAllForms(value)...)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // the whole before its words
	for _, secret := range secrets {
		answer = strings.ReplaceAll(answer, secret, redacted)
		answer = redactEnd(answer, secret)
	}
	return answer
}

// inAllForms gives the value, its words (Bearer TOKEN) and what they look like in
// JSON and base64.
func inAllForms(value string) (all []string) {
	for _, word := range append(strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }), value) {
		if len(word) < redactLeast {
			continue
		}
		all = append(all, word, base64.StdEncoding.EncodeToString([]byte(word)))
		if quoted, err := json.Marshal(word); err == nil {
			all = append(all, strings.Trim(string(quoted), `"`))
		}
	}
	return all
}

// redactEnd takes out the beginning of a secret that the answer was cut in.
func redactEnd(answer, secret string) string {
	for n := min(len(secret)-1, len(answer)); len(answer) >= answerKept-len(secret) && n >= redactLeast; n-- {
		if strings.HasSuffix(answer, secret[:n]) {
			return answer[:len(answer)-n] + redacted
		}
	}
	return answer
}
