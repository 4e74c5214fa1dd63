package comment_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/comment"
)

func TestAnAddressHasOneForm(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTPS://Daily.Example/Story":                       "https://daily.example/Story",
		"https://daily.example":                             "https://daily.example/",
		"https://daily.example:443/a":                       "https://daily.example/a",
		"http://daily.example:80/a":                         "http://daily.example/a",
		"http://daily.example:443/a":                        "http://daily.example:443/a",
		"https://daily.example:0443/a":                      "https://daily.example/a",
		"https://daily.example:08443/a":                     "https://daily.example:8443/a",
		"https://daily.example:/a":                          "https://daily.example/a",
		"https://daily.example./a":                          "https://daily.example/a",
		"https://bücher.example/a":                          "https://xn--bcher-kva.example/a",
		"https://BÜCHER.example/a":                          "https://xn--bcher-kva.example/a",
		"https://xn--bcher-kva.example/a":                   "https://xn--bcher-kva.example/a",
		"https://b%C3%BCcher.example/a":                     "https://xn--bcher-kva.example/a",
		"http://[2001:DB8::1]:8080/a":                       "http://[2001:db8::1]:8080/a",
		"http://[2001:db8:0:0:0:0:0:1]/a":                   "http://[2001:db8::1]/a",
		"http://[::1]:80/":                                  "http://[::1]/",
		"http://192.0.2.1/a":                                "http://192.0.2.1/a",
		"https://daily.example/a#comments":                  "https://daily.example/a",
		"https://daily.example/a#":                          "https://daily.example/a",
		"https://daily.example/a?":                          "https://daily.example/a",
		"https://daily.example/a/":                          "https://daily.example/a",
		"https://daily.example/a//":                         "https://daily.example/a",
		"https://daily.example///":                          "https://daily.example/",
		"https://daily.example//a":                          "https://daily.example//a",
		"https://daily.example/a%2F":                        "https://daily.example/a%2F",
		"https://daily.example/a%2Fb":                       "https://daily.example/a%2Fb",
		"https://daily.example/a b":                         "https://daily.example/a%20b",
		"https://daily.example/ü":                           "https://daily.example/%C3%BC",
		"https://daily.example/%C3%BC":                      "https://daily.example/%C3%BC",
		"https://daily.example/a?b=2&a=1":                   "https://daily.example/a?a=1&b=2",
		"https://daily.example/a?id=7&utm_source=x&fbclid=": "https://daily.example/a?id=7",
		"https://daily.example/a?UTM_Source=x&&gclid":       "https://daily.example/a",
		"https://daily.example/a/?utm_id=1#top":             "https://daily.example/a",
		"https://daily.example/a?utm=1&fbclids=2":           "https://daily.example/a?fbclids=2&utm=1",
		"https://daily.example/a?q=à la 'carte'":            "https://daily.example/a?q=%C3%A0%20la%20%27carte%27",
		"https://daily.example/a?x=%2B&y=+":                 "https://daily.example/a?x=%2B&y=+",
		"  https://daily.example/a\n":                       "https://daily.example/a",
	} {
		got, err := comment.NormaliseURL(raw)
		if err != nil || got != want {
			t.Errorf("NormaliseURL(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	long := "https://daily.example/" + strings.Repeat("a", 2048-len("https://daily.example/"))
	if _, err := comment.NormaliseURL(long); err != nil {
		t.Errorf("an address of 2048 bytes: %v", err)
	}
	for name, raw := range map[string]string{
		"2049 bytes":            long + "a",
		"2049 bytes as stored":  "https://daily.example/" + strings.Repeat("ü", 400),
		"empty":                 "",
		"javascript":            "javascript:alert(1)",
		"javascript with host":  "javascript://daily.example/%0aalert(1)",
		"data":                  "data:text/html,hello",
		"ftp":                   "ftp://daily.example/a",
		"file":                  "file:///etc/passwd",
		"relative":              "/story",
		"without scheme":        "//daily.example/story",
		"no host":               "https:///story",
		"opaque":                "https:daily.example/story",
		"only a word":           "story",
		"user":                  "https://ada@daily.example/a",
		"user and password":     "https://ada:secret@daily.example/a",
		"empty user":            "https://@daily.example/a",
		"not UTF-8":             "https://daily.example/\xff",
		"host is not UTF-8":     "https://%80.example/",
		"control character":     "https://daily.example/a\x01b",
		"newline inside":        "https://daily.example/a\nb",
		"NUL":                   "https://daily.example/\x00",
		"blank in host":         "https://daily example/a",
		"backslash":             `https://daily.example\@evil.example/a`,
		"bad escape":            "https://daily.example/%zz",
		"port is a word":        "https://daily.example:http/a",
		"port is too high":      "https://daily.example:65536/a",
		"port 0":                "https://daily.example:0/a",
		"host is a dot":         "https://./a",
		"host ends in two dots": "https://daily.example../a",
		"address with a zone":   "http://[fe80::1%25eth0]/a",
		"host with an asterisk": "https://*.daily.example/a",
	} {
		if got, err := comment.NormaliseURL(raw); err == nil {
			t.Errorf("%s: NormaliseURL(%q) = %q", name, raw, got)
		} else {
			wantFault(t, err, "page.url:invalid")
		}
	}
}

func TestAnOriginHasOneForm(t *testing.T) {
	for raw, want := range map[string]string{
		"https://daily.example":       "https://daily.example",
		"https://daily.example/":      "https://daily.example",
		"HTTPS://Daily.Example:443":   "https://daily.example",
		"http://daily.example:8080":   "http://daily.example:8080",
		"https://bücher.example":      "https://xn--bcher-kva.example",
		"http://[2001:DB8:0::1]:8080": "http://[2001:db8::1]:8080",
		"http://localhost:3000":       "http://localhost:3000",
		"https://daily.example.":      "https://daily.example",
	} {
		got, err := comment.Origin(raw)
		if err != nil || got != want {
			t.Errorf("Origin(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"", "null", "*", "https://*", "https://*.example", "daily.example", "https://daily.example/a", "https://daily.example?a=1",
		"https://daily.example#a", "https://ada@daily.example", "ftp://daily.example", "javascript://daily.example", "https://", "https://daily.example https://evil.example",
	} {
		if got, err := comment.Origin(raw); err == nil {
			t.Errorf("Origin(%q) = %q", raw, got)
		} else {
			wantFault(t, err, "origins:invalid")
		}
	}
}

func FuzzNormaliseURL(f *testing.F) {
	for _, seed := range []string{"https://daily.example/a?b=1&a=2#x", "http://[::1]:80//", "HTTPS://BÜCHER.example/%c3%bc/", "https://x?%&=&&", "https://x/a%2fb%", "http://1.2.3.4:080/", "https://x/;a?b;c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := comment.NormaliseURL(raw)
		if err != nil {
			return
		}
		if len(once) > 2048 {
			t.Fatalf("%q became %d bytes", raw, len(once))
		}
		if twice, err := comment.NormaliseURL(once); err != nil || twice != once {
			t.Fatalf("%q became %q, and that %q, %v", raw, once, twice, err)
		}
		if utf8.ValidString(raw) && !utf8.ValidString(once) {
			t.Fatalf("%q became invalid UTF-8", raw)
		}
		if !strings.HasPrefix(once, "http://") && !strings.HasPrefix(once, "https://") || strings.ContainsAny(once, "#\x00\n\r\t") {
			t.Fatalf("%q became %q", raw, once)
		}
	})
}

func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"https://daily.example", "http://[::1]:80", "HTTPS://BÜCHER.example/", "null", "https://x:0443"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := comment.Origin(raw)
		if err != nil {
			return
		}
		if twice, err := comment.Origin(once); err != nil || twice != once {
			t.Fatalf("%q became %q, and that %q, %v", raw, once, twice, err)
		}
		// An address there is an address of the origin.
		if page, err := comment.NormaliseURL(once + "/story"); err != nil || page != once+"/story" {
			t.Fatalf("a page on %q became %q, %v", once, page, err)
		}
	})
}
