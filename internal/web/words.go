package web

import (
	"encoding/json"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/moderation"
)

// WordView is an entry of a word list as the API shows it.
type WordView struct {
	ID         string     `json:"id"`
	List       string     `json:"list"`
	Kind       string     `json:"kind"`
	Text       string     `json:"text"`
	Language   *string    `json:"language"`
	Section    *string    `json:"section"`
	Page       *string    `json:"page"`
	ExpiresAt  *string    `json:"expires_at"`
	Exceptions []string   `json:"exceptions"`
	Note       *string    `json:"note"`
	AddedBy    *string    `json:"added_by"`
	CreatedAt  string     `json:"created_at"`
	Sweep      *SweepView `json:"sweep"`

	Precision comment.Precision `json:"precision"`
}

// SweepView is how far the search for a legal term has come.
type SweepView struct {
	State  string `json:"state"` // running or done
	Looked int    `json:"looked"`
	Found  int    `json:"found"`
}

// ShowWord makes the view of an entry.
func ShowWord(w comment.ListedWord) WordView {
	v := WordView{
		ID: w.ID, List: w.List, Kind: w.Kind, Text: w.Text, Exceptions: []string{}, CreatedAt: comment.Timestamp(w.CreatedAt), Precision: w.Precision,
		Language: comment.OptionalText(w.Language), Section: comment.OptionalText(w.Section), Page: comment.OptionalText(w.Page),
		ExpiresAt: comment.OptionalTime(w.ExpiresAt), Note: comment.OptionalText(w.Note), AddedBy: comment.OptionalText(w.AddedBy.Name),
	}
	v.Exceptions = append(v.Exceptions, w.Exceptions...)
	if w.Sweep != nil {
		v.Sweep = &SweepView{State: "running", Looked: w.Sweep.Looked, Found: w.Sweep.Found}
		if w.Sweep.Stage == comment.SweepDone || w.Sweep.Stage == comment.SweepLate {
			v.Sweep.State = "done"
		}
	}
	return v
}

func (s *Server) words(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	q := comment.WordQuery{Site: param(c, "site"), Search: v.Get("q")}
	if q.List, err = oneOf(v, "list", "", moderation.ListBanned, moderation.ListSuspect, moderation.ListAllowed, moderation.ListLegal); err != nil {
		return err
	}
	if q.Kind, err = oneOf(v, "kind", "", comment.KindWord, comment.KindHost); err != nil {
		return err
	}
	if len(q.Search) > maxWordSearch {
		return parameter("The parameter q has at most 200 bytes.")
	}
	return longList[comment.ListedWord, WordView]{
		name: "words", of: []string{q.Site, q.List, q.Kind, q.Search}, show: ShowWord,
		read: func(after string, limit int) ([]comment.ListedWord, string, error) {
			if q.Limit = limit; after != "" {
				parts := strings.SplitN(after, "\x00", 3)
				q.After = comment.WordPlace{List: parts[0], ID: parts[1], Text: parts[2]}
			}
			found, last, err := s.Comments.WordsOf(c.UserContext(), q)
			if err != nil || last == nil {
				return found, "", err
			}
			return found, last.List + "\x00" + last.ID + "\x00" + last.Text, nil
		},
	}.send(s, c)
}

// maxWordSearch is the most bytes of a search in the lists.
const maxWordSearch = 200

func (s *Server) word(c *fiber.Ctx) error {
	w, err := s.Comments.WordOf(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowWord(w))
}

// wordScope is where and until when an entry counts, as requests say it.
type wordScope struct {
	Language  string `json:"language"`
	Section   string `json:"section"`
	Page      string `json:"page"`
	ExpiresAt string `json:"expires_at"`
	Note      string `json:"note"`
}

func (in wordScope) word(site, list, kind string) (comment.Word, error) {
	at, err := comment.ParseInstant("expires_at", in.ExpiresAt)
	return comment.Word{
		Site: site, List: list, Kind: kind, Language: in.Language, Section: in.Section, Page: in.Page, Note: in.Note, ExpiresAt: at,
	}, err
}

func (s *Server) addWord(c *fiber.Ctx) error {
	in, err := decode[struct {
		List       string   `json:"list" validate:"required,oneof=banned suspect allowed legal"`
		Kind       string   `json:"kind" validate:"omitempty,oneof=word host"`
		Text       string   `json:"text" validate:"required"`
		Language   string   `json:"language"`
		Section    string   `json:"section"`
		Page       string   `json:"page"`
		ExpiresAt  string   `json:"expires_at"`
		Exceptions []string `json:"exceptions"`
		Note       string   `json:"note"`
	}](c)
	if err != nil {
		return err
	}
	w, err := wordScope{in.Language, in.Section, in.Page, in.ExpiresAt, in.Note}.word(param(c, "site"), in.List, in.Kind)
	if err != nil {
		return err
	}
	w.Text, w.Exceptions = in.Text, in.Exceptions
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		w, err := s.Comments.AddWord(c.UserContext(), w, actor(c))
		if err != nil {
			return nil, err
		}
		return s.shownWord(c, w)
	})
}

func (s *Server) shownWord(c *fiber.Ctx, w comment.Word) (WordView, error) {
	listed, err := s.Comments.WordOf(c.UserContext(), w.Site, w.ID)
	return ShowWord(listed), err
}

// changed is a text that a request may leave as it is, change, or take away with
// null.
type changed struct{ value *string }

// UnmarshalJSON takes null for "".
func (t *changed) UnmarshalJSON(data []byte) error {
	text := ""
	t.value = &text
	return json.Unmarshal(data, t.value)
}

func (s *Server) changeWord(c *fiber.Ctx) error {
	in, err := decode[struct {
		List       *string  `json:"list" validate:"omitempty,oneof=banned suspect allowed legal"`
		Text       *string  `json:"text"`
		Language   changed  `json:"language"`
		Section    changed  `json:"section"`
		Page       changed  `json:"page"`
		ExpiresAt  changed  `json:"expires_at"`
		Exceptions []string `json:"exceptions"`
		Note       changed  `json:"note"`
	}](c)
	if err != nil {
		return err
	}
	change := comment.WordChange{
		List: in.List, Text: in.Text, Language: in.Language.value, Section: in.Section.value, Page: in.Page.value,
		Note: in.Note.value, Exceptions: in.Exceptions,
	}
	if until := in.ExpiresAt.value; until != nil {
		at, err := comment.ParseInstant("expires_at", *until)
		if err != nil {
			return err
		}
		change.ExpiresAt = &at
	}
	w, err := s.Comments.ChangeWord(c.UserContext(), param(c, "site"), param(c, "id"), change, actor(c))
	if err != nil {
		return err
	}
	v, err := s.shownWord(c, w)
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, v)
}

func (s *Server) removeWord(c *fiber.Ctx) error {
	return done(c, s.Comments.RemoveWord(c.UserContext(), param(c, "site"), param(c, "id"), actor(c)))
}

func (s *Server) importWords(c *fiber.Ctx) error {
	in, err := decode[struct {
		Format    string `json:"format" validate:"omitempty,oneof=text csv json"`
		Text      string `json:"text" validate:"required"`
		List      string `json:"list" validate:"omitempty,oneof=banned suspect allowed legal"`
		Kind      string `json:"kind" validate:"omitempty,oneof=word host"`
		Language  string `json:"language"`
		Section   string `json:"section"`
		Page      string `json:"page"`
		ExpiresAt string `json:"expires_at"`
		Note      string `json:"note"`
		DryRun    bool   `json:"dry_run"`
	}](c)
	if err != nil {
		return err
	}
	usual, err := wordScope{in.Language, in.Section, in.Page, in.ExpiresAt, in.Note}.word("", in.List, in.Kind)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusOK, func() (any, error) {
		return s.Comments.ImportWords(c.UserContext(), comment.WordImport{
			Site: param(c, "site"), Format: in.Format, Text: in.Text, Usual: usual, DryRun: in.DryRun,
		}, actor(c))
	})
}

// exportTypes are the types of an export by its format.
var exportTypes = map[string]string{"json": fiber.MIMEApplicationJSONCharsetUTF8, "csv": "text/csv; charset=utf-8", "text": fiber.MIMETextPlainCharsetUTF8}

func (s *Server) exportWords(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	format, err := oneOf(v, "format", "json", "csv", "text")
	if err != nil {
		return err
	}
	list, err := oneOf(v, "list", "", moderation.ListBanned, moderation.ListSuspect, moderation.ListAllowed, moderation.ListLegal)
	if err != nil {
		return err
	}
	out, err := s.Comments.ExportWords(c.UserContext(), param(c, "site"), list, format)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, exportTypes[format])
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="words.`+map[string]string{"json": "json", "csv": "csv", "text": "txt"}[format]+`"`)
	return c.Send(out)
}

// WordMatch is an entry that a text matches.
type WordMatch struct {
	Word     WordView          `json:"word"`
	Effect   moderation.Hint   `json:"effect"`
	Sentence string            `json:"sentence"`
	Spans    []moderation.Span `json:"spans"`
}

// ShowMatches makes the view of what a test has found.
func ShowMatches(found []comment.WordMatch) []WordMatch {
	views := make([]WordMatch, len(found))
	for i, m := range found {
		spans := m.Evidence.Spans
		if spans == nil {
			spans = []moderation.Span{}
		}
		views[i] = WordMatch{ShowWord(comment.ListedWord{Word: m.Word}), m.Evidence.Hint, m.Evidence.Sentence, spans}
	}
	return views
}

func (s *Server) testWords(c *fiber.Ctx) error {
	in, err := decode[struct {
		Text string `json:"text" validate:"required"`
		Page string `json:"page"`
		Name string `json:"name"`
	}](c)
	if err != nil {
		return err
	}
	found, err := s.Comments.TestWords(c.UserContext(), comment.WordTest{Site: param(c, "site"), Text: in.Text, Page: in.Page, Name: in.Name})
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, map[string]any{"matches": ShowMatches(found)})
}
