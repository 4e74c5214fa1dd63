package comment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// An event covers the rows that were written with it: its column covers holds, for
// each, what the row is and a keyed digest of it, and the chain goes over that. So
// what the rows say can be held against the log, and no row of its own is needed.
// A row that was written again is held against the newest event that covers it.

// auditReader reads rows as they are stored, whatever has become of them.
type auditReader interface {
	// StoredRevision gives a revision with Stored and without Tree and Trace,
	// which may be damaged.
	StoredRevision(site, id string, revision int) (Revision, error)
	Decision(site, commentID, id string) (Decision, error)
	// StoredRows gives those rows of a kind whose keys begin with one of keys, by
	// their keys.
	StoredRows(kind, site string, keys []string) (map[string]StoredRow, error)
}

// The kinds of rows that the house changes, and keeps beside the log. The key of a
// version is rule/number, of a standing author/id.
const (
	RowSite     = "site"
	RowWord     = "word"
	RowBlock    = "block"
	RowRule     = "rule"
	RowVersion  = "version"
	RowPerson   = "person"
	RowStanding = "standing"
	RowCheck    = "check"
)

// StoredRow is a row as it is stored, column by column. Name is a person's.
type StoredRow struct {
	Parts []string
	Name  string
}

// CoverRows is what an event of a site's log says of rows, which are stored already,
// or gone.
func (l *Ledger) CoverRows(r Reader, site, kind string, keys ...string) (string, error) {
	rows, err := r.StoredRows(kind, homeOf(site, kind), keys)
	said := make([]string, 0, len(keys))
	for _, key := range keys {
		name := kind + "/" + key
		if row, there := rows[key]; there {
			said = append(said, l.entry(name, covered{row.Parts, row.Name}))
		} else {
			said = append(said, name+"="+rowGone)
		}
	}
	return strings.Join(said, " "), err
}

// homeOf is the site that rows are stored under of which a site's log tells.
func homeOf(site, kind string) string {
	if kind == RowBlock && site == "" {
		return AllSites
	}
	return site
}

// Texts are the tree and the trace of a revision as they are stored.
type Texts struct{ Tree, Trace string }

// Texts makes the revision's tree and trace ready to be stored, unless that has
// been done.
func (r Revision) Texts() (Texts, error) {
	if r.Stored != nil {
		return *r.Stored, nil
	}
	trace, err := r.Trace.MarshalJSON()
	if err != nil {
		return Texts{}, fmt.Errorf("trace of comment %s: %w", r.CommentID, err)
	}
	return Texts{string(r.Tree.AppendJSON(nil)), string(trace)}, nil
}

// digest is a short keyed digest of parts.
func digest(key []byte, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(mac(key, parts...)[:16])
}

// mac is a keyed digest of parts, each with its length, so that no two lists of
// them are alike.
func mac(key []byte, parts ...string) []byte {
	m := hmac.New(sha256.New, key)
	for _, part := range parts {
		m.Write(strconv.AppendInt(nil, int64(len(part)), 10))
		m.Write([]byte{':'})
		m.Write([]byte(part))
	}
	return m.Sum(nil)
}

// covered is a row as an event covers it. The name of a person stands apart, with
// a digest of its own: it may be taken away, and not be changed.
type covered struct {
	parts []string
	name  string
}

// entry is what an event says of a row.
func (l *Ledger) entry(row string, c covered) string { return row + "=" + c.digest(row, l.rowKey) }

func (c covered) digest(row string, key []byte) string {
	sum := digest(key, append([]string{row}, c.parts...)...)
	if c.name != "" {
		sum += "." + digest(key, row, c.name)
	}
	return sum
}

// isWhat reports whether the row is what an entry says of it, under one of the keys.
func (c covered) isWhat(row, said string, keys map[string][]byte) bool {
	rest, name, named := strings.Cut(said, ".")
	for _, key := range keys {
		now, nowName, _ := strings.Cut(c.digest(row, key), ".")
		if now == rest && (nowName == name || named && c.name == "") {
			return true
		}
	}
	return false
}

// Texts of values, for digests.
func number[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return number(t.UnixMicro())
}

// covered is all of a comment's row that its own events change: not the replies
// below it, nor what is worked out from other columns.
func (c *Comment) covered() covered {
	parts := []string{
		c.Site, c.ID, c.PageID, c.ParentID, number(c.Depth), c.AuthorID, c.AuthorName, string(c.AuthorKind), c.Badge,
		string(c.Status), string(c.InForce), number(c.Revision), number(c.Public), number(c.VotesUp), number(c.VotesDown),
		number(c.Reports), number(c.Reported), number(c.Sequence), c.Held,
		instantText(c.CreatedAt), instantText(c.EditedAt), instantText(c.DecidedAt), c.DecidedBy,
	}
	if c.Group != "" { // before there were groups, it was not there either
		parts = append(parts, c.Group)
	}
	return covered{parts: parts}
}

func (r Revision) covered() (covered, error) {
	texts, err := r.Texts()
	if err != nil {
		return covered{}, err
	}
	sum := sha256.New()
	for _, text := range []string{r.Source, texts.Tree, texts.Trace} {
		fmt.Fprintf(sum, "%d:", len(text))
		sum.Write([]byte(text))
	}
	return covered{parts: []string{r.Site, r.CommentID, number(r.N), r.Facts, instantText(r.CreatedAt), hex.EncodeToString(sum.Sum(nil))}}, nil
}

func (d Decision) covered() covered {
	return covered{[]string{
		d.Site, d.ID, d.CommentID, number(d.Revision), string(d.Action), string(d.From), string(d.To), d.Reason, d.Note,
		string(d.Actor.Kind), d.Actor.ID, instantText(d.At), instantText(d.EffectiveAt), string(d.State), d.Clause, d.Statement,
	}, d.Actor.Name}
}

// cover adds a row to what the change's next event covers.
func (ch *change) cover(row string, c covered) {
	ch.covers = append(ch.covers, ch.s.Ledger.entry(row, c))
}

// coverRevision is cover for a revision that is stored beside the event.
func (ch *change) coverRevision(r Revision) error {
	c, err := r.covered()
	if err == nil {
		ch.cover("revision/"+number(r.N), c)
	}
	return err
}

func (ch *change) coverDecision(d Decision) { ch.cover("decision/"+d.ID, d.covered()) }

// setTrace stores what was found in a revision later than it was written, which the
// change's next event covers.
func (ch *change) setTrace(r Revision) error {
	if err := ch.tx.SetTrace(r); err != nil {
		return err
	}
	return ch.coverRevision(r)
}

// insertDecision stores a decision, which the change's next event covers.
func (ch *change) insertDecision(d Decision) error {
	ch.coverDecision(d)
	return ch.tx.InsertDecision(d)
}

// moveDecision moves a held decision on, which the change's next event covers.
func (ch *change) moveDecision(d Decision, to DecisionState) error {
	if err := ch.tx.SetDecisionState(d, to); err != nil {
		return err
	}
	d.State = to
	ch.coverDecision(d)
	return nil
}

// takeCovers is the cover of an event that comes now: what was gathered for it, and
// the comment as it is.
func (ch *change) takeCovers() string {
	all := append(ch.covers, ch.s.Ledger.entry("comment", ch.c.covered()))
	ch.covers = nil
	return strings.Join(all, " ")
}

// storedRow reads a row of the house.
func storedRow(kind string) func(r Reader, e *Event, key string) (covered, error) {
	return func(r Reader, e *Event, key string) (covered, error) {
		rows, err := r.StoredRows(kind, homeOf(e.Site, kind), []string{key})
		if err != nil {
			return covered{}, err
		}
		row, there := rows[key]
		if !there {
			return covered{}, fault.Missing()
		}
		return covered{row.Parts, row.Name}, nil
	}
}

// storedRows read a row that an event covers, by its kind, as it is stored now.
var storedRows = map[string]func(r Reader, e *Event, key string) (covered, error){
	"comment": func(r Reader, e *Event, _ string) (covered, error) {
		c, err := r.Comment(e.Site, e.CommentID)
		return c.covered(), err
	},
	"revision": func(r Reader, e *Event, key string) (covered, error) {
		n, err := strconv.Atoi(key)
		if err != nil {
			return covered{}, fault.Missing()
		}
		rev, err := r.StoredRevision(e.Site, e.CommentID, n)
		if err != nil {
			return covered{}, err
		}
		return rev.covered()
	},
	"decision": func(r Reader, e *Event, key string) (covered, error) {
		d, err := r.Decision(e.Site, e.CommentID, key)
		return d.covered(), err
	},
	"appeal": func(r Reader, e *Event, key string) (covered, error) {
		a, err := r.Appeal(e.Site, key)
		return a.covered(), err
	},
	"look": func(r Reader, e *Event, key string) (covered, error) {
		l, err := r.SecondLook(e.Site, key)
		return l.covered(), err
	},
	"clause": func(r Reader, e *Event, key string) (covered, error) {
		c, err := r.Clause(e.Site, key)
		return c.covered(), err
	},
	"template": func(r Reader, e *Event, key string) (covered, error) {
		t, err := r.Template(e.Site, key)
		return t.covered(), err
	},
}
