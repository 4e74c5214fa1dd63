package comment

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// statementVersion is the shape of the statements that are made now.
const statementVersion = 1

// Statement is the statement of reasons that the author of a comment is given. It
// is stored with the decision as it was given, with all that it refers to.
type Statement struct {
	Version    int              `json:"version"`
	Message    string           `json:"message"`
	Reason     string           `json:"reason"` // "" = none
	Clause     *StatementClause `json:"clause"`
	Facts      StatementFacts   `json:"facts"`
	Automation Automation       `json:"automation"`
	// AppealUntil is until when the decision can be appealed; null = it cannot.
	AppealUntil *string `json:"appeal_until"`
}

// StatementClause is a house rule as it was when somebody decided by it.
type StatementClause struct {
	ID       string `json:"id"`
	Number   string `json:"number"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Language string `json:"language"`
}

// StatementFacts are what was decided about.
type StatementFacts struct {
	Action    Action `json:"action"`
	Revision  int    `json:"revision"`
	PostedAt  string `json:"posted_at"`
	DecidedAt string `json:"decided_at"`
	WasPublic bool   `json:"was_public"`
	PageURL   string `json:"page_url"`
	PageTitle string `json:"page_title"`
}

// Automation says what part the checks had.
type Automation struct {
	Detected bool     `json:"detected"` // a check spoke against the comment
	Decided  bool     `json:"decided"`  // no person decided
	Checks   []string `json:"checks"`   // that spoke against it
}

// Told is a statement with the state of its appeal.
type Told struct {
	Statement
	Appeal *AppealState `json:"appeal"` // null = it cannot be appealed
}

// AppealState is what the author can do, or has done, about a decision.
type AppealState struct {
	Path      string  `json:"path"`  // of the page for it, from the service's own address on
	State     string  `json:"state"` // none, open, upheld or overturned
	Until     string  `json:"until"`
	MadeAt    *string `json:"made_at"`
	DecidedAt *string `json:"decided_at"`
	Answer    string  `json:"answer"` // "" = none
}

// restricts reports whether an action takes something from the author that a
// statement can be about.
func (a Action) restricts() bool { return a == Reject || a == MarkSpam || a == Delete }

// statementOf makes the statement of a decision, in the words of a template.
func (ch *change) statementOf(d Decision, rev Revision, clause Clause, template string) (string, error) {
	rules, err := ch.ruled()
	if err != nil {
		return "", err
	}
	c, site := ch.c, rules.Site
	w := wording{site: site, page: ch.page, author: c.AuthorName, text: rev.Tree.Plain(), clause: clause, d: d}
	if template == "" {
		template = rules.house.template(clause.ID, d.Reason, site.Options.Language)
	}
	st := Statement{
		Version: statementVersion, Message: fill(template, w.values()), Reason: d.Reason,
		Facts: StatementFacts{
			Action: d.Action, Revision: d.Revision, PostedAt: Timestamp(c.CreatedAt), DecidedAt: Timestamp(d.At),
			WasPublic: c.Public > 0, PageURL: ch.page.URL, PageTitle: ch.page.Title,
		},
		Automation:  automationOf(rev.Trace, d.Actor),
		AppealUntil: OptionalTime(appealUntil(site.Options, d.EffectiveAt)),
	}
	if clause.ID != "" {
		st.Clause = &StatementClause{clause.ID, clause.Number, clause.Title, clause.Text, clause.Language}
	}
	text, err := JSON(st)
	return string(text), err
}

func automationOf(trace moderation.Trace, by Actor) Automation {
	a := Automation{Decided: by.Kind != ActorModerator, Checks: []string{}}
	for _, e := range trace.Reasons() {
		if e.Hint != moderation.HintApprove && !e.Policy() && !slices.Contains(a.Checks, e.Check) {
			a.Checks = append(a.Checks, e.Check)
		}
	}
	a.Detected = len(a.Checks) > 0
	return a
}

// appealUntil is until when a decision can be appealed, zero for not at all.
func appealUntil(o Options, effective time.Time) time.Time {
	if o.AppealWindow == 0 {
		return time.Time{}
	}
	return effective.Add(o.AppealWindow)
}

// told is what the author of a comment is told of a decision, nil for nothing.
func (s *Service) told(d Decision, a *Appeal) (*Told, error) {
	if d.Statement == "" {
		return nil, nil
	}
	var t Told
	if err := json.Unmarshal([]byte(d.Statement), &t.Statement); err != nil {
		return nil, err
	}
	if t.AppealUntil == nil {
		return &t, nil
	}
	t.Appeal = &AppealState{Path: "/appeal/" + s.appealToken(d), State: "none", Until: *t.AppealUntil}
	if a != nil {
		t.Appeal.State, t.Appeal.MadeAt = string(a.State), OptionalTime(a.CreatedAt)
		t.Appeal.DecidedAt, t.Appeal.Answer = OptionalTime(a.DecidedAt), a.Answer
	}
	return &t, nil
}

// standingDecision is the newest decision on a comment that has taken effect, if
// it is what keeps the comment from being shown.
func standingDecision(r Reader, c Comment) (Decision, bool, error) {
	all, err := r.Decisions(c.Site, c.ID)
	for _, d := range all {
		if d.State == DecisionDone {
			return d, c.Public == 0 && d.To == c.InForce && d.Action.restricts(), err
		}
	}
	return Decision{}, false, err
}

// toldOf adds to a comment what its author is told of the decision that stands.
func (s *Service) toldOf(r Reader, out *Submitted) error {
	c := out.Comment
	if !slices.Contains([]Status{Rejected, Spam, Deleted}, c.InForce) {
		return nil
	}
	d, stands, err := standingDecision(r, c)
	if err != nil || !stands {
		return err
	}
	a, err := r.AppealOf(d.Site, d.CommentID, d.ID)
	if err != nil && !fault.Is(err, "not_found") {
		return err
	}
	made := &a
	if err != nil {
		made = nil
	}
	out.Statement, err = s.told(d, made)
	if out.Statement != nil && c.InForce == Spam {
		out.Told = Rejected
	}
	return err
}

func (s *Service) appealToken(d Decision) string {
	return s.Ring.Sign("appeal", strings.Join([]string{d.Site, d.CommentID, d.ID}, "|"))
}
