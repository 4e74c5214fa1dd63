package external

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/afterword-comments/afterword/moderation"
)

// coral is an external moderation phase that was made for Coral, asked as Coral
// asks it and read as Coral reads it, with three differences: an error publishes
// nothing, an explicit NONE is no opinion, and APPROVED approves nothing.
func coral() kind {
	return kind{
		secret: signing, hint: moderation.HintReview,
		settings: []setting{
			{"format", "html", choice("html", "text")},
			{"tenant", "", nil},
			{"domain", "", nil},
		},
		sends:   []string{"the text", "the page’s address", "the ids of author, parent and site"},
		request: askCoral,
		read:    readCoral,
	}
}

func askCoral(c *Check, q Question) (call, error) {
	s := q.Subject
	type id struct {
		ID string `json:"id"`
	}
	v := struct {
		Action  string `json:"action"`
		Comment struct {
			Body     string  `json:"body"`
			ParentID *string `json:"parentID"`
		} `json:"comment"`
		Author struct {
			ID   string `json:"id"`
			Role string `json:"role"`
		} `json:"author"`
		Story struct {
			ID  string `json:"id"`
			URL string `json:"url"`
		} `json:"story"`
		Site         id     `json:"site"`
		TenantID     string `json:"tenantID"`
		TenantDomain string `json:"tenantDomain"`
	}{Action: "NEW", Site: id{s.Site.Key}, TenantID: c.settings["tenant"], TenantDomain: c.settings["domain"]}
	if s.Revision > 1 {
		v.Action = "EDIT"
	}
	v.Comment.Body = s.Plain
	if c.settings["format"] == "html" {
		v.Comment.Body = q.HTML
	}
	if q.ParentID != "" {
		v.Comment.ParentID = &q.ParentID
	}
	v.Author.ID, v.Author.Role = s.Author.ID, "COMMENTER"
	if s.Author.Kind == moderation.KindStaff {
		v.Author.Role = "STAFF"
	}
	v.Story.ID, v.Story.URL = s.Page.Key, s.Page.URL
	body, err := marshal(v)
	if err != nil {
		return call{}, failed("question", "The question could not be written.")
	}
	out := newCall(c.URL, "application/json", body)
	out.header.Set("x-coral-signature", coralSignature(c.Secret, body))
	return out, nil
}

func readCoral(c *Check, _ Question, in reply) (Opinion, error) {
	nothing := one("phase_nothing", moderation.HintNone, c.Name+" has nothing against it.")
	if in.status == http.StatusNoContent || len(bytes.TrimSpace(in.body)) == 0 {
		return nothing, nil
	}
	var a struct {
		Status  *string `json:"status"`
		Actions []struct {
			Type   string `json:"actionType"`
			Reason string `json:"reason"`
		} `json:"actions"`
		Tags []struct {
			Type string `json:"type"`
		} `json:"tags"`
		Moderation *struct {
			Status string `json:"status"`
			Reason any    `json:"reason"`
		} `json:"moderationAction"`
	}
	if err := unmarshal(in.body, &a); err != nil {
		return Opinion{}, garbage("it is not the JSON of a phase")
	}
	status := ""
	if a.Status != nil {
		status = *a.Status
	}
	if a.Moderation != nil && a.Moderation.Status != "" {
		status = a.Moderation.Status
	}
	o, err := c.phaseStatus(status)
	if err != nil {
		return o, err
	}
	for _, action := range a.Actions[:min(len(a.Actions), evidenceMost)] {
		switch {
		case action.Type != "FLAG":
			return Opinion{}, garbage("an action is not FLAG")
		case strings.HasSuffix(action.Reason, "SPAM"):
			o.Evidence = append(o.Evidence, one("phase_spam", moderation.HintHold, c.Name+" flags it as spam.").Evidence...)
		case strings.HasSuffix(action.Reason, "TOXIC"):
			o.Evidence = append(o.Evidence, one("phase_toxic", moderation.HintHold, c.Name+" flags it as toxic.").Evidence...)
		default:
			return Opinion{}, garbage("a flag has a reason that phases do not give")
		}
	}
	if len(o.Evidence) == 0 {
		return nothing, nil
	}
	return o, nil
}

// phaseStatus reads a status of Coral's; none at all is the same as NONE.
func (c *Check) phaseStatus(status string) (Opinion, error) {
	switch status {
	case "", "NONE":
		return Opinion{}, nil
	case "APPROVED":
		return one("phase_approves", moderation.HintNone, c.Name+" would approve it; that is for people here."), nil
	case "PREMOD", "SYSTEM_WITHHELD":
		return one("phase_withholds", moderation.HintReview, c.Name+" wants a person to look first."), nil
	case "REJECTED":
		return one("phase_rejects", moderation.HintReject, c.Name+" rejects it."), nil
	}
	return Opinion{}, garbage("the status is none that phases give")
}
