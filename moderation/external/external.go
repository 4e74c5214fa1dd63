// Package external puts comments to checks that run elsewhere: a newsroom's own
// program (signed HTTP), Akismet, score services of Perspective's shape,
// OpenAI-compatible moderation and chat services, and phases made for Coral. It
// hides what each of them is asked and how its answer is read. An answer becomes
// evidence; a call that fails is an error and never more than "no opinion".
//
// Whoever uses it hands in the *http.Client, and with it says which addresses
// may be called.
package external

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// Question is one revision of a comment as it is put to a check.
type Question struct {
	ID        string // of the question: a callback shows it, and each try carries it
	CommentID string
	ParentID  string // "" = it answers no other
	Subject   *moderation.Subject
	HTML      string // the text as readers see it
	Callback  string // path at which a later answer is taken; "" = there can be none
	Again     bool   // asked before, about an earlier revision or without an answer

	// What goes out only where the site's owner has said so.
	Email, IP, Agent string
}

// Opinion is what a check said.
type Opinion struct {
	Evidence []moderation.Evidence
	Later    time.Duration // over 0: the answer will come by callback within that time
}

// Lesson is what a person has decided of a comment that a check was asked about.
type Lesson struct {
	Status  string // "approved", "rejected" or "spam"
	Flagged bool   // the check had spoken against it
}

// Config is what a check is told by those who set it up. New says what is wrong
// with one.
type Config struct {
	Kind     string
	Name     string            // for people; evidence carries it
	URL      string            // "" = the kind's own, where it has one
	Secret   string            // signing secret or API key
	Settings map[string]string // by kind; what is not given is as usual
	Most     moderation.Hint   // the strongest hint that an answer may carry
}

// Problem is what is wrong with a Config: the field, and a sentence for people.
type Problem struct{ Field, Detail string }

// Error is the sentence.
func (p *Problem) Error() string { return p.Detail }

// Check is one check that runs elsewhere. It is safe for use by many goroutines.
type Check struct {
	Config
	http     *http.Client
	kind     kind
	settings map[string]string // complete
	limits   []limit           // of those that score
	memory   *memory           // of those whose answers are worth keeping
}

// kind is one sort of service.
type kind struct {
	url      string // its usual address, "" = it has to be given
	secret   secretKind
	hint     moderation.Hint // Config.Most where it is not given
	cap      moderation.Hint // beyond which it may not be given
	settings []setting
	sends    []string // what goes out, for people
	personal bool     // can be told e-mail and network addresses
	teaches  bool     // learns from what people decide
	request  func(*Check, Question) (call, error)
	read     func(*Check, Question, reply) (Opinion, error)
	teach    func(*Check, Question, Lesson) (call, bool)
}

type secretKind int

const (
	keyOptional secretKind = iota
	keyRequired
	signing // made here where it is not given
)

// namedKind is a kind under the name that it goes by.
type namedKind struct {
	name string
	make func() kind
}

// kinds are all there are.
func kinds() []namedKind {
	return []namedKind{
		{"http", signedHTTP}, {"akismet", akismet}, {"perspective", perspective}, {"openai", openAI}, {"chat", chat}, {"coral", coral},
	}
}

// kindOf gives a kind by its name.
func kindOf(name string) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k namedKind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return all[i].make(), true
}

// CheckKind reports whether there is a kind of check by a name. The error is a
// *Problem that names them all.
func CheckKind(name string) error {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	if slices.Contains(names, name) {
		return nil
	}
	last := len(names) - 1
	return &Problem{"kind", "The kind is " + strings.Join(names[:last], ", ") + " or " + names[last] + "."}
}

// hints are those that an answer may carry, from weak to strong. That a comment
// need not wait is for people to say, so approve is not among them.
func hints() []moderation.Hint {
	return []moderation.Hint{moderation.HintNone, moderation.HintHold, moderation.HintReview, moderation.HintSpam, moderation.HintReject}
}

// New makes a check. Its error is a *Problem.
func New(c Config, client *http.Client) (*Check, error) {
	if err := CheckKind(c.Kind); err != nil {
		return nil, err
	}
	k, _ := kindOf(c.Kind)
	if c.URL == "" {
		c.URL = k.url
	}
	if c.Most == "" {
		c.Most = k.hint
	}
	check := &Check{Config: c, http: client, kind: k}
	switch most := slices.Index(hints(), c.Most); {
	case c.URL == "":
		return nil, &Problem{"url", "Give the address of the service."}
	case k.secret == keyRequired && c.Secret == "":
		return nil, &Problem{"secret", "This service needs a key."}
	case most < 1:
		return nil, &Problem{"most", "What an answer may do at most is hold, review, spam or reject."}
	case k.cap != "" && most > slices.Index(hints(), k.cap):
		return nil, &Problem{"most", "An answer of this kind of service may do at most " + string(k.cap) + "."}
	}
	if p := check.read(); p != nil {
		return nil, p
	}
	return check, nil
}

// NeedsSecret reports whether checks of a kind sign with a secret that is made
// here where none is given.
func NeedsSecret(kindName string) bool {
	k, _ := kindOf(kindName)
	return k.secret == signing
}

// Usual gives the address and the strongest hint that a kind has where none is
// given.
func Usual(kindName string) (url string, most moderation.Hint) {
	k, _ := kindOf(kindName)
	return k.url, k.hint
}

// Personal reports whether checks of a kind can be told e-mail and network
// addresses at all.
func Personal(kindName string) bool {
	k, _ := kindOf(kindName)
	return k.personal
}

// Sends says for people what goes out with each question, save what the owner
// adds.
func Sends(kindName string) []string {
	k, _ := kindOf(kindName)
	return k.sends
}

// Settings gives all settings of the check, also those that were left as usual.
func (c *Check) Settings() map[string]string { return c.settings }

// Teaches reports whether the check wants to hear what people decide.
func (c *Check) Teaches() bool {
	return c.kind.teaches && c.settings["feedback"] != "off"
}

// Ask puts a question to the check. An error is a *Failure and means that the
// check has no opinion.
func (c *Check) Ask(ctx context.Context, q Question) (Opinion, error) {
	if known, ok := c.memory.recall(c, q); ok {
		return known, nil
	}
	opinion, _, err := c.Try(ctx, q)
	if err == nil {
		c.memory.keep(c, q, opinion)
	}
	return opinion, err
}

// Try is Ask, and shows what went over the line, without secrets.
func (c *Check) Try(ctx context.Context, q Question) (Opinion, Exchange, error) {
	out, err := c.kind.request(c, q)
	if err != nil {
		return Opinion{}, Exchange{}, err
	}
	in, shown, err := c.call(ctx, out)
	if err != nil {
		return Opinion{}, shown, err
	}
	opinion, err := c.kind.read(c, q, in)
	if err != nil {
		return Opinion{}, shown, err
	}
	opinion.Evidence = c.tidy(opinion.Evidence)
	return opinion, shown, nil
}

// Teach tells the check what a person decided; nothing where it would learn
// nothing from it.
func (c *Check) Teach(ctx context.Context, q Question, l Lesson) error {
	if !c.Teaches() {
		return nil
	}
	out, ok := c.kind.teach(c, q, l)
	if !ok {
		return nil
	}
	_, _, err := c.call(ctx, out)
	return err
}

// Learns reports whether the check would be told of a decision.
func (c *Check) Learns(l Lesson) bool {
	if !c.Teaches() {
		return false
	}
	_, ok := c.kind.teach(c, Question{Subject: &moderation.Subject{}}, l)
	return ok
}
