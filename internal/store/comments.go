package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

var commentFields = []string{
	"site_id", "comment_id", "page_id", "parent_id", "depth", "author_id", "author_name", "author_kind", "badge",
	"status", "in_force", "revision", "public_revision", "votes_up", "votes_down", "replies", "shown",
	"reports", "reported", "sequence", "version", "risk", "held", "group_id", "created_at", "edited_at", "decided_at", "decided_by",
}

// commentColumns are those of comments c; withText adds those of the revision r
// that is shown beside it.
var (
	commentColumns = "c." + strings.Join(commentFields, ", c.")
	withText       = commentColumns + ", r.revision, r.source, r.tree, r.trace, r.created_at, r.facts"
	withTree       = commentColumns + ", r.revision, '', r.tree, '[]', r.created_at, ''" // all that readers need
)

func commentDest(c *comment.Comment) []any {
	return []any{
		&c.Site, &c.ID, &c.PageID, &c.ParentID, &c.Depth, &c.AuthorID, &c.AuthorName, &c.AuthorKind, &c.Badge,
		&c.Status, &c.InForce, &c.Revision, &c.Public, &c.VotesUp, &c.VotesDown, &c.Replies, &c.Shown,
		&c.Reports, &c.Reported, &c.Sequence, &c.Version, &c.Risk, &c.Held, &c.Group,
		instant{&c.CreatedAt}, instant{&c.EditedAt}, instant{&c.DecidedAt}, &c.DecidedBy,
	}
}

func scanComment(s scanner) (c comment.Comment, err error) {
	err = s.Scan(commentDest(&c)...)
	return c, err
}

func scanCommentText(s scanner) (c comment.Comment, err error) {
	var tree, trace string
	r := &c.Text
	err = s.Scan(append(commentDest(&c), &r.N, &r.Source, &tree, &trace, instant{&r.CreatedAt}, &r.Facts)...)
	if err != nil {
		return c, err
	}
	r.Site, r.CommentID = c.Site, c.ID
	return c, readTexts(r, tree, trace)
}

func readTexts(r *comment.Revision, tree, trace string) error {
	if err := json.Unmarshal([]byte(tree), &r.Tree); err != nil {
		return fmt.Errorf("tree of comment %s: %w", r.CommentID, err)
	}
	if err := json.Unmarshal([]byte(trace), &r.Trace); err != nil {
		return fmt.Errorf("trace of comment %s: %w", r.CommentID, err)
	}
	return nil
}

var selectComment = "select " + commentColumns + " from comments c where c.site_id = $1 and c.comment_id = $2"

func (q *query) Comment(site, id string) (comment.Comment, error) {
	return one(q, scanComment, selectComment, site, id)
}

func (q *query) FindComment(id string) (comment.Comment, error) {
	return one(q, scanComment, "select "+commentColumns+" from comments c where c.comment_id = $1", id)
}

// thread lists what is shown under one parent. The partial indexes
// comments_by_thread and comments_by_score serve it, so that a page costs the
// same in a thread of a hundred comments and of a million.
func thread(condition, order string) string {
	return "select " + withTree + ` from comments c
		join revisions r on r.site_id = c.site_id and r.comment_id = c.comment_id
			and r.revision = case when c.public_revision > 0 then c.public_revision else 1 end
		where c.site_id = $1 and c.page_id = $2 and c.parent_id = $3 and c.shown ` + condition + " order by " + order + " limit $4"
}

var (
	threadOldest     = thread("", "c.comment_id")
	threadOldestNext = thread("and c.comment_id > $5", "c.comment_id")
	threadNewest     = thread("", "c.comment_id desc")
	threadNewestNext = thread("and c.comment_id < $5", "c.comment_id desc")
	threadTop        = thread("", "c.score desc, c.comment_id desc")
	threadTopNext    = thread("and (c.score, c.comment_id) < ($6, $5)", "c.score desc, c.comment_id desc")
)

func (q *query) Thread(t comment.ThreadQuery) ([]comment.Comment, error) {
	statement := map[comment.Sort][2]string{
		comment.Oldest: {threadOldest, threadOldestNext},
		comment.Newest: {threadNewest, threadNewestNext},
		comment.Top:    {threadTop, threadTopNext},
	}[t.Sort]
	args := []any{t.Site, t.Page, t.Parent, t.Limit}
	if t.After == nil {
		return list(q, scanCommentText, statement[0], args...)
	}
	args = append(args, t.After.ID)
	if t.Sort == comment.Top {
		args = append(args, t.After.Key)
	}
	return list(q, scanCommentText, statement[1], args...)
}

// repliesTogether is how many parents one statement asks for. PostgreSQL plans a
// statement of more of them for longer than it runs it.
const repliesTogether = 12

// firstReplies is threadOldest for some parents at once, each with its own limit,
// $3: a place in the index for each, however many replies there are.
var firstReplies = func() string {
	each := make([]string, repliesTogether)
	for i := range each {
		each[i] = fmt.Sprintf("select * from (%s) some%d", strings.NewReplacer("$3", fmt.Sprint("$", i+4), "$4", "$3").Replace(threadOldest), i)
	}
	return strings.Join(each, " union all ")
}()

// FirstReplies asks a server for many parents at a time, since each way there
// costs as much as the answer; a file is asked for one after the other, which is
// no slower.
func (q *query) FirstReplies(site, page string, parents []string, limit int) (map[string][]comment.Comment, error) {
	found := make(map[string][]comment.Comment, len(parents))
	if !q.conn.far() {
		for _, parent := range parents {
			replies, err := q.Thread(comment.ThreadQuery{Site: site, Page: page, Parent: parent, Sort: comment.Oldest, Limit: limit})
			if err != nil {
				return nil, err
			}
			if len(replies) > 0 {
				found[parent] = replies
			}
		}
		return found, nil
	}
	for some := range slices.Chunk(parents, repliesTogether) {
		args := []any{site, page, limit}
		for i := range repliesTogether {
			parent := "none"
			if i < len(some) {
				parent = some[i]
			}
			args = append(args, parent)
		}
		replies, err := list(q, scanCommentText, firstReplies, args...)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(replies, func(a, b comment.Comment) int { return strings.Compare(a.ID, b.ID) })
		for _, c := range replies {
			found[c.ParentID] = append(found[c.ParentID], c)
		}
	}
	return found, nil
}

const revisionColumns = "site_id, comment_id, revision, source, tree, trace, created_at, facts"

func scanRevision(s scanner) (r comment.Revision, err error) {
	var tree, trace string
	if err := s.Scan(&r.Site, &r.CommentID, &r.N, &r.Source, &tree, &trace, instant{&r.CreatedAt}, &r.Facts); err != nil {
		return r, err
	}
	return r, readTexts(&r, tree, trace)
}

func (q *query) Revision(site, id string, n int) (comment.Revision, error) {
	return one(q, scanRevision, "select "+revisionColumns+" from revisions where site_id = $1 and comment_id = $2 and revision = $3", site, id, n)
}

func (q *query) Revisions(site, id string) ([]comment.Revision, error) {
	return list(q, scanRevision, "select "+revisionColumns+" from revisions where site_id = $1 and comment_id = $2 order by revision desc", site, id)
}

func (w *write) InsertComment(c comment.Comment) error {
	args := commentArgs(c)
	return w.conn.put(w.ctx, insertComment, args...)
}

var insertComment = "insert into comments (" + strings.Join(commentFields, ", ") + ", score, reasons) values (" + places(1, len(commentFields)+2) + ")"

func commentArgs(c comment.Comment) []any {
	return []any{
		c.Site, c.ID, c.PageID, c.ParentID, c.Depth, c.AuthorID, c.AuthorName, c.AuthorKind, c.Badge,
		c.Status, c.InForce, c.Revision, c.Public, c.VotesUp, c.VotesDown, c.Replies, c.Shown,
		c.Reports, c.Reported, c.Sequence, c.Version, c.Risk, c.Held, c.Group,
		micros(c.CreatedAt), micros(c.EditedAt), micros(c.DecidedAt), c.DecidedBy,
		c.VotesUp - c.VotesDown, reasonCodes(c.Text),
	}
}

// reasonCodes is what the queue's filter by reason looks through: ",a,b,".
func reasonCodes(r comment.Revision) string {
	return "," + strings.Join(r.ReasonCodes(), ",") + ","
}

// UpdateComment writes everything that changes; the reasons only with the
// revision that they belong to.
func (w *write) UpdateComment(c *comment.Comment) error {
	statement, args := updateComment, []any{
		c.Site, c.ID, c.Version,
		c.Status, c.InForce, c.Revision, c.Public, c.VotesUp, c.VotesDown, c.VotesUp - c.VotesDown, c.Replies, c.Shown,
		c.Reports, c.Sequence, c.Risk, c.Held, micros(c.EditedAt), micros(c.DecidedAt), c.DecidedBy, c.Reported, c.Group,
	}
	if c.Text.N == c.Revision && c.Text.Trace != nil {
		statement, args = updateCommentReasons, append(args, reasonCodes(c.Text))
	}
	n, err := w.conn.sure(w.ctx, statement, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "conflict", "The comment has changed in the meantime.")
	}
	c.Version++
	w.forget(ask{selectComment, []any{c.Site, c.ID}})
	return nil
}

const (
	setComment = `update comments set version = version + 1, status = $4, in_force = $5, revision = $6, public_revision = $7,
		votes_up = $8, votes_down = $9, score = $10, replies = $11, shown = $12, reports = $13, sequence = $14, risk = $15, held = $16,
		edited_at = $17, decided_at = $18, decided_by = $19, reported = $20, group_id = $21`
	whereComment         = " where site_id = $1 and comment_id = $2 and version = $3"
	updateComment        = setComment + whereComment
	updateCommentReasons = setComment + ", reasons = $22" + whereComment
)

func (w *write) InsertRevision(r comment.Revision) error {
	texts, err := r.Texts()
	if err != nil {
		return err
	}
	return w.conn.put(w.ctx, "insert into revisions ("+revisionColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8)",
		r.Site, r.CommentID, r.N, r.Source, texts.Tree, texts.Trace, micros(r.CreatedAt), r.Facts)
}

func (w *write) PutVote(site, commentID, voter string, value int) (int, error) {
	before, err := one(&w.query, scanInt, "select value from votes where site_id = $1 and comment_id = $2 and voter = $3", site, commentID, voter)
	if err != nil && !fault.Is(err, "not_found") {
		return 0, err
	}
	if value == 0 {
		err = w.conn.put(w.ctx, "delete from votes where site_id = $1 and comment_id = $2 and voter = $3", site, commentID, voter)
		return int(before), err
	}
	err = w.conn.put(w.ctx, `insert into votes (site_id, comment_id, voter, value) values ($1, $2, $3, $4)
		on conflict (site_id, comment_id, voter) do update set value = excluded.value`, site, commentID, voter, value)
	return int(before), err
}

const reportColumns = "site_id, comment_id, report_id, revision, reporter, reason, note, at, reporter_id, network, weight, outcome"

func scanReport(s scanner) (r comment.Report, err error) {
	err = s.Scan(&r.Site, &r.CommentID, &r.ID, &r.Revision, &r.Reporter, &r.Reason, &r.Note, instant{&r.At}, &r.ReporterID, &r.Network, &r.Weight, &r.Outcome)
	return r, err
}

func (w *write) InsertReport(r comment.Report) (bool, error) {
	n, err := w.conn.exec(w.ctx, "insert into reports ("+reportColumns+") values ("+places(1, 12)+`)
		on conflict (site_id, comment_id, revision, reporter) do nothing`,
		r.Site, r.CommentID, r.ID, r.Revision, r.Reporter, r.Reason, r.Note, micros(r.At), r.ReporterID, r.Network, r.Weight, r.Outcome)
	return n > 0, err
}

func (q *query) Reports(site, commentID string) ([]comment.Report, error) {
	return list(q, scanReport, "select "+reportColumns+" from reports where site_id = $1 and comment_id = $2 order by report_id desc limit 100", site, commentID)
}
