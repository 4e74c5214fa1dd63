package comment

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// StatementRow is a statement of reasons in the terms of the transparency database of
// the Digital Services Act (EU) 2022/2065, article 24(5), with what that has no
// term for at the end.
type StatementRow struct {
	PUID                         string  `json:"puid"` // decision and comment
	DecisionVisibility           string  `json:"decision_visibility"`
	DecisionGround               string  `json:"decision_ground"`
	IllegalContentLegalGround    string  `json:"illegal_content_legal_ground"`
	IncompatibleContentGround    string  `json:"incompatible_content_ground"`
	IncompatibleContentExplained string  `json:"incompatible_content_explanation"`
	ContentType                  string  `json:"content_type"`
	ContentDate                  string  `json:"content_date"`
	ApplicationDate              string  `json:"application_date"`
	DecisionFacts                string  `json:"decision_facts"`
	SourceType                   string  `json:"source_type"`
	AutomatedDetection           string  `json:"automated_detection"`
	AutomatedDecision            string  `json:"automated_decision"`
	Action                       Action  `json:"action"`
	Reason                       string  `json:"reason"`
	Clause                       string  `json:"clause"` // number
	Checks                       string  `json:"checks"`
	AppealUntil                  *string `json:"appeal_until"`
	Appeal                       string  `json:"appeal"` // none, open, upheld or overturned
}

// StatementColumns are the names of the columns of a StatementRow.
var StatementColumns = []string{
	"puid", "decision_visibility", "decision_ground", "illegal_content_legal_ground", "incompatible_content_ground",
	"incompatible_content_explanation", "content_type", "content_date", "application_date", "decision_facts", "source_type",
	"automated_detection", "automated_decision", "action", "reason", "clause", "checks", "appeal_until", "appeal",
}

// Columns are the values of the line, in the order of StatementColumns. What a
// spreadsheet would take for a formula gets an apostrophe before it.
func (r StatementRow) Columns() []string {
	until := ""
	if r.AppealUntil != nil {
		until = *r.AppealUntil
	}
	values := []string{
		r.PUID, r.DecisionVisibility, r.DecisionGround, r.IllegalContentLegalGround, r.IncompatibleContentGround,
		r.IncompatibleContentExplained, r.ContentType, r.ContentDate, r.ApplicationDate, r.DecisionFacts, r.SourceType,
		r.AutomatedDetection, r.AutomatedDecision, string(r.Action), r.Reason, r.Clause, r.Checks, until, r.Appeal,
	}
	for i, v := range values {
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			values[i] = "'" + v
		}
	}
	return values
}

// illegal are the reasons that say that the law forbids a text, not the house.
func illegal(reason string) bool { return reason == "legal" || reason == "illegal" }

func reported(d Decision, a *Appeal) (out StatementRow, err error) {
	var st Statement
	if err := json.Unmarshal([]byte(d.Statement), &st); err != nil {
		return out, err
	}
	out = StatementRow{
		PUID: d.ID + "/" + d.CommentID, DecisionVisibility: "DECISION_VISIBILITY_CONTENT_REMOVED",
		DecisionGround: "DECISION_GROUND_INCOMPATIBLE_CONTENT", ContentType: "CONTENT_TYPE_TEXT",
		ContentDate: st.Facts.PostedAt, ApplicationDate: Timestamp(d.EffectiveAt), DecisionFacts: factsOf(st), SourceType: "SOURCE_VOLUNTARY",
		AutomatedDetection: yesNo(st.Automation.Detected), AutomatedDecision: "AUTOMATED_DECISION_NOT_AUTOMATED",
		Action: d.Action, Reason: d.Reason, Checks: strings.Join(st.Automation.Checks, " "), AppealUntil: st.AppealUntil, Appeal: "none",
	}
	ground := strings.ReplaceAll(d.Reason, "_", " ")
	if st.Clause != nil {
		out.Clause = st.Clause.Number
		ground, out.IncompatibleContentExplained = st.Clause.Number+" "+st.Clause.Title, st.Clause.Text
	}
	if illegal(d.Reason) {
		out.DecisionGround, out.IllegalContentLegalGround = "DECISION_GROUND_ILLEGAL_CONTENT", ground
	} else {
		out.IncompatibleContentGround = ground
	}
	if st.Automation.Decided {
		out.AutomatedDecision = "AUTOMATED_DECISION_FULLY"
	}
	if a != nil {
		out.Appeal = string(a.State)
	}
	return out, nil
}

func factsOf(st Statement) string {
	verb := map[Action]string{Reject: "rejected", MarkSpam: "marked as spam", Delete: "deleted"}[st.Facts.Action]
	before := "before it was public"
	if st.Facts.WasPublic {
		before = "after it had been public"
	}
	return "A comment on " + st.Facts.PageURL + " was " + verb + " " + before + "."
}

func yesNo(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

// toldReader reads the decisions whose authors were told.
type toldReader interface {
	// ToldDecisions lists those of a site in the order of their ids from behind one
	// on, decision and then comment, made at an instant or later.
	ToldDecisions(site string, after [2]string, since time.Time, limit int) ([]Decision, error)
}

// ExportMost is the most lines that one page of an export has.
const ExportMost = 1000

// ExportDecisions gives a page of the statements of reasons that a site has given,
// of decisions in effect. last is where to go on, "" at the end.
func (s *Service) ExportDecisions(ctx context.Context, site string, since time.Time, after string, limit int) (out []StatementRow, last string, err error) {
	decision, comment, _ := strings.Cut(after, "/")
	err = s.viewOf(ctx, site, func(r Reader) error {
		all, err := r.ToldDecisions(site, [2]string{decision, comment}, since, limit+1)
		if err != nil {
			return err
		}
		if len(all) > limit {
			all = all[:limit]
			last = all[limit-1].ID + "/" + all[limit-1].CommentID
		}
		for _, d := range all {
			if d.State != DecisionDone {
				continue
			}
			a, err := r.AppealOf(d.Site, d.CommentID, d.ID)
			made := &a
			if fault.Is(err, "not_found") {
				made, err = nil, nil
			}
			if err != nil {
				return err
			}
			one, err := reported(d, made)
			if err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, last, err
}
