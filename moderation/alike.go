package moderation

import "unicode"

// twin is the Latin letter that another script's letter looks like.
type twin struct {
	latin rune
	// strong twins cannot be told apart by eye; only they make a word that is
	// foreign throughout a disguise. The weak ones need company from Latin.
	strong bool
}

// twins is read only. Capitals stand for themselves where their shape parts
// from the small letter's: Greek Ν looks like N, ν like v.
var twins = twinTable([]twinRow{
	// Cyrillic
	{"асеорхуіјѕһԁԛԝѵӏ", "aceopxyijshdqwvl", true},
	{"АСЕОРХУІЈЅҺԀԚԜѴӀВКМНТ", "aceopxyijshdqwvlbkmht", true},
	{"вкмнтгпишү", "bkmhtrnuwy", false},
	{"ГПИШҮ", "rnuwy", false},
	// Greek
	{"ονραικυχ", "ovpaikux", true},
	{"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ", "abezhikmnoptyxc", true},
	{"βεητγω", "bentyw", false},
	// Armenian, Cherokee and Lisu letters in use as Latin
	{"օսհոց", "ouhng", true},
	{"ᎪᏴᏟᎬᎻᎫᏞᎷᏢᏒᏚᎢᏙᎳᏃ", "abcehjlmprstvwz", true},
	{"ꓐꓚꓓꓰꓝꓖꓧꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "bcdefghjklmnoprstuvwxyz", true},
})

type twinRow struct {
	foreign, latin string
	strong         bool
}

func twinTable(rows []twinRow) map[rune]twin {
	table := make(map[rune]twin)
	for _, row := range rows {
		latin := []rune(row.latin)
		for i, r := range []rune(row.foreign) {
			table[r] = twin{latin[i], row.strong}
		}
	}
	return table
}

// plainLatin spells Latin letters that compatibility decomposition leaves alone
// with the letters of a keyboard. Read only.
var plainLatin = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'ħ': "h", 'ŧ': "t", 'ı': "i", 'ȷ': "j", 'ß': "ss", 'æ': "ae", 'œ': "oe",
	'ɑ': "a", 'ɡ': "g", 'ɩ': "i", 'ɪ': "i", 'ʟ': "l", 'ʀ': "r", 'ɴ': "n", 'ɢ': "g", 'ʜ': "h", 'ʙ': "b", 'ʏ': "y",
	'ɛ': "e", 'ɔ': "o", 'ᴀ': "a", 'ᴄ': "c", 'ᴅ': "d", 'ᴇ': "e", 'ꜰ': "f", 'ᴊ': "j", 'ᴋ': "k", 'ᴍ': "m", 'ᴏ': "o",
	'ᴘ': "p", 'ꜱ': "s", 'ᴛ': "t", 'ᴜ': "u", 'ᴠ': "v", 'ᴡ': "w", 'ᴢ': "z", 'ɋ': "q", 'ƈ': "c", 'ƙ': "k", 'ƒ': "f",
}

// boxed returns the letter inside a negative circled or squared capital, which
// has no decomposition. Regional indicators are left alone: they are flags.
func boxed(r rune) (rune, bool) {
	switch {
	case r >= 0x1F150 && r <= 0x1F169:
		return 'a' + r - 0x1F150, true
	case r >= 0x1F170 && r <= 0x1F189:
		return 'a' + r - 0x1F170, true
	}
	return 0, false
}

// leet returns the letter that a digit or sign is most often written for, or 0.
// Where it may be i or l, i is returned; skeleton joins the two.
func leet(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!', '|', '¡':
		return 'i'
	case '2':
		return 'z'
	case '3', '€':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '6', '9':
		return 'g'
	case '7', '+':
		return 't'
	case '8':
		return 'b'
	case '¢':
		return 'c'
	}
	return 0
}

// latinTwin returns the letter that a folded letter looks like, itself if none.
func latinTwin(r rune) rune {
	if r < 0x370 {
		return r
	}
	if t, ok := twins[r]; ok {
		return t.latin
	}
	return r
}

// skeleton maps everything that may stand for the same letter to one rune. It
// joins too much on purpose: a match on skeletons is then read letter by letter.
func skeleton(r rune) rune {
	if l := leet(r); l != 0 {
		r = l
	}
	r = latinTwin(r)
	if r == 'l' {
		return 'i'
	}
	return r
}

// hidden reports whether a rune is invisible and changes nothing that a reader
// sees: format characters and the blanks that count as letters.
func hidden(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// accent reports whether a mark may be dropped without changing the word: marks
// that go with any script, the optional vowels of Hebrew and Arabic, and what old
// Cyrillic puts above and around letters, such as U+0489. Vowel
// signs of other scripts and the Japanese voicing marks are part of the word.
func accent(r rune) bool {
	if r == 0x3099 || r == 0x309A || !unicode.In(r, unicode.Mn, unicode.Me) {
		return false
	}
	return unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic, unicode.Cyrillic)
}

// unspaced reports whether a rune belongs to a script that writes words without
// spaces between them, where a word's edge cannot be seen.
func unspaced(r rune) bool {
	switch {
	case r < 0x0E00 || syllable(r):
		return false
	case ideograph(r):
		return true
	}
	return unicode.In(r, unspacedScripts...)
}

// unspacedScripts is read only.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}
