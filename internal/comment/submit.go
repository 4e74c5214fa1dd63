package comment

import (
	"context"
	"errors"
	"net/mail"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
)

// Limits of what a reader may send. Texts are counted in code points and in
// bytes, whichever is reached first.
const (
	maxTextBytes  = 20 << 10
	maxNameRunes  = 60
	maxNameBytes  = 240
	maxEmailBytes = 254
	maxTitleRunes = 300
)

// Submission is a new comment as a reader sends it.
type Submission struct {
	Site     string
	Page     PageRef
	ParentID string
	Token    string // of an earlier comment of the same author, "" = none
	Name     string
	Email    string
	Text     string
	Form     moderation.Form
	Client   Client
	Once     Once
}

// PageRef is a page as the widget names it. Key may be empty: then the
// normalised address is the key.
type PageRef struct {
	Key   string
	URL   string
	Title string
}

// Submitted is a comment as its author gets it back.
type Submitted struct {
	Comment   Comment
	Revision  Revision
	Told      Status // that the author is told
	EditToken string
	EditUntil time.Time
	Statement *Told // of the decision that keeps it from being shown, nil for none
}

// View is the comment as its author may see it: the newest revision.
func (s Submitted) View(body Body) View {
	v := show(s.Comment, s.Revision, body)
	v.Status = s.Told
	return v
}

// Submit takes a new comment: it is rendered, examined by every check, given a
// lane and stored with its evidence and its events. Whatever the lane, it is
// stored; the author gets it back with a token for editing.
func (s *Service) Submit(ctx context.Context, sub Submission) (out Submitted, err error) {
	if err := s.Store.Room(); err != nil {
		return out, err
	}
	at := s.Now()
	d, joined := draft{at: at, id: s.NewID()}, []string(nil)
	if d.source, err = cleanText(sub.Text); err != nil {
		return out, err
	}
	sub.Once = sub.Once.of(s, sub.Client)
	defer func() {
		if err != nil {
			s.Copies.Forget(d.id)
			return
		}
		s.Copies.Adopted(joined)
	}()
	if err := s.prepare(ctx, &d, sub); err != nil {
		return out, s.confirmed(ctx, sub.Once, at, s.countTurnedAway(ctx, &d, sub, err))
	}
	ask := func(r Reader) {
		_ = s.begin(r, sub.Once, at)
		_, _ = r.PageByKey(sub.Site, d.page.Key)
		if d.answered != "" {
			_, _ = r.Comment(sub.Site, d.answered)
		}
		for _, id := range d.exam.Copies.Adopt {
			_, _ = r.Comment(sub.Site, id)
		}
	}
	err = s.Store.WriteAfter(ctx, Sites{sub.Site}, ask, func(tx Tx) (err error) {
		if err := s.begin(tx, sub.Once, at); err != nil {
			return err
		}
		if out, err = s.insert(tx, d, sub); err != nil {
			return err
		}
		if joined, err = s.join(tx, sub.Site, d.exam.Copies, at); err != nil {
			return err
		}
		return s.keep(tx, sub.Once, at, out)
	})
	if err == nil {
		s.wakeOutside(d.rev)
	}
	return out, s.confirmed(ctx, sub.Once, at, err)
}

// draft is a comment on its way into the store.
type draft struct {
	at   time.Time
	id   string
	site Site
	page Page
	// answered is the comment that the reader answers; parent is where the
	// answer is put, which lies higher up where the thread may go no deeper.
	answered string
	parent   Comment
	author   Author
	stranger bool    // the author is new here
	blocks   []Block // that the author has met
	source   string
	rev      Revision
	verdict  moderation.Verdict
	exam     exam // that the verdict is on
	salt     []byte
}

// prepare does everything that needs no transaction: shapes, the site's own
// rules, rendering and examination. A request that has been answered is
// answered first, whatever the rules say by now.
func (s *Service) prepare(ctx context.Context, d *draft, sub Submission) (err error) {
	if d.salt, err = s.salt(ctx, d.at); err != nil {
		return err
	}
	held, err := s.rulesOf(ctx, sub.Site)
	if err != nil {
		return err
	}
	d.site = held.Site
	d.exam = newExam(held, moderation.Subject{Text: d.source, Revision: 1, Reply: sub.ParentID != "", Form: sub.Form, Now: d.at})
	ask := func(r Reader) { s.foresee(r, *d, sub) }
	err = s.Store.ViewAfter(ctx, ask, func(r Reader) error {
		if err := s.begin(r, sub.Once, d.at); err != nil {
			return err
		}
		if err := s.placeDraft(r, d, sub); err != nil {
			return err
		}
		if d.author, err = s.author(r, held, d, sub); err != nil {
			return err
		}
		if err := s.afford(r, d, sub.Client); err != nil {
			return err
		}
		if d.blocks, err = s.admit(held, d.author, sub.Client, d.at); err != nil {
			return err
		}
		d.exam.Blocks = subjectBlocks(d.blocks)
		return s.complete(r, &d.exam, d.page, d.author)
	})
	if err != nil {
		return err
	}
	if err := checkLength(d.source, d.site.Options); err != nil {
		return err
	}
	d.exam.by = asker{d.id, d.parent.ID, d.author.Email, sub.Client}
	d.rev, d.verdict, err = s.examine(ctx, &d.exam)
	return err
}

// foresee asks what prepare will ask, if all is as usual.
func (s *Service) foresee(r Reader, d draft, sub Submission) {
	_ = s.begin(r, sub.Once, d.at)
	_ = s.placeDraft(r, &d, sub)
	d.author, _ = s.author(r, d.exam.rules, &d, sub)
	_ = s.afford(r, &d, sub.Client)
	_, _ = hostsOf(r, d.site.Key, d.exam.Links)
}

// cleanText gives a reader's text in the form that is stored.
func cleanText(text string) (string, error) {
	if len(text) > maxTextBytes {
		return "", fault.Input("text", "too_long", "The comment is longer than 20 KiB.")
	}
	clean, err := markup.Clean(text)
	switch {
	case errors.Is(err, markup.ErrBlank):
		return "", fault.Input("text", "blank", "Write something first.")
	case errors.Is(err, markup.ErrInvalidUTF8):
		return "", fault.Input("text", "invalid_utf8", "The text is not valid UTF-8.")
	case err != nil:
		return "", fault.Input("text", "control_character", "The text contains a control character.")
	}
	return clean, nil
}

func checkLength(text string, o Options) error {
	if utf8.RuneCountInString(text) > o.MaxLength {
		return fault.Input("text", "too_long", "The comment is longer than this site allows.")
	}
	return nil
}

// cleanName gives an author's name in the form that is stored.
func cleanName(name string) (string, error) {
	clean, err := markup.CleanLine(name)
	switch {
	case errors.Is(err, markup.ErrBlank):
		return "", fault.Input("author.name", "blank", "Give a name.")
	case err != nil:
		return "", fault.Input("author.name", "invalid", "The name contains characters that cannot be shown.")
	case len(clean) > maxNameBytes || utf8.RuneCountInString(clean) > maxNameRunes:
		return "", fault.Input("author.name", "too_long", "The name is longer than 60 characters.")
	}
	return clean, nil
}

func cleanEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if email == "" {
		return "", nil
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > maxEmailBytes || !utf8.ValidString(email) || strings.ContainsAny(email, "\"<>() ,;:\\\x00") {
		return "", fault.Input("author.email", "invalid", "That is not an e-mail address.")
	}
	return email, nil
}

// author finds or makes the author of a draft. Anybody can give anybody's name
// and e-mail address, so a guest is who gives the same ones from the same network
// on the same day, or shows the edit token of an earlier comment: standing that
// was earned is not for others to use.
func (s *Service) author(r Reader, site *rules, d *draft, sub Submission) (Author, error) {
	if !d.site.Options.Guests {
		return Author{}, fault.New(fault.Forbidden, "sign_in_required", "This site takes comments of signed-in readers only.")
	}
	name, err := cleanName(sub.Name)
	if err != nil {
		return Author{}, err
	}
	if err := site.checkName(name); err != nil {
		return Author{}, err
	}
	email, err := cleanEmail(sub.Email)
	if err != nil {
		return Author{}, err
	}
	known, err := s.returning(r, sub, name, email)
	if !fault.Is(err, "not_found") {
		return known, err
	}
	id := s.digest("guest", d.site.Key, name, email, string(d.salt), Network(sub.Client.IP))
	if known, err = r.Author(d.site.Key, id); !fault.Is(err, "not_found") {
		return known, err
	}
	d.stranger = true
	return Author{Site: d.site.Key, ID: id, Kind: KindGuest, Name: name, Email: email, FirstSeen: d.at}, nil
}

// returning is the author of the comment whose edit token came along, if they
// go by the same name and address still. A token that tells nothing (of an older
// key, of a comment that is gone) is as good as none: it must not keep anybody
// from posting.
func (s *Service) returning(r Reader, sub Submission, name, email string) (Author, error) {
	payload, err := s.Ring.Open("edit token", sub.Token)
	site, id, _ := strings.Cut(payload, "|")
	if sub.Token == "" || err != nil || site != sub.Site {
		return Author{}, fault.Missing()
	}
	c, err := r.Comment(site, id)
	if err != nil {
		return Author{}, err
	}
	a, err := r.Author(site, c.AuthorID)
	if err == nil && (a.Kind != KindGuest || a.Name != name || a.Email != email || s.Now().Sub(c.CreatedAt) > ownLife) {
		err = fault.Missing()
	}
	return a, err
}

// Network is the part of an address that is compared and counted: all of an
// IPv4 address, the /64 of an IPv6 one.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap()
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64)
	return p.String()
}

// insert writes a prepared comment.
func (s *Service) insert(tx Tx, d draft, sub Submission) (out Submitted, err error) {
	if err := s.spend(tx, &d, sub.Client); err != nil {
		return out, err
	}
	if err := s.openPage(tx, &d); err != nil {
		return out, err
	}
	if err := s.hit(tx, d.blocks, d.at); err != nil {
		return out, err
	}
	if d.stranger {
		if err := tx.PutAuthor(d.author); err != nil {
			return out, err
		}
	}
	c := Comment{
		Site: d.site.Key, ID: d.id, Group: d.exam.Copies.ID, PageID: d.page.ID, ParentID: d.parent.ID,
		AuthorID: d.author.ID, AuthorName: d.author.Name, AuthorKind: d.author.Kind,
		Status: Pending, InForce: Pending, Revision: 1, Version: 1,
		Risk: string(d.verdict.Risk), CreatedAt: d.at, Text: d.rev,
	}
	if c.ParentID != "" {
		c.Depth = d.parent.Depth + 1
	}
	d.rev.CommentID = c.ID
	ch := &change{s: s, tx: tx, at: d.at, page: d.page, c: &c, rules: d.exam.rules}
	if err := ch.coverRevision(d.rev); err != nil {
		return out, err
	}
	author := Actor{Kind: ActorAuthor, ID: d.author.ID, Name: d.author.Name}
	if err := ch.record(act{rev: d.rev, event: CommentCreated, actor: author, reasons: d.rev.Trace.Reasons()}, ""); err != nil {
		return out, err
	}
	if err := tx.InsertComment(c); err != nil { // with its first event counted: most are not changed further
		return out, err
	}
	if err := tx.InsertRevision(d.rev); err != nil {
		return out, err
	}
	if err := tx.CountStatus(c.Site, Pending, 1); err != nil {
		return out, err
	}
	if err := seeHosts(tx, &d.exam.Subject, d.at); err != nil {
		return out, err
	}
	if err := ch.notify(d.rev, d.rev.Trace); err != nil {
		return out, err
	}
	if err := ch.lane(d.rev, d.verdict, true); err != nil {
		return out, err
	}
	if c.Status != Pending {
		if err := ch.save(); err != nil {
			return out, err
		}
	}
	return s.submitted(c, d.rev, d.site), nil
}

// automatic does what the lane says. A decision without a moderator is a
// decision all the same, with its reasons.
func (ch *change) automatic(rev Revision, v moderation.Verdict) error {
	action, ok := map[moderation.Lane]Action{
		moderation.LanePublish: Approve, moderation.LaneSpam: MarkSpam, moderation.LaneRefuse: Reject,
	}[v.Lane]
	if !ok {
		return nil
	}
	actor := automaton(rev.Trace)
	d := Decision{
		Site: ch.c.Site, ID: ch.s.NewID(), CommentID: ch.c.ID, Revision: rev.N, Action: action,
		From: ch.c.Status, To: outcomes[action].Status, Note: v.Sentence, Actor: actor,
		At: ch.at, EffectiveAt: ch.at, State: DecisionDone,
	}
	told, err := ch.tellOf(&d, rev)
	if err != nil {
		return err
	}
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	if err := ch.decide(d.To); err != nil {
		return err
	}
	if err := ch.draw(d); err != nil {
		return err
	}
	return ch.turn(act{rev: rev, to: d.To, event: outcomes[action].Event, actor: actor, reasons: rev.Trace.Reasons(), told: told})
}

// tellOf makes the statement of a rejection by the checks. That a comment was taken
// for spam its author is not told.
func (ch *change) tellOf(d *Decision, rev Revision) (*Told, error) {
	if d.Action != Reject {
		return nil, nil
	}
	var err error
	if d.Statement, err = ch.statementOf(*d, rev, Clause{}, ""); err != nil {
		return nil, err
	}
	return ch.s.told(*d, nil)
}

func (s *Service) submitted(c Comment, rev Revision, site Site) Submitted {
	return Submitted{Comment: c, Revision: rev, Told: toldAuthor(c, rev, site.Options), EditToken: s.editToken(c), EditUntil: c.CreatedAt.Add(site.Options.EditWindow)}
}
