package moderation

import (
	"bufio"
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var dataDir = flag.String("data", "", "folder of public comment sets for BenchmarkUnrelatedComments")

// cardsOf places texts as so many comments and counts what a moderator has to
// look at: groups, and comments that are in none.
func cardsOf(x *Copies, texts []string) int {
	groups := map[string]string{}
	for i, text := range texts {
		id := fmt.Sprint(i)
		g := x.Place(Copied{ID: id, Site: "daily", Author: id, Page: fmt.Sprint(i % 7), Sketch: NewSketch(text), At: time.Unix(int64(i), 0)})
		groups[id] = id
		if g.ID != "" {
			groups[id] = g.ID
		}
		for _, adopted := range g.Adopt {
			groups[adopted] = g.ID
		}
		x.Adopted(g.Adopt)
	}
	cards := map[string]bool{}
	for _, g := range groups {
		cards[g] = true
	}
	return len(cards)
}

// TestParaphrasesAreFewCards: 200 paraphrases of one advertisement are at most
// five cards, those that no group took counted too.
func TestParaphrasesAreFewCards(t *testing.T) {
	for name, a := range adverts {
		for seed := range uint64(5) {
			p := paraphraser{rand.New(rand.NewPCG(seed, 7))}
			texts := make([]string, 200)
			for i := range texts {
				texts[i] = p.of(a)
			}
			cards := cardsOf(NewCopies(1000, time.Hour), texts)
			if cards > 5 {
				t.Errorf("%s, seed %d: 200 paraphrases are %d cards; such as\n%s\n%s", name, seed, cards, texts[0], texts[1])
			}
		}
	}
}

// BenchmarkUnrelatedComments places public sets of comments (-data) and says how
// many are put together, and how many of those share less than three in five of
// their words: such pairs are the ones that a person would doubt.
func BenchmarkUnrelatedComments(b *testing.B) {
	if *dataDir == "" {
		b.Skip("needs -data")
	}
	texts := publicTexts(b, *dataDir)
	for b.Loop() {
		x := NewCopies(100_000, time.Hour)
		long, grouped, doubtful := 0, 0, 0
		for i, text := range texts {
			s := NewSketch(text)
			if s.count > 1 {
				long++
			}
			if n, _ := x.nearest(&copyEntry{sketch: s}); n > 0 && s.count > 1 {
				grouped++
				if same := s.agree(&x.at(n).sketch); same*100 < 60*sketchSize {
					doubtful++
					b.Logf("%d of %d: %.120q", same, sketchSize, text)
				}
			}
			x.Place(Copied{ID: fmt.Sprint(i), Site: "s", Sketch: s, At: time.Unix(0, 0)})
		}
		b.ReportMetric(float64(long), "long")
		b.ReportMetric(float64(grouped), "grouped")
		b.ReportMetric(float64(doubtful), "doubtful")
	}
}

// TestShortCommentsStayApart: a thousand different short comments are no group.
func TestShortCommentsStayApart(t *testing.T) {
	x := NewCopies(2000, time.Hour)
	n := 0
	for _, a := range []string{"Well said", "I agree", "Nonsense", "Not at all", "Exactly right", "What a shame", "Thank you so much", "Good article", "Who pays for this", "That is true"} {
		for _, b := range []string{"", "indeed", "my friend", "as always", "once more", "in my opinion", "sad to say", "for once", "dear author", "and finally"} {
			for _, c := range []string{"!", "?", " I think.", " we say.", " they know.", " one hopes.", " you see.", " as ever.", " it seems.", " of course."} {
				n++
				if g := x.Place(Copied{ID: fmt.Sprint(n), Site: "s", Sketch: NewSketch(a + ", " + b + c), At: time.Unix(0, 0)}); g.Count > 0 && c != "?" {
					t.Errorf("%s, %s%s is put with %d others", a, b, c, g.Count)
				}
			}
		}
	}
	if n != 1000 {
		t.Errorf("%d comments", n)
	}
}

// TestTheIndexIsARing: what is one too many, or too old, is forgotten, and
// nothing of it is found any more.
func TestTheIndexIsARing(t *testing.T) {
	word := func(i int) string { return prose(rand.New(rand.NewPCG(uint64(i), 3)), 40) }
	x := NewCopies(100, time.Hour)
	for i := range 350 {
		x.Place(Copied{ID: fmt.Sprint(i), Site: "s", Sketch: NewSketch(word(i)), At: time.Unix(int64(i), 0)})
	}
	look := func(i int, at int64) Group {
		return x.Look(Copied{ID: "probe", Site: "s", Sketch: NewSketch(word(i)), At: time.Unix(at, 0)})
	}
	for i := range 350 {
		if found := look(i, 350).Count > 0; found != (i >= 250) {
			t.Fatalf("comment %d is found: %v", i, found)
		}
	}
	if x.Len() != 100 {
		t.Errorf("%d are held", x.Len())
	}
	x.Place(Copied{ID: "later", Site: "s", Sketch: NewSketch(word(900)), At: time.Unix(300+3600, 0)})
	if look(299, 4000).Count != 0 || look(301, 4000).Count == 0 || x.Len() != 51 {
		t.Errorf("an hour later %d are held", x.Len())
	}
}

// TestCountsFollowWhatBecomes: fates, forgotten members and repeated news.
func TestCountsFollowWhatBecomes(t *testing.T) {
	x := NewCopies(100, time.Hour)
	const text = "The very same text is posted again and again by people who know nothing of each other at all."
	place := func(id, site string) Group {
		return x.Place(Copied{ID: id, Site: site, Author: id, Page: "p", Sketch: NewSketch(text), At: time.Unix(0, 0)})
	}
	place("a", "daily")
	place("b", "daily")
	place("c", "weekly")
	x.Settle("a", FateTurned, 5)
	x.Settle("b", FateRefused, 6)
	x.Settle("c", FateTurned, 3)
	x.Settle("a", FateOpen, 4) // old news
	want := Group{ID: "a", Count: 3, Authors: 3, Pages: 2, Rejected: 3, Turned: 1}
	look := func() Group {
		g := x.Look(Copied{ID: "probe", Site: "daily", Sketch: NewSketch(text), At: time.Unix(0, 0)})
		g.Adopt = nil
		return g
	}
	if diff := cmp.Diff(want, look()); diff != "" {
		t.Error(diff)
	}
	x.Forget("b")
	x.Settle("a", FateAccepted, 7)
	x.Take(Copied{ID: "c", Site: "weekly", Sketch: NewSketch(text), Fate: FateOpen, Seq: 9})
	want = Group{ID: "a", Count: 2, Authors: 2, Pages: 2, Accepted: 1}
	if diff := cmp.Diff(want, look()); diff != "" {
		t.Error(diff)
	}
}

func publicTexts(t testing.TB, dir string) (texts []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "davidson.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		texts = append(texts, row[6])
	}
	for _, file := range []struct {
		name   string
		column int
	}{{"sms.tsv", 1}, {"germeval18_train.txt", 0}, {"germeval18_test.txt", 0}} {
		f, err := os.Open(filepath.Join(dir, file.name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if parts := strings.Split(lines.Text(), "\t"); len(parts) > file.column {
				texts = append(texts, parts[file.column])
			}
		}
	}
	return texts
}
