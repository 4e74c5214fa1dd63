package app

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/store/storetest/pgtest"
)

// TestOneChangedByteIsFoundOnAServer changes one byte in each column of a row of
// each table that the log covers, as whoever has the server's password could.
func TestOneChangedByteIsFoundOnAServer(t *testing.T) {
	dsn := pgtest.Database(t)
	a := node(t, dsn)
	addDaily(t, a)
	by := comment.Account{ID: "account-ada", Name: "ada", Grants: []comment.Grant{{Site: comment.AllSites, Role: comment.Owner}}}
	out, err := a.Comments.Submit(t.Context(), submission(1))
	if err != nil {
		t.Fatal(err)
	}
	word := comment.Word{Site: "daily", List: "suspect", Kind: comment.KindWord, Text: "frob", Exceptions: []string{"frobisher"}}
	if _, err := a.Comments.AddWord(t.Context(), word, comment.Actor{Name: "ada"}); err != nil {
		t.Fatal(err)
	}
	name, when, tag := "Links", "links.count > 40", "links"
	if _, err := a.Comments.AddRule(t.Context(), "daily", comment.RuleChange{Name: &name, When: &when, Tag: &tag}, comment.Actor{Name: "ada"}); err != nil {
		t.Fatal(err)
	}
	_, err = a.Comments.Decide(t.Context(), comment.Ruling{
		By: by, Action: comment.Reject, Reason: "insult", Items: []comment.Item{{ID: out.Comment.ID, Revision: 1}}, Received: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("set session_replication_role = replica"); err != nil { // no foreign keys
		t.Fatal(err)
	}
	verify := func() (found comment.Audit) {
		t.Helper()
		err := a.Store.View(t.Context(), func(r comment.Reader) (err error) {
			found, err = a.Ledger.Verify(r, "daily")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	free := " comments.replies comments.shown comments.version comments.score comments.risk comments.reasons "
	flips := 0
	for _, table := range []string{"events", "decisions", "revisions", "comments", "sites", "words", "rules", "rule_versions"} {
		for column, kind := range columnsOf(t, db, table) {
			if strings.Contains(free, " "+table+"."+column+" ") {
				continue
			}
			flip := map[string]string{
				"text":   "case when " + column + " = '' then 'x' else overlay(" + column + " placing chr(ascii(" + column + ") # 1) from 1) end",
				"bigint": column + " # 4294967296", "integer": column + " # 65536", "boolean": "not " + column,
				"bytea": "set_byte(" + column + ", 0, get_byte(" + column + ", 0) # 1)",
			}[kind]
			where := " where ctid = (select ctid from " + table + " where site_id = 'daily' limit 1)"
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("create temp table before as select * from " + table); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("update " + table + " set " + column + " = " + flip + where); err != nil {
				_ = tx.Rollback()
				if strings.Contains(err.Error(), "23514") { // a check of the table's own refuses it
					continue
				}
				t.Fatalf("%s.%s: %v", table, column, err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			flips++
			if found := verify(); found.Bad == 0 || found.What == "" {
				t.Errorf("%s.%s was changed and not found: %+v", table, column, found)
			}
			for _, statement := range []string{"delete from " + table, "insert into " + table + " select * from before", "drop table before"} {
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
		}
	}
	if found := verify(); found.Bad != 0 {
		t.Errorf("as it was again: %+v", found)
	}
	if flips < 60 {
		t.Errorf("only %d bytes were changed", flips)
	}
}

// columnsOf are the columns of a table with their types.
func columnsOf(t *testing.T, db *sql.DB, table string) map[string]string {
	t.Helper()
	rows, err := db.Query("select column_name, data_type from information_schema.columns where table_schema = current_schema() and table_name = $1", table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		columns[name] = kind
	}
	if rows.Err() != nil || len(columns) == 0 {
		t.Fatal(fmt.Errorf("columns of %s: %d, %w", table, len(columns), rows.Err()))
	}
	return columns
}
