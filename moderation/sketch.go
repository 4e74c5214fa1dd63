package moderation

import (
	"strings"
	"unicode"
)

// A Sketch is what is kept of a text to find others that say nearly the same:
// for each of some hash functions the least value over the text's features
// (MinHash; Broder 1997). The share of values on which two sketches agree
// estimates the share of features that the texts have in common. No word can be
// read out of it.
type Sketch struct {
	mins  [sketchSize / perWord]uint64 // 16 bits each, so that they are compared four at a time
	count uint16                       // of features; 0 = the text is too short to compare
}

const (
	sketchBands = 20 // rows of the index; see Copies
	sketchRows  = 3
	sketchSize  = sketchBands * sketchRows
	perWord     = 4 // values in a machine word

	// maxFeatures bounds what a long text costs.
	maxFeatures = 1024
	// wholeWords is the number of different words below which a text is compared
	// as a whole. Short comments are honestly alike: "I agree with this" and "I
	// agree with that" are two opinions, and the same opinion twice is a copy.
	wholeWords = 9
	// minLetters is the length of the words that make a feature. Shorter ones
	// hold any two texts of a language together.
	minLetters = 4
	// stem is how much of a word counts: buy and buyer, Preis and Preise.
	stem = 6
)

// NewSketch makes the sketch of a text. It is the same for texts that are the
// same after Normalise, letters repeated or not. Comparable reports false for
// fewer than four words (in scripts without spaces: eight characters).
func NewSketch(text string) Sketch {
	var f Folded
	f.normalise(text)
	if wordCount(f.Runes) < minWords {
		return Sketch{}
	}
	said := f
	if plain := withoutAddresses(text); plain != text {
		said = Folded{}
		said.normalise(plain)
	}
	words := featuresOf(said.Runes)
	if len(words) < wholeWords {
		words = []uint64{wholeOf(f.Runes)}
	}
	s := Sketch{count: uint16(len(words))}
	for i := range sketchSize {
		least := uint32(1<<32 - 1)
		for _, w := range words {
			// Multiply and shift: the upper half of the product is well mixed.
			least = min(least, uint32((w*multipliers[i])>>32))
		}
		s.mins[i/perWord] |= uint64(uint16(least)) << (i % perWord * 16)
	}
	return s
}

// Comparable reports whether the text was long enough to be compared.
func (s *Sketch) Comparable() bool { return s.count > 0 }

// multipliers are odd, from the splitmix64 sequence. Read only.
var multipliers = func() (all [sketchSize]uint64) {
	for i := range all {
		all[i] = mix(uint64(i+1)*0x9e3779b97f4a7c15) | 1
	}
	return all
}()

// mix is the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// featuresOf are the different words of a folded text, by the hash of their stem. Of a
// script without spaces they are the pairs of characters that follow each other.
// Numbers are left out: they are the first that a spammer changes.
func featuresOf(folded []rune) []uint64 {
	words := make([]uint64, 0, 64)
	seen := make(map[uint64]bool, 64)
	add := func(h uint64) {
		if !seen[h] && len(words) < maxFeatures {
			seen[h] = true
			words = append(words, h)
		}
	}
	eachPlainWord(folded, func(word []rune) {
		if len(word) >= minLetters {
			add(hashOf(word[:min(len(word), stem)]))
		}
	}, func(a, b rune) { add(hashOf([]rune{a, b})) })
	return words
}

// eachPlainWord visits the words of a folded text without digits, and the pairs
// of neighbours in scripts without spaces.
func eachPlainWord(folded []rune, visit func([]rune), pair func(a, b rune)) {
	var word []rune
	digits, last := false, rune(0)
	flush := func() {
		if !digits && len(word) > 0 {
			visit(word)
		}
		word, digits = word[:0], false
	}
	for _, r := range folded {
		r = oneOfTwins(r)
		switch {
		case unspaced(r):
			flush()
			if last != 0 {
				pair(last, r)
			}
			last = r
			continue
		case r == ' ':
			flush()
		case unicode.IsDigit(r):
			digits = true
		case len(word) == 0 || r != word[len(word)-1]: // letters repeated or not
			word = append(word, r)
		}
		last = 0
	}
	flush()
}

// oneOfTwins joins i and l: a 1 may stand for either.
func oneOfTwins(r rune) rune {
	if r == 'l' {
		return 'i'
	}
	return r
}

// wholeOf is the one feature of a short text.
func wholeOf(folded []rune) uint64 {
	whole := make([]rune, 0, len(folded))
	for _, r := range folded {
		r = oneOfTwins(r)
		if n := len(whole); n == 0 || r != whole[n-1] || r >= '0' && r <= '9' {
			whole = append(whole, r)
		}
	}
	return ^hashOf(whole) // no word's feature
}

// hashOf is FNV-1a over code points, mixed.
func hashOf(word []rune) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, r := range word {
		h = (h ^ uint64(r)) * 0x100000001b3
	}
	return mix(h)
}

// withoutAddresses blanks out what begins like the address of a page, or like the
// name of somebody who is spoken to: neither says what the text says, and the
// first changes from copy to copy.
func withoutAddresses(text string) string {
	if !strings.ContainsAny(text, "@:.") {
		return text
	}
	var out strings.Builder
	for {
		from := addressIn(text)
		if from < 0 {
			break
		}
		out.WriteString(text[:from])
		out.WriteByte(' ')
		text = text[from:]
		end := strings.IndexAny(text, " \t\n<>()[]\"")
		if end < 0 {
			end = len(text)
		}
		text = text[end:]
	}
	out.WriteString(text)
	return out.String()
}

// addressIn is where the first address begins, -1 if there is none. An @ inside
// a word may be a letter in disguise.
func addressIn(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ':':
			if strings.HasPrefix(text[i:], "://") {
				for i > 0 && isASCIILetter(text[i-1]) {
					i--
				}
				return i
			}
		case '@':
			if i == 0 || text[i-1] == ' ' || text[i-1] == '\n' {
				return i
			}
		case 'w', 'W':
			if len(text)-i > 4 && strings.EqualFold(text[i:i+4], "www.") {
				return i
			}
		}
	}
	return -1
}

func isASCIILetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// agree is the number of values, of sketchSize, on which two sketches agree.
func (s *Sketch) agree(t *Sketch) int {
	const rest = 0x7fff_7fff_7fff_7fff // of each value, all but its highest bit
	equal := uint64(0)                 // of each of the four places, how often the values are equal
	for i, m := range s.mins {
		differ := m ^ t.mins[i]
		equal += ^(differ&rest + rest | differ | rest) >> 15
	}
	return int(equal*0x0001_0001_0001_0001) >> 48
}

// enough reports whether two texts agree on so many values that they say nearly
// the same. The fewer words there are, the more of them have to be the same. The
// shares were measured; see docs/moderation.md.
func enough(s, t *Sketch, same int) bool {
	switch words := min(s.count, t.count); {
	case words == 1:
		return same == sketchSize
	case words < manyWords:
		return same*100 >= sketchSize*fewAlike
	}
	return same*100 >= sketchSize*manyAlike
}

const (
	manyWords = 14
	fewAlike  = 55 // percent
	manyAlike = 32
)

// band is the key of one row of the index.
func (s *Sketch) band(i int) uint32 {
	h := uint64(i + 1)
	for k := i * sketchRows; k < (i+1)*sketchRows; k++ {
		h = h<<16 | s.mins[k/perWord]>>(k%perWord*16)&0xffff
	}
	return uint32(mix(h) >> (64 - headBits))
}
