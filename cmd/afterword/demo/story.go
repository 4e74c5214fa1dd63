package demo

import (
	"html/template"
	"time"
)

// Article is what a publisher's system knows of one of its pages: Key is the
// id under which the page carries its comments, Path its address on this
// server ("/demo/…").
type Article struct {
	Slug, Key, Title, Path string
}

// story is an article with everything that is printed.
type story struct {
	Article
	Kicker, Standfirst, Byline string
	Picture, Alt, Caption      string
	Prose                      template.HTML // from stories/, written by us
	age                        time.Duration // before the newspaper was opened
}

func stories() []story {
	list := []story{
		{
			Article:    Article{Slug: "last-ferry", Key: ferry, Title: "Last ferry home may leave an hour earlier"},
			Kicker:     "Harbour",
			Standfirst: "A committee voted by five to four to end the 22.40 crossing to Skelding from Monday to Thursday. Islanders say that their evenings would end with it.",
			Byline:     "By the harbour desk",
			Picture:    "ferry.svg",
			Alt:        "A lit ferry leaves the slip at dusk; behind it the island with its lighthouse.",
			Caption:    "The Kittiwake on her way to Skelding. On forty-three evenings last year she had no passengers at all.",
			age:        3*time.Hour + 12*time.Minute,
		},
		{
			Article:    Article{Slug: "tide-gauge", Key: gauge, Title: "The gauge that read four centimetres low"},
			Kicker:     "Science",
			Standfirst: "For thirty years the sea at Merrowick seemed to stand still. A box of receipts and a patient bookkeeper explain why it did not.",
			Byline:     "By the science desk",
			Picture:    "tide-gauge.svg",
			Alt:        "The gauge hut on the mole, cut open: a float hangs in a shaft of sea water and moves a pen in the hut above.",
			Caption:    "How the gauge on the old mole works: the float follows the tide, and the pen follows the float.",
			age:        21*time.Hour + 40*time.Minute,
		},
		{
			Article:    Article{Slug: "library-of-things", Key: library, Title: "The library will now lend you a ladder"},
			Kicker:     "Town",
			Standfirst: "A pump, a sewing machine, an oilskin in your size: from Saturday the branch on Cooper’s Row keeps what nobody needs every day.",
			Byline:     "By the town desk",
			Picture:    "library.svg",
			Alt:        "Shelves with oilskins, a sewing machine, a jam pan, a wheelbarrow, a pump and a long ladder.",
			Caption:    "Shelf marks 601 to 704: the new room behind the newspapers.",
			age:        46 * time.Minute,
		},
	}
	for i := range list {
		s := &list[i]
		s.Path = "/demo/" + s.Slug
		s.Prose = template.HTML(read("stories/" + s.Slug + ".html"))
	}
	return list
}
