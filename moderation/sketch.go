package moderation

import "strings"

// A Sketch is what is kept of a text to find others that say nearly the same:
// for each of some hash functions the least value over the text's features
// (MinHash; Broder 1997). The share of values on which two sketches agree
// estimates the share of features that the texts have in common. No word can be
// read out of it.
type Sketch struct {
	// mins are the low 8 bits of each (b-bit minwise hashing; Li and König 2010): two
	// that differ agree on them once in 256, and they are compared eight at a time.
	mins  [(sketchSize + perWord - 1) / perWord]uint64
	count uint16 // of features; 0 = the text is too short to compare
}

const (
	sketchBands = 20 // rows of the index; see Copies
	sketchRows  = 3
	sketchSize  = sketchBands * sketchRows
	perWord     = 8 // values in a machine word
	atOnce      = 4 // that are worked out side by side

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
	var f features
	f.take(text)
	s := Sketch{count: uint16(f.n)}
	for i := range multipliers {
		if f.n > 0 {
			s.mins[i*atOnce/perWord] |= f.least(&multipliers[i]) << (i * atOnce % perWord * 8)
		}
	}
	return s
}

// least gives the least values of some hash functions.
func (f *features) least(by *[atOnce]uint64) uint64 {
	const most = 1<<32 - 1
	a, b, c, d := uint32(most), uint32(most), uint32(most), uint32(most)
	for _, w := range f.all[:f.n] {
		// Multiply and shift: the upper half of the product is well mixed.
		a = min(a, uint32(w*by[0]>>32))
		b = min(b, uint32(w*by[1]>>32))
		c = min(c, uint32(w*by[2]>>32))
		d = min(d, uint32(w*by[3]>>32))
	}
	return uint64(uint8(a)) | uint64(uint8(b))<<8 | uint64(uint8(c))<<16 | uint64(uint8(d))<<24
}

// Comparable reports whether the text was long enough to be compared.
func (s *Sketch) Comparable() bool { return s.count > 0 }

// multipliers are odd, from the splitmix64 sequence. Read only.
var multipliers = func() (all [sketchSize / atOnce][atOnce]uint64) {
	for i := range sketchSize {
		all[i/atOnce][i%atOnce] = mix(uint64(i+1)*0x9e3779b97f4a7c15) | 1
	}
	return all
}()

// mix is the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// withoutAddresses blanks out what begins like the address of a page, or like the
// name of somebody who is spoken to: neither says what the text says, and the
// first changes from copy to copy.
func withoutAddresses(text string) string {
	from := addressIn(text)
	if from < 0 {
		return text
	}
	var out strings.Builder
	for ; from >= 0; from = addressIn(text) {
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
	const (
		rest = 0x7f7f7f7f_7f7f7f7f // of each value, all but its highest bit
		one  = 0x01010101_01010101
		none = len(s.mins)*perWord - sketchSize // places without a value
	)
	equal := uint64(0) // of each of the eight places, how often the values are equal
	for i, m := range s.mins {
		differ := m ^ t.mins[i]
		equal += ^(differ&rest + rest | differ | rest) >> 7
	}
	return int(equal*one>>56) - none
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
		h = h<<8 | s.mins[k/perWord]>>(k%perWord*8)&0xff
	}
	return uint32(mix(h) >> (64 - headBits))
}
