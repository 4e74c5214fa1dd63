package moderation

import "unicode"

// features are the different words of a text, by the hash of their stem. Of a
// script without spaces they are the pairs of characters that follow each other.
// Numbers are left out: they are the first that a spammer changes.
type features struct {
	all  [maxFeatures]uint64
	n    int
	seen [2 * maxFeatures]uint16 // places in all, counted from 1, by hash
}

// add keeps a feature that is not there yet, while there is room.
func (f *features) add(h uint64) {
	at := h % uint64(len(f.seen))
	for ; f.seen[at] != 0; at = (at + 1) % uint64(len(f.seen)) {
		if f.all[f.seen[at]-1] == h {
			return
		}
	}
	if f.n < len(f.all) {
		f.all[f.n] = h
		f.n++
		f.seen[at] = uint16(f.n)
	}
}

// take takes the features of a text: those of what it says beside addresses, or
// of all of it where that is not much.
func (f *features) take(text string) {
	said := withoutAddresses(text)
	r := read(said)
	f.addWords(r.runes())
	if f.n < wholeWords && said != text {
		r.done()
		r = read(text)
	}
	if f.n < wholeWords {
		f.setWhole(r.runes())
	}
	r.done()
}

// addWords adds the words of a folded text.
func (f *features) addWords(folded []rune) {
	var word featureWord
	last := rune(0)
	for _, r := range folded {
		r = oneOfTwins(r)
		switch {
		case unspaced(r):
			word.addTo(f)
			if last != 0 {
				f.add(hashOf(last, r))
			}
			word, last = featureWord{}, r
			continue
		case r == ' ':
			word.addTo(f)
			word = featureWord{}
		case r >= '0' && r <= '9' || r >= 0x600 && unicode.IsDigit(r):
			word.number = true
		case r != word.last: // letters repeated or not
			word.add(r)
		}
		last = 0
	}
	word.addTo(f)
}

// featureWord is a word that is being read.
type featureWord struct {
	hash    uint64 // of the stem
	letters int
	last    rune
	number  bool // there are digits in it
}

func (w *featureWord) add(r rune) {
	if w.letters == 0 {
		w.hash = hashSeed
	}
	w.letters++
	w.last = r
	if w.letters <= stem {
		w.hash = hashed(w.hash, r)
	}
}

func (w *featureWord) addTo(f *features) {
	if w.letters >= minLetters && !w.number {
		f.add(mix(w.hash))
	}
}

// setWhole leaves the one feature of a short text, or none where it is too short
// for that too.
func (f *features) setWhole(folded []rune) {
	f.n = 0
	if wordCount(folded) < minWords {
		return
	}
	h, last := hashSeed, rune(0)
	for _, r := range folded {
		r = oneOfTwins(r)
		if r != last || r >= '0' && r <= '9' {
			h = hashed(h, r)
		}
		last = r
	}
	f.all[0], f.n = ^mix(h), 1 // no word's feature
}

// oneOfTwins joins i and l: a 1 may stand for either.
func oneOfTwins(r rune) rune {
	if r == 'l' {
		return 'i'
	}
	return r
}

// hashSeed and hashed are FNV-1a over code points.
const hashSeed uint64 = 0xcbf29ce484222325

func hashed(h uint64, r rune) uint64 { return (h ^ uint64(r)) * 0x100000001b3 }

func hashOf(a, b rune) uint64 { return mix(hashed(hashed(hashSeed, a), b)) }
