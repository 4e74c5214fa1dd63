package fill

import (
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/internal/markup"
)

// What readers write is put together from sentences, and those from words: some
// hundreds of words for what readers write of, in frames that anybody would use. So
// two comments have some words in common and hardly ever a sentence, as it is with
// people. What says nearly the same would be a wave of copies, which the service
// treats as one (see moderation.Copies). On average a comment has some 220
// characters.
const markedParagraphs = 4096

// Words and frames: a capital letter in a frame stands for a word of its list.
var (
	words = map[byte][]string{
		'N': strings.Fields(`council mayor ministry railway hospital harbour landlord court museum coach referee university airport bank library
			bridge station tunnel market theatre stadium prison bakery brewery factory farmer fisherman plumber teacher nurse surgeon conductor
			driver cyclist pedestrian tenant voter taxpayer pensioner student apprentice volunteer journalist editor photographer scientist
			engineer architect lawyer judge witness minister senator ambassador chancellor treasurer auditor inspector regulator supplier
			contractor developer investor shareholder insurer union charity parish orchestra choir gallery cinema festival tournament league
			goalkeeper striker sprinter swimmer kitchen garden orchard vineyard forest river reservoir canal lighthouse ferry tram bicycle
			lorry locomotive pavement junction roundabout signpost streetlamp playground nursery cafeteria laundry chimney cellar attic
			balcony staircase elevator parliament committee tribunal embassy customs border passport licence permit invoice receipt pension
			mortgage salary subsidy tariff surcharge discount voucher warranty manual catalogue questionnaire survey statistic forecast
			temperature drought flood blizzard harvest livestock vaccine laboratory pharmacy ambulance firefighter constable detective
			newspaper headline podcast broadcast documentary novel poem portrait sculpture cathedral monastery chapel cemetery`),
		'A': strings.Fields(`local former elderly famous quiet expensive cheap broken honest stubborn curious careless generous ridiculous
			sensible reluctant ambitious modest temporary permanent official private crowded abandoned flooded repainted overdue outdated
			digital wooden rural coastal northern southern eastern western foreign domestic municipal federal regional historic modern
			fragile robust noisy polite rude patient hasty cautious reckless grateful bitter cheerful gloomy surprising predictable
			complicated elegant clumsy transparent secretive independent partial neutral hostile friendly`),
		'V': strings.Fields(`ignored repaired abandoned praised criticised financed cancelled postponed approved rejected discovered forgot
			replaced demolished restored inspected visited described photographed translated misunderstood explained defended attacked
			supported blamed thanked warned invited expelled protected endangered measured counted doubled halved taxed subsidised
			privatised nationalised regulated simplified complicated delayed accelerated opened closed reopened relocated renamed
			advertised boycotted investigated audited published concealed leaked corrected exaggerated underestimated admired`),
		'P': strings.Fields(`Hamburg Toulouse Bologna Gdansk Rotterdam Antwerp Bergen Uppsala Tampere Tartu Vilnius Krakow Brno Graz Zurich Basel
			Geneva Lyon Nantes Bordeaux Bilbao Valencia Porto Coimbra Seville Cork Galway Leeds Dundee Cardiff Bristol Norwich Aarhus Odense
			Malmo Turku Riga Kaunas Lublin Ostrava Linz Trieste Verona Salerno Patras Varna Plovdiv Cluj Szeged Maribor Split`),
		'W': strings.Fields(`yesterday lately recently twice rarely often sometimes officially quietly publicly immediately eventually gradually
			suddenly apparently allegedly obviously curiously deliberately accidentally properly poorly generously reluctantly
			repeatedly annually overnight abroad upstairs nearby`),
		'D': strings.Fields(`Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April August September October
			November December Easter Christmas Whitsun midsummer winter spring autumn`),
	}
	frames = []string{
		"The A N W V the N in P.",
		"On D the N of P has V the A N.",
		"A N V our A N, and the N W V it.",
		"Why was the A N not V by D?",
		"In P a A N W V the N.",
		"I saw a A N in P who V the N W.",
		"No N has V a A N so W.",
		"On D my A N V the N of P.",
		"Has the N of P been V W, or not?",
		"As the N is A, the N has W V it.",
		"By D the A N and the N had V it.",
		"Who V the N of P? The A N did.",
		"The N and the A N are W V in P.",
		"Our N is not A: it was V on D.",
		"If the N is V, the A N of P is too.",
		"Let the A N be V, but not the N of P.",
	}
	asides = []string{
		"I read the whole thing twice.", "Thank you for a fair article.", "Does anyone know more?", "I was there, and it was not like that.",
		"We had this debate ten years ago.", "That is not what the study says.", "Please follow this up.", "Numbers would help.",
		"Funny how quickly that was forgotten.", "It depends on whom you ask.", "My letter was never answered.", "Let us see in a year.",
	}
	marked = []string{ // % is a sentence
		"> %\n\nIt was **not**: %",
		"Two are left out here:\n\n- %\n- *%*",
		"See [page 4](https://www.example.org/minutes): %",
		"% It is a *wish*, and ~~cheap~~ nobody has the sum. %",
		"1. %\n2. %",
		"The file is `annex-7.pdf`. %",
	}
	given  = []string{"Anna", "Ben", "Carla", "David", "Elif", "Frank", "Grażyna", "Hugo", "Ines", "Jonas", "Katrin", "Lars", "Maren", "Nadia", "Olaf", "Paula", "Rafael", "Sofie", "Tomáš", "Ulrike", "Viktor", "Wanda", "Yusuf", "Zoë"}
	family = []string{"Albrecht", "Berg", "Costa", "Dupont", "Evans", "Fischer", "Gruber", "Hansen", "Ivanov", "Jansen", "Kaya", "Lindqvist", "Moreau", "Novák", "O'Brien", "Petersen", "Quist", "Rossi", "Schulz", "Tanaka", "Ueda", "Vogel", "Weber", "Young"}
)

// prose makes texts; the same numbers always make the same text.
type prose struct{ marked []paragraph }

type paragraph struct {
	source string
	tree   markup.Tree
}

func newProse(seed uint64) *prose {
	r := random(seed)
	p := &prose{make([]paragraph, markedParagraphs)}
	for i := range p.marked {
		source := r.marked()
		p.marked[i] = paragraph{source, markup.Render(source)}
	}
	return p
}

// paragraph makes one more paragraph of a comment: in one of eight, some markup.
func (p *prose) paragraph(r *random) paragraph {
	if r.below(8) == 0 {
		return p.marked[r.below(markedParagraphs)]
	}
	return plain(r.long())
}

func plain(source string) paragraph {
	return paragraph{source, markup.Tree{{Tag: "p", Children: []markup.Node{{Text: source}}}}}
}

func (r *random) pick(from []string) string { return from[r.below(len(from))] }

// short makes a sentence.
func (r *random) short() string {
	var b strings.Builder
	frame := r.pick(frames)
	for i := range len(frame) {
		alone := (i == 0 || frame[i-1] == ' ') && (i+1 == len(frame) || !isLetter(frame[i+1]))
		if list := words[frame[i]]; alone && list != nil && (frame[i] != 'A' || i > 0) {
			b.WriteString(r.pick(list))
		} else {
			b.WriteByte(frame[i])
		}
	}
	return b.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// long makes two or three sentences.
func (r *random) long() string {
	s := r.short() + " " + r.short()
	if r.below(3) == 0 {
		s += " " + r.pick(asides)
	}
	return s
}

// marked makes a paragraph with markup.
func (r *random) marked() string {
	var b strings.Builder
	for i, part := range strings.Split(r.pick(marked), "%") {
		if i > 0 {
			b.WriteString(r.short())
		}
		b.WriteString(part)
	}
	return b.String()
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// text makes a comment's source and its tree. Half of all comments are one
// short paragraph; few are long.
func (p *prose) text(r *random) (string, markup.Tree) {
	all := plain(r.short() + " " + r.short())
	for range [...]int{0, 0, 0, 0, 0, 0, 1, 1, 2, 3}[r.below(10)] {
		more := p.paragraph(r)
		all.source += "\n\n" + more.source
		all.tree = append(all.tree, more.tree...)
	}
	return all.source, all.tree
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
	return upper(r.pick(words['A']) + " " + r.pick(words['N']) + " " + r.pick(words['V']) + " " + r.pick(words['N']))
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
