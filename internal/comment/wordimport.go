package comment

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// WordImport brings many entries at once.
type WordImport struct {
	Site   string
	Format string // text (an entry a line), csv (with a line of column names) or json (a list of objects)
	Text   string
	Usual  Word // what holds where a line says nothing: its list, kind, scope, language, expiry and note
	DryRun bool // only tells what it would do
}

// ImportedLine is what became of one line.
type ImportedLine struct {
	Line   int    `json:"line"` // 1, 2, 3…; of JSON the place in the list
	Text   string `json:"text"`
	Result string `json:"result"` // added, duplicate or refused
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// WordImported is what became of an import.
type WordImported struct {
	DryRun     bool           `json:"dry_run"`
	Added      int            `json:"added"`
	Duplicates int            `json:"duplicates"`
	Refused    int            `json:"refused"`
	Lines      []ImportedLine `json:"lines"`
}

// importedMost is the number of entries of one transaction: a file of very many
// would keep a site's readers waiting. An import that breaks off can be repeated.
const importedMost = 10_000

// notedMost is the number of entries in one event of the log.
const notedMost = 500

// shownMost is the number of characters of a refused line that are told again.
const shownMost = 120

// ImportWords adds all entries that can be, in one transaction if they are no more
// than a request can carry. Lines that are refused, or that are there already in
// whatever spelling, are told of and hold up nothing else.
func (s *Service) ImportWords(ctx context.Context, in WordImport, by Actor) (out WordImported, err error) {
	lines, err := readWords(in)
	if err != nil {
		return out, err
	}
	there, err := s.wordsThere(ctx, in.Site)
	if err != nil {
		return out, err
	}
	reading := wordReading{
		out:  WordImported{DryRun: in.DryRun, Lines: make([]ImportedLine, 0, len(lines))},
		site: there.site, seen: maps.Clone(there.byMatter), room: wordsMost - there.number,
	}
	for _, line := range lines {
		reading.take(line)
	}
	if in.DryRun {
		return reading.out, nil
	}
	for some := range slices.Chunk(reading.fresh, importedMost) {
		err := s.changeWords(ctx, in.Site, func(tx Tx, _ Site) error {
			if err := there.admit(tx, in.Site, some...); err != nil {
				return err
			}
			return s.putWords(tx, in.Site, slices.Clone(some), by)
		})
		if err != nil {
			return reading.out, err
		}
		there.version++ // by this very part
	}
	return reading.out, nil
}

func (s *Service) putWords(tx Tx, site string, words []Word, by Actor) error {
	at := s.Now()
	for i := range words {
		words[i].enter(s.NewID(), at, by)
		if err := s.putWord(tx, words[i]); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(words, notedMost) {
		notes, ids := make([]wordNote, len(some)), make([]string, len(some))
		for i, w := range some {
			notes[i], ids[i] = w.noted(), w.ID
		}
		if err := s.houseOf(tx, site, WordsImported, by, map[string]any{"words": notes}, RowWord, ids...); err != nil {
			return err
		}
	}
	return nil
}

// wordLine is one line of an import; err says why it cannot be read.
type wordLine struct {
	n    int
	word Word
	err  error
}

// wordReading is an import that goes on line by line.
type wordReading struct {
	site  Site
	seen  map[string]Word // by matter
	room  int
	fresh []Word
	out   WordImported
}

func (r *wordReading) take(line wordLine) {
	w := line.word
	w.Site = r.site.Key
	err := line.err
	if err == nil {
		err = w.check(r.site)
	}
	told := ImportedLine{Line: line.n, Text: shown(w.Text), Result: "added"}
	var twin Word
	var is bool
	if err == nil {
		twin, is = r.seen[w.matter()]
	}
	switch {
	case err != nil:
		told.Result = "refused"
		told.Code, told.Detail = refusal(err)
		r.out.Refused++
	case is:
		told.Result, told.Code, told.Detail = "duplicate", "duplicate", twin.there().Detail
		r.out.Duplicates++
	case len(r.fresh) == r.room:
		told.Result = "refused"
		told.Code, told.Detail = refusal(tooManyWords())
		r.out.Refused++
	default:
		r.seen[w.matter()] = w
		r.fresh = append(r.fresh, w)
		r.out.Added++
	}
	r.out.Lines = append(r.out.Lines, told)
}

func refusal(err error) (code, detail string) {
	var word *moderation.WordError
	if errors.As(err, &word) {
		return word.Code, word.Sentence
	}
	f := fault.Of(err)
	code = f.Code
	if len(f.Fields) > 0 {
		code = f.Fields[0].Code
	}
	return code, f.Detail
}

// shown cuts a line to what can be told again, on a terminal too.
func shown(text string) string {
	return cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")), shownMost)
}

// lineEnds makes the line ends of all systems one.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// codedStart is where a text of another encoding, or no text at all, shows itself.
const codedStart = 512

// byteOrderMark is what some programs begin a file of UTF-8 with.
const byteOrderMark = "\uFEFF"

func readWords(in WordImport) ([]wordLine, error) {
	if start := in.Text[:min(len(in.Text), codedStart)]; strings.Contains(start, "\x00") {
		return nil, fault.Input("text", "encoding", "This is no text in UTF-8, but in UTF-16 or no text at all; save it as UTF-8 (in a spreadsheet: “CSV UTF-8”).")
	}
	text := lineEnds.Replace(strings.TrimPrefix(in.Text, byteOrderMark))
	switch in.Format {
	case "", "text":
		return readLines(text, in.Usual), nil
	case "csv":
		return readTable(text, in.Usual)
	case "json":
		return readObjects(text, in.Usual)
	}
	return nil, fault.Input("format", "invalid", "The format is text, csv or json.")
}

// readLines reads an entry a line; blank lines say nothing.
func readLines(text string, usual Word) (lines []wordLine) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		w := usual
		w.Text = line
		lines = append(lines, wordLine{n: n, word: w})
	}
	return lines
}

// wordFields are the columns of a table, and the keys of an object.
var wordFields = []string{"list", "kind", "text", "language", "section", "page", "expires_at", "note", "exceptions"}

func readTable(text string, usual Word) (lines []wordLine, err error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	head, err := r.Read()
	if err != nil || !slices.Contains(head, "text") {
		return nil, fault.Input("text", "no_columns", "The first line names the columns; one of them is text, the others may be "+strings.Join(wordFields, ", ")+".")
	}
	for i, name := range head {
		if !slices.Contains(wordFields, name) || slices.Contains(head[:i], name) {
			return nil, fault.Input("text", "unknown_column", fmt.Sprintf("The column %q is unknown or stands twice; the columns are %s.", shown(name), strings.Join(wordFields, ", ")))
		}
	}
	for {
		row, err := r.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return lines, nil
		case errors.As(err, &bad):
			lines = append(lines, wordLine{n: bad.StartLine, err: fault.Input("text", "malformed", "The line cannot be read: "+bad.Err.Error()+".")})
			continue
		case err != nil:
			return nil, err
		}
		n, _ := r.FieldPos(0)
		lines = append(lines, readRow(n, head, row, usual))
	}
}

func readRow(n int, head, row []string, usual Word) wordLine {
	line := wordLine{n: n, word: usual}
	if len(row) > len(head) {
		line.err = fault.Input("text", "malformed", "The line has more fields than there are columns.")
	}
	for i, value := range row[:min(len(row), len(head))] {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if head[i] == "exceptions" {
			line.word.Exceptions = splitExceptions(value)
			continue
		}
		if err := line.word.setField(head[i], value); err != nil {
			line.err = err
		}
	}
	return line
}

func splitExceptions(value string) (all []string) {
	for one := range strings.SplitSeq(value, ";") {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// setField sets a field by its name outside, all but the exceptions.
func (w *Word) setField(name, value string) (err error) {
	if name == "expires_at" {
		w.ExpiresAt, err = ParseInstant(name, value)
		return err
	}
	field := map[string]*string{
		"list": &w.List, "kind": &w.Kind, "text": &w.Text, "language": &w.Language, "section": &w.Section, "page": &w.Page, "note": &w.Note,
	}[name]
	if field == nil {
		return fault.Input(name, "unknown_field", "There is no field "+shown(name)+".")
	}
	*field = value
	return nil
}

// ParseInstant reads a time such as 2026-03-01T09:30:00Z, or a day, which ends at
// its midnight in UTC; "" is the zero time.
func ParseInstant(name, value string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, value); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	at, err := ParseTime(name, value)
	if err != nil {
		return at, fault.Input(name, "invalid", "The field "+name+" is a time such as 2026-03-01T09:30:00Z, or a day such as 2026-03-01.")
	}
	return at, nil
}

// readObjects reads a list of objects, each by itself.
func readObjects(text string, usual Word) (lines []wordLine, err error) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fault.Input("text", "malformed", "The text is not a JSON list of objects.")
	}
	for i, raw := range all {
		w, err := readObject(raw, usual)
		lines = append(lines, wordLine{i + 1, w, err})
	}
	return lines, nil
}

func readObject(raw []byte, usual Word) (w Word, err error) {
	w = usual
	var in struct {
		List, Kind, Text, Language, Section, Page, Note *string
		ExpiresAt                                       *string `json:"expires_at"`
		Exceptions                                      []string
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return w, fault.Input("text", "malformed", "The entry is an object with the keys "+strings.Join(wordFields, ", ")+".")
	}
	for name, value := range map[string]*string{
		"list": in.List, "kind": in.Kind, "text": in.Text, "language": in.Language, "section": in.Section, "page": in.Page, "note": in.Note, "expires_at": in.ExpiresAt,
	} {
		if value != nil && *value != "" {
			err = errors.Join(err, w.setField(name, *value))
		}
	}
	if in.Exceptions != nil {
		w.Exceptions = in.Exceptions
	}
	return w, err
}

// ExportWords writes a site's entries as ImportWords reads them. Of text it is the
// entries alone, so that makes sense for one list.
func (s *Service) ExportWords(ctx context.Context, site, list, format string) ([]byte, error) {
	all, err := s.AllWords(ctx, site)
	if err != nil {
		return nil, err
	}
	words := slices.DeleteFunc(all, func(w Word) bool { return list != "" && w.List != list })
	var out bytes.Buffer
	switch format {
	case "text":
		for _, w := range words {
			out.WriteString(w.Text + "\n")
		}
		return out.Bytes(), nil
	case "csv":
		err = writeTable(&out, words)
		return out.Bytes(), err
	}
	views := make([]exportedWord, len(words))
	for i, w := range words {
		views[i] = exportedWord{w.List, w.Kind, w.Text, w.Language, w.Section, w.Page, exportedTime(w.ExpiresAt), w.Note, w.Exceptions}
	}
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(views)
	return out.Bytes(), err
}

type exportedWord struct {
	List       string   `json:"list"`
	Kind       string   `json:"kind"`
	Text       string   `json:"text"`
	Language   string   `json:"language,omitempty"`
	Section    string   `json:"section,omitempty"`
	Page       string   `json:"page,omitempty"`
	ExpiresAt  string   `json:"expires_at,omitempty"`
	Note       string   `json:"note,omitempty"`
	Exceptions []string `json:"exceptions,omitempty"`
}

func exportedTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return Timestamp(t)
}

func writeTable(out io.Writer, words []Word) error {
	t := csv.NewWriter(out)
	rows := make([][]string, 0, len(words)+1)
	rows = append(rows, wordFields)
	for _, w := range words {
		rows = append(rows, []string{w.List, w.Kind, w.Text, w.Language, w.Section, w.Page, exportedTime(w.ExpiresAt), w.Note, strings.Join(w.Exceptions, "; ")})
	}
	return t.WriteAll(rows)
}
