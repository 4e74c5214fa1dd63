package moderation_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/afterword-comments/afterword/moderation"
)

// namesTheCourt holds comments on pages about an open trial that name the
// protected witness.
type namesTheCourt struct {
	section string
	name    string
}

func (namesTheCourt) Name() string { return "court" }
func (namesTheCourt) Version() int { return 1 }

func (c namesTheCourt) Examine(_ context.Context, s *moderation.Subject) ([]moderation.Evidence, error) {
	if !strings.Contains(s.Page.URL, c.section) {
		return nil, nil
	}
	folded := moderation.Normalise(s.Text)
	at := strings.Index(folded.String(), c.name)
	if at < 0 {
		return nil, nil
	}
	first := len([]rune(folded.String()[:at]))
	return []moderation.Evidence{{
		Code:     "protected_name",
		Sentence: "Names a witness whom the court protects.",
		Hint:     moderation.HintHold,
		Spans:    []moderation.Span{folded.Span(first, first+len([]rune(c.name)))},
	}}, nil
}

// A check of one's own needs three methods and no registration.
func Example_ownCheck() {
	pipeline := moderation.New(namesTheCourt{section: "/courts/", name: "jane roe"})
	subject := &moderation.Subject{
		Site:  moderation.Site{Mode: moderation.ModeFlagged},
		Page:  moderation.Page{URL: "https://daily.example/courts/trial-opens"},
		Text:  "Everybody knows it was J4ne  Roe.",
		Plain: "Everybody knows it was J4ne Roe.",
	}
	trace := pipeline.Examine(context.Background(), subject)
	verdict := moderation.Decide(subject, trace)
	fmt.Println(verdict.Lane, verdict.Risk)
	for _, e := range trace.Reasons() {
		fmt.Println(e.Check, e.Code, e.Spans, e.Sentence)
	}
	// Output:
	// queue medium
	// court protected_name [{23 32}] Names a witness whom the court protects.
}

func ExampleNormalise() {
	fmt.Println(moderation.Normalise("Ｂuy v1аgrа, f.r.e.e"))
	// Output: buy viagra free
}

func ExampleCompileWords() {
	words, err := moderation.CompileWords([]moderation.Word{
		{ID: "1", List: moderation.ListBanned, Text: "cock"},
		{ID: "2", List: moderation.ListAllowed, Text: "cock robin"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := &moderation.Subject{
		Site: moderation.Site{Mode: moderation.ModeFlagged}, Words: words,
		Text: "Who killed Cock Robin? Not the c.o.c.k.", Plain: "Who killed Cock Robin? Not the c.o.c.k.",
	}
	verdict := moderation.Decide(subject, moderation.New().Examine(context.Background(), subject))
	fmt.Println(verdict.Lane, verdict.Sentence)
	// Output: refuse Contains the banned word “cock”, written “c.o.c.k”.
}
