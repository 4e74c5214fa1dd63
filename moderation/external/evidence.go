package external

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/moderation"
)

// What one answer may bring along.
const (
	evidenceMost = 16
	sentenceMost = 300 // code points
	dataMost     = 40  // facts of one evidence
	valueMost    = 100 // code points of a fact
)

var (
	codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	dataForm = regexp.MustCompile(`^[a-z][a-z0-9_./-]{0,59}$`)
)

// tidy makes evidence of strangers fit to be stored and shown, and takes from it
// what the site has not allowed.
func (c *Check) tidy(found []moderation.Evidence) []moderation.Evidence {
	found = found[:min(len(found), evidenceMost)]
	for i := range found {
		e := &found[i]
		e.Hint = c.bounded(e.Hint)
		if !codeForm.MatchString(e.Code) {
			e.Code = "outside"
		}
		if e.Sentence = sentence(e.Sentence, sentenceMost); e.Sentence == "" {
			e.Sentence = "A check elsewhere has spoken."
		}
		e.Data = facts(e.Data)
	}
	return found
}

// bounded gives the strongest hint that is allowed and no stronger than h. What
// no answer may carry, such as approve, counts as none.
func (c *Check) bounded(h moderation.Hint) moderation.Hint {
	at := max(0, slices.Index(hints(), h))
	return hints()[min(at, slices.Index(hints(), c.Most))]
}

func facts(given map[string]string) map[string]string {
	if len(given) == 0 {
		return nil
	}
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if dataForm.MatchString(name) && len(kept) < dataMost {
			kept[name] = sentence(given[name], valueMost)
		}
	}
	return kept
}

// sentence is a stranger's text as one line of plain text, at most so many code
// points long: nothing in it may move other text about.
func sentence(text string, most int) string {
	text = text[:min(len(text), 8*most)]
	var b strings.Builder
	n, space := 0, false
	for _, r := range strings.ToValidUTF8(text, "") {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case !unicode.IsPrint(r):
			continue
		case n >= most-1:
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// score writes a number as rules read it.
func score(n float64) string { return strconv.FormatFloat(n, 'f', 4, 64) }

// scoreFact names a score among the facts of an evidence.
func scoreFact(attribute string) string {
	return "score_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(attribute))
}

// scored makes evidence of scores: one for each that reaches its limit, and one
// with all of them, for rules.
func (c *Check) scored(scores map[string]float64) []moderation.Evidence {
	all := map[string]string{}
	var found []moderation.Evidence
	for _, attribute := range slices.Sorted(maps.Keys(scores)) {
		n := scores[attribute]
		all[scoreFact(attribute)] = score(n)
		from, ok := c.limitOf(attribute)
		if !ok || n < from {
			continue
		}
		found = append(found, moderation.Evidence{
			Code: strings.TrimPrefix(scoreFact(attribute), "score_"), Hint: c.Most,
			Sentence: fmt.Sprintf("%s rates it %.2f for %s; the limit is %.2f.", c.Name, n, attribute, from),
			Data:     map[string]string{scoreFact(attribute): score(n)},
		})
	}
	if len(found) == 0 {
		found = append(found, moderation.Evidence{Code: "scores", Hint: moderation.HintNone, Sentence: c.Name + " finds every score below its limit.", Data: all})
	}
	return found
}

func (c *Check) limitOf(attribute string) (from float64, ok bool) {
	for _, l := range c.limits {
		if l.attribute == attribute {
			return l.from, true
		}
		if l.attribute == "*" {
			from, ok = l.from, true
		}
	}
	return from, ok
}

// sound reports whether scores are what scores can be.
func sound(scores map[string]float64) bool {
	for name, n := range scores {
		if math.IsNaN(n) || n < 0 || n > 1 || !attributeName(name) || name == "*" {
			return false
		}
	}
	return len(scores) > 0 && len(scores) <= 100
}

// capped is at most so many code points of a text.
func capped(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}
