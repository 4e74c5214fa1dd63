package fill

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/markup"
)

// What readers write is put together from parts: an opening of two plain
// sentences, and further paragraphs, some with markup. There are so many
// openings that two comments hardly ever begin alike. On average a comment has
// some 220 characters.
const (
	openings   = 4096
	paragraphs = 1024
)

var (
	subjects = []string{
		"the council", "our mayor", "the ministry", "the railway", "the school board", "the hospital", "the water company", "the editor",
		"the union", "the harbour authority", "the bus company", "the landlord", "the court", "the regulator", "the museum", "the energy supplier",
		"the coach", "the referee", "the university", "the police", "the airport", "the bank", "the opposition", "the library",
	}
	verbs = []string{
		"has known about this for years", "should have asked the people who live here", "never published the figures", "promised the opposite in spring",
		"is paying twice for the same thing", "did the right thing for once", "has no plan for the winter", "will have to explain itself",
		"cannot simply wait until everyone has forgotten", "was warned by its own experts", "changed the timetable without telling anyone",
		"spends more on posters than on repairs", "has finally listened", "keeps moving the deadline", "deserves some credit here",
		"owes us an answer", "had three offers and took the dearest", "is hiding behind the rules",
	}
	links = []string{
		"because", "and yet", "while", "so", "although", "which is odd, since", "even though", "and I am glad that", "but nobody mentions that",
	}
	facts = []string{
		"the bridge has been closed since March", "the rent went up by a tenth", "two of the four lifts are out of order", "the minutes are public",
		"the last audit said the same", "half of the seats stay empty", "the neighbours were never asked", "the trees were there before the road",
		"the contract runs until the end of the decade", "my daughter waits forty minutes for that bus", "the report is only twelve pages long",
		"the money was already set aside", "it worked well in the next town", "the night trains are full", "every second street lamp is dark",
		"the club has not paid its bills", "the new building leaks", "prices fell everywhere else",
	}
	asides = []string{
		"I read the whole thing twice.", "Thank you for a fair article.", "Does anyone know more?", "I was there, and it was not like that.",
		"We had this debate ten years ago.", "That is not what the study says.", "Please follow this up.", "Numbers would help.",
		"Funny how quickly that was forgotten.", "It depends on whom you ask.", "My letter was never answered.", "Let us see in a year.",
	}
	marked = []string{
		"> the decision was taken unanimously\n\nIt was **not**: two members left the room before the vote.",
		"Three things are missing here:\n\n- who pays\n- who decides\n- when it will be *finished*",
		"See the [minutes](https://www.example.org/minutes) of the last meeting, page 4.",
		"I would not call that a **plan**. It is a *wish*, and ~~cheap~~ nobody knows what it costs.",
		"1. Repair what there is.\n2. Then build something new.",
		"The file is called `annex-7.pdf`; it is not easy to find.",
	}
	given  = []string{"Anna", "Ben", "Carla", "David", "Elif", "Frank", "Grażyna", "Hugo", "Ines", "Jonas", "Katrin", "Lars", "Maren", "Nadia", "Olaf", "Paula", "Rafael", "Sofie", "Tomáš", "Ulrike", "Viktor", "Wanda", "Yusuf", "Zoë"}
	family = []string{"Albrecht", "Berg", "Costa", "Dupont", "Evans", "Fischer", "Gruber", "Hansen", "Ivanov", "Jansen", "Kaya", "Lindqvist", "Moreau", "Novák", "O'Brien", "Petersen", "Quist", "Rossi", "Schulz", "Tanaka", "Ueda", "Vogel", "Weber", "Young"}
)

// prose makes texts; the same numbers always make the same text.
type prose struct {
	opening []string
	more    []paragraph
}

type paragraph struct {
	source string
	tree   markup.Tree
}

func newProse(seed uint64) *prose {
	r := random(seed)
	p := &prose{opening: make([]string, openings), more: make([]paragraph, paragraphs)}
	for i := range p.opening {
		p.opening[i] = r.short()
	}
	for i := range p.more {
		source := r.long()
		if i%8 == 0 {
			source = r.pick(marked)
		}
		p.more[i] = paragraph{source, markup.Render(source)}
	}
	return p
}

func (r *random) pick(from []string) string { return from[r.below(len(from))] }

// short makes a sentence, or a few words.
func (r *random) short() string {
	if r.below(4) == 0 {
		return r.pick(asides)
	}
	return upper(r.pick(subjects)+" "+r.pick(verbs)) + "."
}

// long makes a longer sentence, and perhaps one more.
func (r *random) long() string {
	s := upper(r.pick(subjects)+" "+r.pick(verbs)+" "+r.pick(links)+" "+r.pick(facts)) + "."
	if r.below(2) == 0 {
		s += " " + r.short()
	}
	return s
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// text makes a comment's source and its tree. Half of all comments are one
// short paragraph; few are long.
func (p *prose) text(r *random) (string, markup.Tree) {
	source := p.opening[r.below(openings)] + " " + p.opening[r.below(openings)]
	tree := markup.Tree{{Tag: "p", Children: []markup.Node{{Text: source}}}}
	for range [...]int{0, 0, 0, 0, 0, 1, 1, 1, 2, 5}[r.below(10)] {
		more := p.more[r.below(paragraphs)]
		source += "\n\n" + more.source
		tree = append(tree, more.tree...)
	}
	return source, tree
}

// Readers write comments without end, for whoever posts them over HTTP.
type Readers struct {
	prose *prose
	seed  uint64
}

// NewReaders makes readers; other seeds write other texts.
func NewReaders(seed uint64) *Readers { return &Readers{newProse(seed), seed} }

// Post is the n-th comment that the readers write. They are some hundreds, so
// most have written before.
func (p *Readers) Post(n int) (name, email, text string) {
	r := of(p.seed, kindText, n)
	text, _ = p.prose.text(r)
	author := r.below(800)
	return of(p.seed, kindAuthor, author).name(), fmt.Sprintf("reader-%d@example.org", author), text
}

func (r *random) name() string { return r.pick(given) + " " + r.pick(family) }

func (r *random) title() string {
	return upper(r.pick(subjects) + " " + r.pick(verbs))
}

// random is the splitmix64 generator: a number of its own for every comment
// gives every comment its own sequence, so that nothing has to be remembered.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.next() >> 33 % uint64(n)) }

// share is a number from 0 to 1.
func (r *random) share() float64 { return float64(r.next()>>11) / (1 << 53) }

// of begins the sequence that belongs to one thing of a kind.
func of(seed uint64, kind, n int) *random {
	r := random(seed ^ uint64(kind)<<56 ^ uint64(n)*0xd1342543de82ef95)
	r.next()
	return &r
}
