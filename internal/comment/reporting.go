package comment

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/moderation"
)

// Reporter is the record of somebody who reports comments: only how often
// moderators have agreed. The id is a random one that the reader's browser keeps,
// so it tells nothing of who it is; without it a report counts like a newcomer's.
type Reporter struct {
	Site, ID string
	Record   moderation.Record // Good = agreed
	Decided  int               // reports that were decided about
	Seen     time.Time         // when a report of theirs was last decided about
}

// ReportOutcome is what came of a report.
type ReportOutcome string

// The outcomes.
const (
	ReportOpen      ReportOutcome = ""
	ReportAgreed    ReportOutcome = "agreed"    // the comment was turned down
	ReportDismissed ReportOutcome = "dismissed" // it was approved
)

// How reports are weighed, in thousandths.
const (
	weightOfAnybody  = 1000
	weightLeast      = 250
	weightMost       = 2000
	decidedForWeight = 5 // reports that have to be decided before the record counts
)

// weight is that of a report by somebody with this record: 1; and once five of
// their reports were decided, twice the share that moderators agreed with (see
// moderation.Record.Share), but at least 0.25 and at most 2. Who throws the token
// away is worth 1 again, no more.
func (r Reporter) weight(now time.Time) int {
	if r.Decided < decidedForWeight {
		return weightOfAnybody
	}
	return min(weightMost, max(weightLeast, int(2000*r.Record.On(now).Share())))
}

// reportsMost is the number of reports of one revision that count towards the
// records of those who made them.
const reportsMost = 500

// weigh gives a report its weight: that of its reporter, and a quarter of it for
// each earlier report of the revision from the same network. So one network, with
// as many browsers as it likes, weighs at most a third more than one reader.
func (ch *change) weigh(r *Report) error {
	reporter, err := perhaps(ch.tx.Reporter(r.Site, r.ReporterID))
	if err != nil {
		return err
	}
	earlier, err := ch.tx.ReportsOn(r.Site, r.CommentID, r.Revision, reportsMost)
	r.Weight = reporter.weight(r.At)
	for _, e := range earlier {
		if e.Network == r.Network {
			r.Weight /= 4
		}
	}
	return err
}

// reportNetwork is what counts as one network for reports: all of an IPv4 address,
// and of IPv6 the /48, as wide as what a household or a small office is given.
func reportNetwork(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Unmap().Is4() {
		return Network(ip)
	}
	p, _ := a.WithZone("").Prefix(48)
	return p.String()
}

// setReported sets the weight of the comment's open reports, and counts the comment
// among those that have any.
func (ch *change) setReported(weight int) error {
	by := indicator(weight > 0) - indicator(ch.c.Reported > 0)
	ch.c.Reported = weight
	if by == 0 {
		return nil
	}
	return ch.tx.CountStatus(ch.c.Site, Reported, by)
}

// CodeReported is the reason of a hold by reports.
const CodeReported = "reported"

// holdReported takes a comment out of sight that readers have reported so often
// that a person should look again. Once a person has approved this revision in
// spite of reports, more of them only count.
func (ch *change) holdReported(threshold float64, rev Revision) error {
	c := ch.c
	if threshold == 0 || float64(c.Reported) < threshold*1000 || c.Held != "" {
		return nil
	}
	reports, err := ch.tx.ReportsOn(c.Site, c.ID, rev.N, reportsMost)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(reports, func(r Report) bool { return r.Outcome == ReportDismissed }) {
		return nil
	}
	why := reasonOf(reports, threshold)
	actor := Actor{Kind: ActorRule, Name: "reports"}
	d := Decision{
		Site: c.Site, ID: ch.s.NewID(), CommentID: c.ID, Revision: rev.N, Action: Restore,
		From: Approved, To: Pending, Reason: CodeReported, Note: why.Sentence, Actor: actor, At: ch.at, EffectiveAt: ch.at, State: DecisionDone,
	}
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	if err := ch.decide(Pending); err != nil {
		return err
	}
	c.DecidedAt, c.DecidedBy = ch.at, actor.ID
	return ch.turn(act{rev: rev, to: Pending, event: CommentRestored, actor: actor, reasons: []moderation.Evidence{why}, reason: CodeReported})
}

// reasonOf names the reports: how many, how heavy, and why.
func reasonOf(reports []Report, threshold float64) moderation.Evidence {
	reasons, weight := map[string]int{}, 0
	for _, r := range reports {
		reasons[r.Reason]++
		weight += r.Weight
	}
	var named []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		named = append(named, fmt.Sprintf("%d × %s", reasons[reason], strings.ReplaceAll(reason, "_", " ")))
	}
	ids := make([]string, 0, 20)
	for _, r := range reports[:min(len(reports), cap(ids))] {
		ids = append(ids, r.ID)
	}
	return moderation.Evidence{
		Check: "reports", Code: CodeReported, Hint: moderation.HintReview, Version: 1, Spans: []moderation.Span{},
		Sentence: fmt.Sprintf("Readers' reports weigh %.2f; the site looks again from %.2f on (%s).", float64(weight)/1000, threshold, strings.Join(named, ", ")),
		Data:     map[string]string{"reports": strings.Join(ids, " "), "weight": fmt.Sprintf("%.3f", float64(weight)/1000)},
	}
}

// answerReports says what a person's decision means for the reports of the
// revision, and counts it in the records of those who made them: what was
// approved was reported in vain. A decision that is changed changes that too.
func (ch *change) answerReports(d Decision) error {
	if d.Actor.Kind != ActorModerator || ch.c.Reports == 0 {
		return nil
	}
	outcome := map[Status]ReportOutcome{Approved: ReportDismissed, Rejected: ReportAgreed, Spam: ReportAgreed, Deleted: ReportAgreed}[d.To]
	reports, err := ch.tx.ReportsOn(d.Site, d.CommentID, d.Revision, reportsMost)
	if err != nil {
		return err
	}
	open := 0
	for _, r := range reports {
		if r.Outcome != outcome {
			if err := ch.answer(r, outcome); err != nil {
				return err
			}
		}
		if outcome == ReportOpen {
			open += r.Weight
		}
	}
	if d.Revision == ch.c.Revision {
		if err := ch.setReported(open); err != nil {
			return err
		}
	}
	return ch.tx.ResolveReports(d.Site, d.CommentID, d.Revision, outcome)
}

// answer counts what came of a report for whoever made it, as of the moment of
// the report; so what was counted before can be taken back.
func (ch *change) answer(r Report, outcome ReportOutcome) error {
	if r.ReporterID == "" { // older than the records
		return nil
	}
	who, err := perhaps(ch.tx.Reporter(r.Site, r.ReporterID))
	if err != nil {
		return err
	}
	who.Site, who.ID, who.Seen = r.Site, r.ReporterID, ch.at
	if r.Outcome != ReportOpen {
		who.Record = who.Record.Count(r.Outcome == ReportAgreed, -1, r.At)
		who.Decided = max(0, who.Decided-1)
	}
	if outcome != ReportOpen {
		who.Record = who.Record.Count(outcome == ReportAgreed, 1, r.At)
		who.Decided++
	}
	return ch.tx.PutReporter(who)
}

// keepReported approves once more what is public already although it was reported: that
// is what a person means who approves it then.
func (ru *ruling) keepReported(ch *change) error {
	c := ch.c
	d := Decision{
		Site: c.Site, ID: ru.id, CommentID: c.ID, Revision: c.Revision, Action: Approve, From: Approved, To: Approved,
		Reason: ru.Reason, Note: ru.Note, Actor: moderator(ru.By), At: ru.at, EffectiveAt: ru.at, State: DecisionDone,
	}
	if err := ch.insertDecision(d); err != nil {
		return err
	}
	c.DecidedAt, c.DecidedBy = d.At, d.Actor.ID
	if err := ch.answerReports(d); err != nil {
		return err
	}
	if err := ch.judge(d); err != nil {
		return err
	}
	if err := ch.note(DecisionRecorded, d.Actor, decisionNote(d)); err != nil {
		return err
	}
	return ch.save()
}
