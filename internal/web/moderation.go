package web

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

func (s *Server) queue(c *fiber.Ctx) error {
	v, limit, err := paging(c)
	if err != nil {
		return err
	}
	status, err := oneOf(v, "status", "pending", "approved", "rejected", "spam", "deleted", "all")
	if err != nil {
		return err
	}
	sort, err := oneOf(v, "sort", "oldest", "newest")
	if err != nil {
		return err
	}
	ask := comment.QueueAsk{
		By: identity(c).Account, Site: v.Get("site"), Status: comment.Status(status), Search: v.Get("q"), Reason: v.Get("reason"),
		Author: v.Get("author"), Group: v.Get("group"), Page: v.Get("page"), Newest: sort == "newest", Limit: limit, Cursor: v.Get("cursor"),
	}
	if status == "all" {
		ask.Status = ""
	}
	if ask.Reported, err = reportedOnly(v); err != nil {
		return err
	}
	if grouped, err := oneOf(v, "grouped", "false", "true"); err != nil {
		return err
	} else if ask.Grouped = grouped == "true"; ask.Grouped && ask.Group != "" {
		return parameter("Either the cards of groups are asked for, or the members of one.")
	}
	if ask.Page != "" && ask.Site == "" {
		return parameter("The parameter page needs the parameter site.")
	}
	if len(ask.Search) > 200 {
		return parameter("The search is longer than 200 bytes.")
	}
	if ask.Search != "" {
		if wait := s.searches.wait(ask.By.ID, searchRate, received(c)); wait > 0 {
			return tooFast(wait)
		}
	}
	out, err := s.Comments.Queue(c.UserContext(), ask)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

// reportedOnly reads the parameter reported, which goes with few others: the list
// has an order of its own.
func reportedOnly(v url.Values) (bool, error) {
	reported, err := oneOf(v, "reported", "false", "true")
	if err != nil || reported == "false" {
		return false, err
	}
	for _, other := range []string{"status", "q", "reason", "author", "page", "sort", "grouped", "group"} {
		if v.Get(other) != "" {
			return false, parameter("The parameter reported goes with site, limit and cursor only.")
		}
	}
	return true, nil
}

func (s *Server) detail(c *fiber.Ctx) error {
	out, err := s.Comments.Detail(c.UserContext(), identity(c).Account, param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) decide(c *fiber.Ctx) error {
	in, err := decode[struct {
		Action string `json:"action" validate:"required,oneof=approve reject spam delete restore"`
		Items  []struct {
			ID       string `json:"id" validate:"required,max=64"`
			Revision int    `json:"revision" validate:"required"`
			Status   string `json:"status" validate:"omitempty,oneof=pending approved rejected spam deleted"`
		} `json:"items" validate:"omitempty,min=1,max=500,dive"`
		Group   string `json:"group" validate:"omitempty,max=64"`
		Site    string `json:"site" validate:"omitempty,max=64"`
		AsOf    string `json:"as_of" validate:"omitempty,max=64"`
		Reason  string `json:"reason"`
		Clause  string `json:"clause" validate:"max=64"`
		Message string `json:"message"`
		Tell    *bool  `json:"tell"`
		Note    string `json:"note"`
	}](c)
	if err != nil {
		return err
	}
	if in.Group == "" && in.Items == nil {
		return fault.Input("items", "required", "Give the comments, or the group that they are in.")
	}
	r := comment.Ruling{By: identity(c).Account, Action: comment.Action(in.Action), Site: in.Site, Reason: in.Reason, Clause: in.Clause, Message: in.Message, Tell: in.Tell, Note: in.Note, Received: received(c)}
	if r, err = r.RulingOverGroup(in.Group, in.AsOf); err != nil {
		return err
	}
	for _, i := range in.Items {
		r.Items = append(r.Items, comment.Item{ID: i.ID, Revision: i.Revision, Status: comment.Status(i.Status)})
	}
	r.Once, err = onceOf(c, "decide "+r.By.ID, jsonAnswer(fiber.StatusOK, func(v any) any { return v }))
	if err != nil {
		return err
	}
	out, err := s.Comments.Decide(c.UserContext(), r)
	if err != nil {
		return answered(c, err)
	}
	return send(c, fiber.StatusOK, out)
}

func (s *Server) undo(c *fiber.Ctx) error {
	if err := emptyBody(c); err != nil {
		return err
	}
	out, err := s.Comments.Undo(c.UserContext(), identity(c).Account, param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, map[string]any{"decision_id": out.DecisionID, "results": out.Results})
}
