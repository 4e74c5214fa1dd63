package moderation

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// shorteners hide where they lead. Read only; a host below one counts too.
var shorteners = map[string]bool{
	"bit.ly": true, "t.co": true, "tinyurl.com": true, "goo.gl": true, "ow.ly": true, "is.gd": true, "v.gd": true,
	"buff.ly": true, "rebrand.ly": true, "cutt.ly": true, "t.ly": true, "rb.gy": true, "shorturl.at": true,
	"tiny.cc": true, "bl.ink": true, "lnkd.in": true, "soo.gd": true, "s.id": true, "adf.ly": true, "bc.vc": true,
	"ouo.io": true, "shorte.st": true, "t2m.io": true, "u.to": true, "clck.ru": true, "vk.cc": true, "dlvr.it": true,
}

// link is one link of a comment, taken apart.
type link struct {
	href string
	host string // lower case, without port, labels decoded from punycode
	user bool   // something stands before an @ in front of the host
}

// linkOf takes an href apart; ok is false when it leads to no host, such as a
// mail address.
func linkOf(href string) (l link, ok bool) {
	u, err := url.Parse(href)
	if err != nil || u.Hostname() == "" {
		return link{}, false
	}
	return link{href: href, host: hostOf(u.Hostname()), user: u.User != nil}, true
}

// hostOf puts a host name into the form for comparing.
func hostOf(name string) string {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(name, ".")), ".")
	for i, l := range labels {
		if rest, ok := strings.CutPrefix(l, "xn--"); ok {
			if decoded, ok := punycode(rest); ok {
				labels[i] = strings.ToLower(decoded)
			}
		}
	}
	return strings.Join(labels, ".")
}

func (l link) shortened() bool {
	for host := l.host; host != ""; {
		if shorteners[host] {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

func (l link) numeric() bool {
	_, err := netip.ParseAddr(l.host)
	return err == nil
}

func (l link) international() bool {
	return strings.IndexFunc(l.host, func(r rune) bool { return r > unicode.MaxASCII }) >= 0
}

// looksLike returns the Latin name that a host imitates: one with a label of
// mixed script, or with a foreign label of Latin shape under a Latin top level.
// An honest foreign name has letters of its own, or a top level to match.
func (l link) looksLike() (string, bool) {
	labels := strings.Split(l.host, ".")
	top := fold(labels[len(labels)-1]).out
	latinTop := factsOf(top).foreign+factsOf(top).unlike == 0
	found := false
	for i, label := range labels {
		els := fold(label).out
		f := factsOf(els)
		if f.disguised(latinTop) && f.unlike == 0 {
			judge(els, latinTop)
			labels[i] = shapes(els)
			found = true
		}
	}
	return strings.Join(labels, "."), found
}

func shapes(els []element) string {
	var b strings.Builder
	for _, e := range els {
		b.WriteRune(e.shape)
	}
	return b.String()
}

// sameSite reports whether one host is the other or stands below it.
func sameSite(a, b string) bool {
	a, b = strings.TrimPrefix(a, "www."), strings.TrimPrefix(b, "www.")
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// namedHost returns the host that a link's text names: the first word of it that
// has the shape of an address.
func namedHost(text string) (string, bool) {
	for word := range strings.FieldsSeq(text) {
		word = strings.Trim(word, "<>()[]{}*_~`'\".,;:!?")
		if _, after, ok := strings.Cut(word, "://"); ok {
			word = after
		}
		if i := strings.IndexAny(word, "/?#:"); i >= 0 {
			word = word[:i]
		}
		if hostShaped(word) {
			return hostOf(word), true
		}
	}
	return "", false
}

// hostShaped reports whether a word looks like a domain name: labels parted by
// single dots, the last one of two letters or more. File names such as notes.md
// look so too; their owners lose nothing by a second look.
func hostShaped(word string) bool {
	labels := strings.Split(word, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || strings.ContainsFunc(l, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			return false
		}
	}
	last := []rune(labels[len(labels)-1])
	return len(last) >= 2 && unicode.IsLetter(last[0]) && unicode.IsLetter(last[1])
}

// punycode decodes one label without its xn-- (RFC 3492, section 6.2).
func punycode(label string) (string, bool) {
	const base, initial, maxLabel = 36, 128, 63
	if len(label) > maxLabel {
		return "", false
	}
	var out []rune
	if i := strings.LastIndexByte(label, '-'); i > 0 {
		out, label = []rune(label[:i]), label[i+1:]
	}
	n, index, bias := initial, 0, 72
	for at := 0; at < len(label); {
		old, weight := index, 1
		for k := base; ; k += base {
			if at == len(label) {
				return "", false
			}
			d := punycodeDigit(label[at])
			at++
			if d < 0 || weight > unicode.MaxRune {
				return "", false
			}
			index += d * weight
			t := min(max(k-bias, 1), 26)
			if d < t {
				break
			}
			weight *= base - t
		}
		count := len(out) + 1
		bias = punycodeBias(index-old, count, old == 0)
		n += index / count
		index %= count
		if n > unicode.MaxRune {
			return "", false
		}
		out = append(out, 0)
		copy(out[index+1:], out[index:])
		out[index] = rune(n)
		index++
	}
	return string(out), true
}

func punycodeDigit(c byte) int {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a')
	case '0' <= c && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}

func punycodeBias(delta, count int, first bool) int {
	delta /= 2
	if first {
		delta /= 350
	}
	delta += delta / count
	k := 0
	for delta > 455 {
		delta /= 35
		k += 36
	}
	return k + 36*delta/(delta+38)
}
