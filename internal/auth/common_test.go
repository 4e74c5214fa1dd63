package auth

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite common-passwords.txt")

// composeCommon makes the list of common passwords. Published lists hold few
// of twelve characters and more, and those few are of a handful of makes: runs
// along the keyboard, one thing repeated, a word with digits, two words, a
// well-known phrase. So the list is composed of the makes themselves.
func composeCommon() []string {
	var list []string
	list = append(list, phrases()...)
	list = append(list, walks()...)
	list = append(list, repeats()...)
	list = append(list, decorated()...)
	list = append(list, pairs()...)
	for i := range list {
		list[i] = strings.ToLower(normalPassword(list[i]))
	}
	list = slices.DeleteFunc(list, func(p string) bool {
		n := utf8.RuneCountInString(p)
		return n < passwordLeast || n > 32
	})
	slices.Sort(list)
	return slices.Compact(list)
}

// words are the stems that turn up most in lists of leaked passwords, with
// those of this trade and house.
var words = strings.Fields(`
	password passw0rd p@ssword p@ssw0rd pa55word passwort motdepasse contrasena senha welcome willkommen
	admin administrator root superuser login letmein master secret changeme default temporary guest
	qwerty qwertz azerty asdfgh zxcvbn abc123 abcdef abcd1234 iloveyou loveyou trustno1 monkey dragon football
	baseball basketball hockey soccer superman batman spiderman pokemon starwars princess sunshine flower
	shadow michael jordan michelle jennifer jessica charlie thomas daniel andrew robert matthew anthony
	william richard nicole ashley joshua hunter buster killer ranger cheese computer internet samsung google
	facebook linkedin instagram summer winter spring autumn monday january december london chelsea arsenal
	liverpool barcelona juventus manchester mercedes porsche ferrari corvette yankees cowboys freedom forever
	whatever chocolate cookie orange banana purple silver golden diamond butterfly elephant tigger snoopy
	matrix hacker hello blessed jesus christ angel family mother loveme lovely beautiful sweetheart
	afterword comment comments moderator moderation editor editorial newspaper newsroom publisher journalist website
	staff manager support service company office security system server database backup postgres oracle cisco
	zaq12wsx qazwsx 1qaz2wsx q1w2e3r4 1q2w3e4r asdf1234 qwer1234 test testing tester demo example sample
`)

var endings = strings.Fields(`
	1 12 123 1234 12345 123456 12345678 123456789 1234567890 00 000 01 007 11 111 321 54321 654321
	! !!! !@# !@#$ 1! 123! 1234! 12345! 123456! @123 @1234 @12345 #123 _123 -123
	2019 2020 2021 2022 2023 2024 2025 2026 2027 2024! 2025! 2026! 2027! @2024 @2025 @2026 abc qwerty
`)

func decorated() (list []string) {
	for _, w := range words {
		for _, e := range endings {
			list = append(list, w+e)
		}
		for _, e := range endings[:9] {
			list = append(list, e+w)
		}
	}
	return list
}

func pairs() (list []string) {
	for _, w := range words {
		list = append(list, w+w, w+" "+w, w+w+w)
		for _, s := range strings.Fields("password admin welcome secret login love iloveyou afterword") {
			list = append(list, w+s, s+w)
		}
	}
	return list
}

// walks are runs along a keyboard or an alphabet, in both directions.
func walks() (list []string) {
	for _, path := range []string{
		"12345678901234567890123456", "01234567890123456789012345", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
		"qwertyuiop[]asdfghjkl;'zxcvbnm,./", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
		"1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
		"qazwsxedcrfvtgbyhnujmikolp", "zaq12wsxcde34rfvbgt56yhn", "zaq1xsw2cde3vfr4bgt5nhy6", "!qaz2wsx#edc4rfv", "1qaz!qaz2wsx@wsx",
		"123qweasdzxc123qweasdzxc", "qweasdzxcqweasdzxc", "1234qwerasdfzxcv1234", "qwerasdfzxcvqwer", "asdfghjklqwertyuiop",
		"zxcvbnmasdfghjklqwertyuiop", "147258369147258369", "159753159753159753", "123654789123654789", "789456123789456123",
		"a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j", "aabbccddeeffgghhiijj", "112233445566778899001122", "001122334455667788990011",
		"111222333444555666777888", "123412341234123412341234", "123123123123123123123123", "121212121212121212121212",
		"poiuytrewqlkjhgfdsamnbvcxz", "098765432109876543210987", "qwerty123456789012345", "qwertyuiop1234567890", "1234567890qwertyuiop",
		"asdfghjkl1234567890", "abcdefgh1234567890", "abc123abc123abc123abc123", "qwe123qwe123qwe123qwe123", "asd123asd123asd123asd123",
		"abcd1234abcd1234abcd1234", "qwer1234qwer1234qwer1234", "aaaaaabbbbbbcccccc", "1q1q1q2w2w2w3e3e3e", "!@#$%^&*()_+!@#$%^&*()_+",
		"314159265358979323846264", "271828182845904523536028", "112358132134558914423337", "246813579024681357902468", "135792468013579246801357",
	} {
		for _, p := range []string{path, reversed(path)} {
			for size := passwordLeast; size <= min(18, len(p)); size++ {
				for from := 0; from <= min(len(p)-size, 4); from++ {
					list = append(list, p[from:from+size])
				}
			}
		}
	}
	return list
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// repeats are short things said again and again.
func repeats() (list []string) {
	units := strings.Fields("12 21 10 01 ab ba xy qw as zx 69 00 123 321 abc qwe asd zxc 007 666 1234 4321 abcd asdf qwer zxcv 2580 1212 love test pass ha lol xo")
	for c := '!'; c <= '~'; c++ {
		units = append(units, string(c))
	}
	for _, u := range units {
		for size := passwordLeast; size <= 16; size++ {
			list = append(list, strings.Repeat(u, size)[:size])
		}
	}
	return list
}

func phrases() []string {
	var list []string
	for _, p := range []string{
		"correct horse battery staple", "let me in please", "open sesame open", "i love you so much", "i love you forever", "i love my mum",
		"i love my mom", "i love my dog", "i love my family", "i love jesus christ", "jesus is lord", "god is good all", "god bless america", "in god we trust",
		"may the force be with you", "live long and prosper", "luke i am your father", "to be or not to be", "the quick brown fox",
		"the quick brown fox jumps", "hello world hello", "hello kitty hello", "what the hell", "what is my password", "this is my password",
		"this is a password", "my password is password", "my secret password", "my new password", "new password please", "change me please",
		"change this password", "please change me", "please let me in", "not my password", "i forgot my password", "forgot password", "enter password",
		"super secret password", "top secret password", "secret password", "strong password", "secure password", "default password", "temporary password",
		"temp password", "test password", "admin password", "root password", "user password", "guest password", "database password", "password password",
		"one two three four", "onetwothreefour five", "twelve characters", "at least twelve", "at least 12 characters", "minimum length", "nothing to see here",
		"who let the dogs out", "winter is coming", "you shall not pass", "never give up", "never gonna give you up", "knowledge is power", "practice makes perfect",
		"time is money", "carpe diem carpe", "lorem ipsum dolor", "lorem ipsum dolor sit", "harry potter", "lord of the rings", "star wars forever",
		"manchester united", "real madrid club", "fc barcelona", "new york yankees", "dallas cowboys", "chicago bulls", "los angeles lakers", "red sox nation",
		"michael jackson", "justin bieber", "taylor swift", "britney spears", "iron maiden", "guns n roses", "led zeppelin", "pink floyd", "system of a down",
		"slipknot slipknot", "linkin park", "green day green", "my chemical romance", "metallica metallica", "tinkerbell tinkerbell", "winnie the pooh",
		"spongebob squarepants", "super mario bros", "grand theft auto", "call of duty", "world of warcraft", "counter strike", "assassins creed",
		"minecraft minecraft", "pokemon pikachu", "sonic the hedgehog", "best friends forever", "friends forever", "together forever", "forever and ever",
		"always and forever", "happy birthday", "happy new year", "merry christmas", "hakuna matata", "san francisco", "united states", "united kingdom",
		"south africa", "puerto rico", "new york city", "washington dc", "unbelievable", "supercalifragilistic", "antidisestablishment", "thunderstorm",
		"thunderbirds", "constantine", "constantinople", "alexandria", "massachusetts", "christopher1", "christopher", "elizabeth123", "alexander123",
		"stephanie123", "samantha1234", "gewinner1234", "schatzi12345", "ich liebe dich", "mein passwort", "je t'aime mon amour", "te quiero mucho", "te amo mucho",
		"mi contrasena", "eu te amo muito", "minha senha", "ti amo tanto", "jag alskar dig", "ya lyublyu tebya", "qwerty uiop asdf", "p4ssw0rd1234",
		"pa$$w0rd1234", "p@$$w0rd1234", "p@55w0rd1234", "l3tm31n12345", "adm1n1strator", "4dm1n1str4t0r", "welc0me12345", "qu3rty123456", "123password123",
		"123456password", "1password1234", "welcome to afterword", "welcome to the site", "afterword password", "afterword comments", "comment moderation",
		"afterword admin", "afterword demo", "afterword moderator", "i hate passwords", "i hate my job", "i love my job", "fuck you asshole", "fuckyou12345",
		"fuck off and die", "fuck the police", "motherfucker", "motherfucker1", "bullshit1234", "asshole12345",
	} {
		list = append(list, p, strings.ReplaceAll(p, " ", ""), strings.ReplaceAll(p, " ", "-"), strings.ReplaceAll(p, " ", "_"),
			strings.ReplaceAll(p, " ", ".")+"1", strings.ReplaceAll(p, " ", "")+"1", strings.ReplaceAll(p, " ", "")+"!", strings.ReplaceAll(p, " ", "")+"123")
	}
	return list
}

func TestCommonPasswordsAreUpToDate(t *testing.T) {
	composed := strings.Join(composeCommon(), "\n") + "\n"
	if *update {
		if err := os.WriteFile("common-passwords.txt", []byte(composed), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Skip("rewritten; run again without -update")
	}
	if composed != commonPasswords {
		t.Fatal(cmp.Diff(strings.Split(commonPasswords, "\n"), strings.Split(composed, "\n")))
	}
	if n := strings.Count(commonPasswords, "\n"); n < 3000 {
		t.Fatalf("%d passwords", n)
	}
}

func TestEveryCommonPasswordIsRefused(t *testing.T) {
	for _, p := range composeCommon() {
		for _, typed := range []string{p, strings.ToUpper(p), strings.ToUpper(p[:1]) + p[1:]} {
			if _, err := acceptPassword(typed, "jo@example.org"); err == nil {
				t.Fatalf("%q was accepted", typed)
			}
		}
	}
}
