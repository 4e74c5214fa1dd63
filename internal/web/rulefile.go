package web

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// RuleFile is rules as they move from a site to another one: what export writes and
// import reads.
type RuleFile struct {
	Rules []RuleInput `json:"rules" validate:"required,max=200"`
}

// ExportRules makes the file of a site's rules, in their order. Why a rule may act
// that has not shown enough precision does not go along: it was said of this site.
func ExportRules(list []comment.Rule) RuleFile {
	out := RuleFile{Rules: []RuleInput{}}
	for _, r := range list {
		out.Rules = append(out.Rules, ExportRule(r))
	}
	return out
}

// Changes is what the file asks for; an error names the rule, counted from 1.
func (f RuleFile) Changes() ([]comment.RuleChange, error) {
	changes := make([]comment.RuleChange, len(f.Rules))
	for i, one := range f.Rules {
		change, err := one.Change()
		if err != nil {
			return nil, fault.Input(fmt.Sprintf("rules.%d.expires_at", i), "invalid", fmt.Sprintf("Rule %d: %s", i+1, fault.Of(err).Detail))
		}
		changes[i] = change
	}
	return changes, nil
}

func (s *Server) exportRules(c *fiber.Ctx) error {
	all, err := s.Comments.RulesOf(c.UserContext(), param(c, "site"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="rules.json"`)
	return send(c, fiber.StatusOK, ExportRules(all))
}

func (s *Server) importRules(c *fiber.Ctx) error {
	in, err := decode[RuleFile](c)
	if err != nil {
		return err
	}
	changes, err := in.Changes()
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusOK, func() (any, error) {
		results, err := s.Comments.ImportRules(c.UserContext(), param(c, "site"), changes, actor(c))
		return map[string]any{"results": results}, err
	})
}
