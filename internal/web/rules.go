package web

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// RuleView is a rule as the API shows it.
type RuleView struct {
	ID        string               `json:"id"`
	Version   int                  `json:"version"`
	Name      string               `json:"name"`
	When      string               `json:"when"`
	Form      *moderation.RuleForm `json:"form"` // the condition as a form, null where it has another shape
	Action    moderation.Hint      `json:"action"`
	Reason    string               `json:"reason"`
	Tag       string               `json:"tag"`
	Notify    bool                 `json:"notify"`
	Priority  int                  `json:"priority"`
	Mode      moderation.RuleMode  `json:"mode"`
	ExpiresAt *string              `json:"expires_at"`
	Owner     string               `json:"owner"`
	Override  string               `json:"override_reason"`
	CreatedAt string               `json:"created_at"`
	ChangedAt string               `json:"changed_at"`
	Precision comment.Precision    `json:"precision"`
}

// ShowRule makes the view of a rule.
func ShowRule(r comment.Rule, precise map[string]comment.Precision) RuleView {
	v := RuleView{
		r.ID, r.Version, r.Name, r.When, nil, r.Action, r.Reason, r.Tag, r.Notify, r.Priority, r.Mode,
		comment.OptionalTime(r.Expires), r.Owner, r.Override, comment.Timestamp(r.CreatedAt), comment.Timestamp(r.ChangedAt), precise[r.ID],
	}
	if form, ok := moderation.FormOf(r.When); ok {
		v.Form = &form
	}
	return v
}

// RuleInput is what may be said of a rule; without null only what is to change.
type RuleInput struct {
	Name      *string              `json:"name"`
	When      *string              `json:"when"`
	Form      *moderation.RuleForm `json:"form,omitempty"`
	Action    *moderation.Hint     `json:"action"`
	Reason    *string              `json:"reason"`
	Tag       *string              `json:"tag"`
	Notify    *bool                `json:"notify"`
	Priority  *int                 `json:"priority"`
	Mode      *moderation.RuleMode `json:"mode"`
	ExpiresAt *string              `json:"expires_at"` // "" = never
	Owner     *string              `json:"owner"`

	Override       bool   `json:"override,omitempty"`
	OverrideReason string `json:"override_reason,omitempty"`
}

// Change is what the input asks for.
func (in RuleInput) Change() (comment.RuleChange, error) {
	c := comment.RuleChange{
		Name: in.Name, When: in.When, Form: in.Form, Action: in.Action, Reason: in.Reason, Tag: in.Tag, Notify: in.Notify, Priority: in.Priority,
		Mode: in.Mode, Owner: in.Owner, Override: in.Override, OverrideReason: in.OverrideReason,
	}
	if in.ExpiresAt == nil {
		return c, nil
	}
	at, err := comment.ParseTime("expires_at", *in.ExpiresAt)
	c.Expires = &at
	return c, err
}

// ExportRule is a rule as it can be taken over elsewhere.
func ExportRule(r comment.Rule) RuleInput {
	end := ""
	if at := comment.OptionalTime(r.Expires); at != nil {
		end = *at
	}
	return RuleInput{
		Name: &r.Name, When: &r.When, Action: &r.Action, Reason: &r.Reason, Tag: &r.Tag, Notify: &r.Notify,
		Priority: &r.Priority, Mode: &r.Mode, ExpiresAt: &end, Owner: &r.Owner,
	}
}

func (s *Server) rules(c *fiber.Ctx) error {
	all, err := s.Comments.RulesOf(c.UserContext(), param(c, "site"))
	if err != nil {
		return err
	}
	precise, err := s.Comments.RulePrecision(c.UserContext(), all)
	if err != nil {
		return err
	}
	return shortList[comment.Rule, RuleView]{
		name: "rules", of: param(c, "site"), all: all,
		key:  func(r comment.Rule) string { return fmt.Sprintf("%04d %s\x00%s", r.Priority, r.Name, r.ID) },
		show: func(r comment.Rule) RuleView { return ShowRule(r, precise) },
	}.send(s, c)
}

func (s *Server) rule(c *fiber.Ctx) error {
	r, versions, err := s.Comments.RuleOf(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	view, err := s.viewOfRule(c, r)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, RuleDetail{view, showVersions(versions)})
}

// RuleDetail is a rule with what it was before.
type RuleDetail struct {
	RuleView
	Versions []RuleVersionView `json:"versions"`
}

// RuleVersionView is a rule as it was.
type RuleVersionView struct {
	Version  int                 `json:"version"`
	Name     string              `json:"name"`
	When     string              `json:"when"`
	Action   moderation.Hint     `json:"action"`
	Mode     moderation.RuleMode `json:"mode"`
	Priority int                 `json:"priority"`
	Reason   string              `json:"reason"`
	By       comment.ActorView   `json:"by"`
	At       string              `json:"at"`
}

func showVersions(list []comment.RuleVersion) []RuleVersionView {
	out := make([]RuleVersionView, len(list))
	for i, v := range list {
		out[i] = RuleVersionView{
			v.Version, v.Rule.Name, v.Rule.When, v.Rule.Action, v.Rule.Mode, v.Rule.Priority, v.Rule.Reason,
			comment.ActorView{Kind: v.By.Kind, Name: v.By.Name}, comment.Timestamp(v.At),
		}
	}
	return out
}

func (s *Server) viewOfRule(c *fiber.Ctx, r comment.Rule) (RuleView, error) {
	precise, err := s.Comments.RulePrecision(c.UserContext(), []comment.Rule{r})
	return ShowRule(r, precise), err
}

func (s *Server) addRule(c *fiber.Ctx) error {
	in, err := decode[RuleInput](c)
	if err != nil {
		return err
	}
	change, err := in.Change()
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		r, err := s.Comments.AddRule(c.UserContext(), param(c, "site"), change, actor(c))
		return ShowRule(r, nil), err
	})
}

func (s *Server) changeRule(c *fiber.Ctx) error {
	in, err := decode[RuleInput](c)
	if err != nil {
		return err
	}
	change, err := in.Change()
	if err != nil {
		return err
	}
	r, err := s.Comments.ChangeRule(c.UserContext(), param(c, "site"), param(c, "id"), change, actor(c))
	if err != nil {
		return err
	}
	view, err := s.viewOfRule(c, r)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, view)
}

func (s *Server) removeRule(c *fiber.Ctx) error {
	return done(c, s.Comments.RemoveRule(c.UserContext(), param(c, "site"), param(c, "id"), actor(c)))
}

func (s *Server) orderRules(c *fiber.Ctx) error {
	in, err := decode[struct {
		IDs []string `json:"ids" validate:"required,max=200"`
	}](c)
	if err != nil {
		return err
	}
	if err := s.Comments.OrderRules(c.UserContext(), param(c, "site"), in.IDs, actor(c)); err != nil {
		return err
	}
	return s.rules(c)
}

// RuleCheck is what can be said of a condition before it is tried.
type RuleCheck struct {
	When  string               `json:"when"`
	Form  *moderation.RuleForm `json:"form"`
	Facts []string             `json:"facts"` // that it asks for
}

// checkRule reads a condition as it is being written.
func (s *Server) checkRule(c *fiber.Ctx) error {
	in, err := decode[struct {
		When string               `json:"when"`
		Form *moderation.RuleForm `json:"form"`
	}](c)
	if err != nil {
		return err
	}
	if _, err := s.Comments.SiteOf(c.UserContext(), param(c, "site")); err != nil {
		return err
	}
	out, err := CheckWhen(in.When, in.Form)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// CheckWhen reads a condition that is given as text or as a form.
func CheckWhen(when string, form *moderation.RuleForm) (RuleCheck, error) {
	when, facts, err := comment.CheckWhen(when, form)
	if err != nil {
		return RuleCheck{}, err
	}
	out := RuleCheck{When: when, Facts: facts}
	if form, ok := moderation.FormOf(when); ok {
		out.Form = &form
	}
	return out, nil
}

func (s *Server) rehearseRule(c *fiber.Ctx) error {
	in, err := decode[struct {
		ID       string               `json:"id"` // of the rule that is changed, if it is one
		Name     string               `json:"name"`
		When     string               `json:"when"`
		Form     *moderation.RuleForm `json:"form"`
		Action   moderation.Hint      `json:"action" validate:"required,oneof=none hold review approve spam reject"`
		Priority int                  `json:"priority"`
		N        int                  `json:"n"`
		Since    string               `json:"since"`
	}](c)
	if err != nil {
		return err
	}
	ask := comment.Rehearsing{
		Site: param(c, "site"), Form: in.Form, Comments: in.N,
		Rule: moderation.Rule{ID: in.ID, Name: in.Name, When: in.When, Action: in.Action, Priority: in.Priority},
	}
	if ask.Since, err = comment.ParseTime("since", in.Since); err != nil {
		return err
	}
	if wait := s.searches.wait(identity(c).Account.ID, searchRate, received(c)); wait > 0 {
		return tooFast(wait)
	}
	out, err := s.Comments.Rehearse(c.UserContext(), ask)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// FactView is a fact as the API shows it.
type FactView struct {
	Name     string              `json:"name"`
	Type     moderation.FactType `json:"type"`
	Sentence string              `json:"sentence"`
	Past     string              `json:"past"` // whether it is known of past comments: always or recorded
}

func (s *Server) ruleFacts(c *fiber.Ctx) error {
	if _, err := s.Comments.SiteOf(c.UserContext(), param(c, "site")); err != nil {
		return err
	}
	return send(c, fiber.StatusOK, map[string]any{"facts": ShowFacts()})
}

// ShowFacts makes the view of all facts, in the order in which people look for them.
func ShowFacts() []FactView {
	facts := moderation.FactNames()
	views := make([]FactView, len(facts))
	for i, f := range facts {
		past := "recorded"
		if f.Since == 0 {
			past = "always"
		}
		views[i] = FactView{f.Name, f.Type, f.Sentence, past}
	}
	return views
}
