package store

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// A server spends more on taking in a statement than on a row. What a group
// inserts, and what many ask, with the same text and other values is therefore
// sent as one statement, whose parameters are columns of values.

// insertOrder are the tables whose rows are inserted together: those that others
// refer to come first.
var insertOrder = []string{"pages", "authors", "comments", "revisions", "decisions", "events", "receipts", "words"}

// steady are the beginnings of the statements before which such an insert may be
// sent although it came after them: they change one row each, which they name,
// and not what is inserted.
var steady = []string{
	"with guess as (insert into buckets ", "with guess as (update comments set version ", "with guess as (update status_counts ",
	"insert into buckets ", "insert into status_counts ", "insert into log_heads ",
	"update log_heads ", "update pages set visible ", "update revisions set trace ", "update authors set approved ",
}

// rows are inserts of the same text.
type rows struct {
	text string
	args [][]any
	keys map[[2]any]bool // of those that may be there already, which must differ
}

// merged gives the statements of a group with their inserts put together.
func merged(all []statement) []statement {
	var out, later []statement
	waiting := make([]*rows, len(insertOrder))
	flush := func() {
		for i, r := range waiting {
			if r != nil {
				out = append(out, r.statements()...)
			}
			waiting[i] = nil
		}
		out = append(out, later...)
		later = nil
	}
	for _, s := range all {
		switch i := insertInto(s); {
		case i >= 0:
			if !waiting[i].takes(s) {
				flush()
			}
			if waiting[i] == nil {
				waiting[i] = &rows{text: s.text, keys: map[[2]any]bool{}}
			}
			waiting[i].add(s)
		case slices.ContainsFunc(steady, func(b string) bool { return strings.HasPrefix(s.text, b) }):
			later = append(later, s)
		default:
			flush()
			out = append(out, s)
		}
	}
	flush()
	return out
}

// insertInto is the place of a statement's table in insertOrder, -1 if it is not
// one of those inserts.
func insertInto(s statement) int {
	after, ok := strings.CutPrefix(s.text, "insert into ")
	if !ok {
		return -1
	}
	table, _, _ := strings.Cut(after, " ")
	return slices.Index(insertOrder, table)
}

// takes reports whether one more row may go with these.
func (r *rows) takes(s statement) bool {
	return r == nil || r.text == s.text && !r.keys[[2]any{s.args[0], s.args[1]}]
}

func (r *rows) add(s statement) {
	r.args = append(r.args, s.args)
	r.keys[[2]any{s.args[0], s.args[1]}] = strings.Contains(s.text, "on conflict ")
}

var valuesOf = regexp.MustCompile(` values \([$0-9, ]+\)`)

func (r *rows) statements() []statement {
	if params, args := columns(r.args); len(r.args) > 1 && args != nil {
		return []statement{{text: valuesOf.ReplaceAllLiteralString(r.text, " select * from unnest("+strings.Join(params, ", ")+")"), args: args, write: true}}
	}
	all := make([]statement, len(r.args))
	for i, args := range r.args {
		all[i] = statement{text: r.text, args: args, write: true}
	}
	return all
}

// columns turns rows of values into columns, each with its parameter; nil if
// there is a kind of value that has no column here.
func columns(rows [][]any) (params []string, args []any) {
	for i := range rows[0] {
		var values any
		var kind string
		switch v := reflect.ValueOf(rows[0][i]); v.Kind() {
		case reflect.String:
			values, kind = column1(rows, i, reflect.Value.String), "text"
		case reflect.Int, reflect.Int64:
			values, kind = column1(rows, i, reflect.Value.Int), "bigint"
		case reflect.Bool:
			values, kind = column1(rows, i, reflect.Value.Bool), "boolean"
		default:
			if _, ok := rows[0][i].([]byte); !ok {
				return nil, nil
			}
			values, kind = column1(rows, i, reflect.Value.Bytes), "bytea"
		}
		args = append(args, values)
		params = append(params, fmt.Sprintf("$%d::%s[]", i+1, kind))
	}
	return params, args
}

func column1[T any](rows [][]any, i int, read func(reflect.Value) T) []T {
	values := make([]T, len(rows))
	for n, row := range rows {
		values[n] = read(reflect.ValueOf(row[i]))
	}
	return values
}

// question is what is asked in one statement, for the asks of these numbers. Of
// several ones each row begins with the place of the ask in that list, from 1.
type question struct {
	ask
	of []int
}

// questions puts asks of the same text together, in the order of the first.
func questions(asks []ask) (all []question) {
	place := map[string]int{}
	for n, a := range asks {
		if i, known := place[a.text]; known {
			all[i].of = append(all[i].of, n)
			continue
		}
		if !strings.HasSuffix(a.text, " for update") { // which goes from one to the next
			place[a.text] = len(all)
		}
		all = append(all, question{a, []int{n}})
	}
	out := make([]question, 0, len(all))
	for _, q := range all {
		out = append(out, q.together(asks)...)
	}
	return out
}

func (q question) together(asks []ask) []question {
	var given [][]any
	var apart []question
	for _, n := range q.of {
		given = append(given, asks[n].args)
		apart = append(apart, question{asks[n], []int{n}})
	}
	if len(given) == 1 || len(given[0]) == 0 {
		return apart
	}
	params, args := columns(given)
	if args == nil {
		return apart
	}
	// "offset 0" keeps the server from thinking of another plan than it has for one.
	each := parameter.ReplaceAllString(q.text, "a.p$1")
	text := fmt.Sprintf("select a.n, t.* from unnest(%s) with ordinality a(%s, n), lateral (%s offset 0) t", strings.Join(params, ", "), names(len(params)), each)
	return []question{{ask{text, args}, q.of}}
}

// names are p1, p2, …
func names(n int) string { return strings.ReplaceAll(places(1, n), "$", "p") }
