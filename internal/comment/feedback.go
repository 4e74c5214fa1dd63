package comment

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// reportReasons are the reasons that a reader may give.
var reportReasons = []string{"spam", "offensive", "abusive", "harassment", "hate", "off_topic", "misinformation", "personal_data", "illegal", "other"}

// Ballot is a reader's vote.
type Ballot struct {
	Site   string
	ID     string
	Value  int // 1, 0 or -1
	Client Client
}

// voicesOfNetwork is how many readers of one network count on one comment.
const voicesOfNetwork = 8

// voice tells a guest from others on one comment: by the network, and by which
// of a few places there the browser's name falls into. So an office has more
// than one voice, and whoever thinks up names for a browser has no more than an
// office. Nothing is kept that tells who it was.
func (s *Service) voice(purpose, site, id string, c Client) string {
	network := Network(c.IP)
	place := s.Ring.MAC("voice", site, id, network, c.Agent)[0] % voicesOfNetwork
	return s.digest(purpose, site, id, network, string('0'+place))
}

// Vote sets this reader's vote.
func (s *Service) Vote(ctx context.Context, b Ballot) (votes Votes, err error) {
	if b.Value < -1 || b.Value > 1 {
		return votes, fault.Input("value", "invalid", "A vote is 1, 0 or -1.")
	}
	if err := s.Store.Room(); err != nil {
		return votes, err
	}
	at := s.Now()
	voter := s.voice("voter", b.Site, b.ID, b.Client)
	limit, err := s.feedbackBucket(ctx, b.Site, b.Client, at)
	if err != nil {
		return votes, err
	}
	err = s.Store.Write(ctx, Sites{b.Site}, func(tx Tx) error {
		st, ch, err := s.visible(tx, gesture{b.Site, b.ID, b.Client, limit, at})
		if err != nil {
			return err
		}
		if !st.Options.Votes {
			return fault.New(fault.Forbidden, "votes_off", "This site does not take votes.")
		}
		before, err := tx.PutVote(b.Site, b.ID, voter, b.Value)
		if err != nil {
			return err
		}
		c := ch.c
		c.VotesUp += indicator(b.Value == 1) - indicator(before == 1)
		c.VotesDown += indicator(b.Value == -1) - indicator(before == -1)
		votes = Votes{c.VotesUp, c.VotesDown}
		if before == b.Value {
			return nil
		}
		if err := ch.note(CommentVoted, Actor{Kind: ActorReader}, votes); err != nil {
			return err
		}
		return ch.save()
	})
	return votes, err
}

// gesture is something that a reader does to a comment.
type gesture struct {
	site, id string
	client   Client
	limit    bucket
	at       time.Time
}

// visible loads the comment of a gesture, which must be one that readers see.
func (s *Service) visible(tx Tx, g gesture) (Site, *change, error) {
	st, err := tx.Site(g.site)
	if err != nil {
		return st, nil, err
	}
	if err := checkOrigin(st, g.client.Origin); err != nil {
		return st, nil, err
	}
	if !IsID(g.id) {
		return st, nil, fault.Missing()
	}
	if err := g.limit.spend(tx, st, g.at); err != nil {
		return st, nil, err
	}
	ch, err := s.load(tx, g.site, g.id, g.at)
	if err == nil && ch.c.Public == 0 {
		err = fault.Missing()
	}
	return st, ch, err
}

// Complaint is a reader's report.
type Complaint struct {
	Site   string
	ID     string
	Reason string
	Note   string
	// Reporter is the token that an earlier report was answered with, "" = none. One
	// that tells nothing is as good as none.
	Reporter string
	Client   Client
	Once     Once
}

// Complained is what a reader gets back: the report's id, and the token by which
// their next reports weigh what these turn out to be worth.
type Complained struct {
	ID       string `json:"id"`
	Reporter string `json:"reporter"`
}

// reporterOf is the id in a reporter's token; without one that holds on this
// site, a new one.
func (s *Service) reporterOf(p Complaint) string {
	payload, err := s.Ring.Open("reporter", p.Reporter)
	if site, id, _ := strings.Cut(payload, "|"); p.Reporter != "" && err == nil && site == p.Site {
		return id
	}
	return s.NewID()
}

// Report stores a reader's word to the moderators. The same reader's second
// report of the same revision changes nothing and looks the same.
func (s *Service) Report(ctx context.Context, p Complaint) (out Complained, err error) {
	if !slices.Contains(reportReasons, p.Reason) {
		return out, fault.Input("reason", "invalid", "The reason is one of spam, offensive, abusive, harassment, hate, off_topic, misinformation, personal_data, illegal and other.")
	}
	if p.Note != "" {
		if p.Note, err = markup.Clean(p.Note); err != nil || len(p.Note) > 2000 {
			return out, fault.Input("note", "invalid", "The note is plain text of at most 2000 bytes.")
		}
	}
	if err := s.Store.Room(); err != nil {
		return out, err
	}
	at := s.Now()
	r := Report{
		Site: p.Site, CommentID: p.ID, Reporter: s.voice("reporter", p.Site, p.ID, p.Client), Reason: p.Reason, Note: p.Note, At: at,
		ReporterID: s.reporterOf(p), Network: s.digest("network of a report", p.Site, p.ID, reportNetwork(p.Client.IP)),
	}
	out.Reporter = s.Ring.Sign("reporter", p.Site+"|"+r.ReporterID)
	p.Once = p.Once.of(s, p.Client)
	limit, err := s.feedbackBucket(ctx, p.Site, p.Client, at)
	if err != nil {
		return out, err
	}
	held, err := s.rulesOf(ctx, p.Site)
	if err != nil {
		return out, err
	}
	err = s.Store.Write(ctx, Sites{p.Site}, func(tx Tx) error {
		if err := s.begin(tx, p.Once, at); err != nil {
			return err
		}
		st, ch, err := s.visible(tx, gesture{p.Site, p.ID, p.Client, limit, at})
		if err != nil {
			return err
		}
		ch.rules = held
		out.ID = s.NewID()
		one := r
		one.ID, one.Revision = out.ID, ch.c.Public
		if err := ch.report(one, st.Options.ReportHold); err != nil {
			return err
		}
		return s.keep(tx, p.Once, at, out)
	})
	return out, s.confirmed(ctx, p.Once, at, err)
}

func (ch *change) report(r Report, threshold float64) error {
	if err := ch.weigh(&r); err != nil {
		return err
	}
	fresh, err := ch.tx.InsertReport(r)
	if err != nil || !fresh {
		return err
	}
	ch.c.Reports++
	if err := ch.setReported(ch.c.Reported + r.Weight); err != nil {
		return err
	}
	rev, err := ch.tx.Revision(r.Site, r.CommentID, r.Revision)
	if err != nil {
		return err
	}
	if err := ch.record(act{rev: rev, to: Approved, event: CommentReported, actor: Actor{Kind: ActorReader}, reason: r.Reason}, Approved); err != nil {
		return err
	}
	if err := ch.holdReported(threshold, rev); err != nil {
		return err
	}
	if err := ch.askOnReport(rev); err != nil {
		return err
	}
	return ch.save()
}

// Preview renders a text as it would be shown, and keeps nothing.
func (s *Service) Preview(ctx context.Context, site, text string, client Client) (markup.Tree, error) {
	source, err := cleanText(text)
	if err != nil {
		return nil, err
	}
	var st Site
	err = s.Store.View(ctx, func(r Reader) error {
		if st, err = r.Site(site); err != nil {
			return err
		}
		return checkOrigin(st, client.Origin)
	})
	if err != nil {
		return nil, err
	}
	if err := checkLength(source, st.Options); err != nil {
		return nil, err
	}
	return markup.Render(source), nil
}
