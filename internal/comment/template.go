package comment

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
)

// templateFields are what a message may name, in braces.
var templateFields = []string{"name", "page", "site", "excerpt", "rule", "rule_text", "reason", "until"}

// The limits of a message: of its template, in bytes, and of what it becomes, in
// code points, since fields may be long and stand there often.
const (
	templateMost = 4000
	messageMost  = 6000
	excerptMost  = 200
)

// builtIn are the messages of a site without templates, by language.
var builtIn = map[string]string{
	"en": "Hello {name},\n\nyour comment on “{page}” is not shown.\n\nOur rule {rule}\n{rule_text}\nReason: {reason}\n\nIf you think that this is wrong, you can ask for another look until {until}. Somebody else will decide.",
	"de": "Guten Tag {name},\n\nIhr Kommentar zu „{page}“ wird nicht angezeigt.\n\nUnsere Regel {rule}\n{rule_text}\nGrund: {reason}\n\nWenn Sie das für falsch halten, können Sie bis {until} um eine neue Prüfung bitten. Es entscheidet dann jemand anderes.",
}

var templateField = regexp.MustCompile(`\{([a-z_]+)\}`)

// checkTemplate says what is wrong with a message's template, and in which line.
func checkTemplate(name, text string) error {
	if len(text) > templateMost {
		return fault.Input(name, "too_long", "The message is longer than 4000 bytes.")
	}
	for i, line := range strings.Split(text, "\n") {
		for _, m := range templateField.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(templateFields, m[1]) {
				return fault.Input(name, "unknown_field", "Line "+strconv.Itoa(i+1)+": there is no field {"+m[1]+"}; the fields are {"+strings.Join(templateFields, "}, {")+"}.")
			}
		}
	}
	return nil
}

// fill puts values in the place of the fields, once. A line whose fields are all
// empty is left out, so that a template need not know whether a rule is named.
func fill(text string, values map[string]string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		fields, filled := 0, 0
		line = templateField.ReplaceAllStringFunc(line, func(field string) string {
			value := values[field[1:len(field)-1]]
			fields++
			filled += indicator(value != "")
			return value
		})
		if fields == 0 || filled > 0 {
			lines = append(lines, line)
		}
	}
	return cut(strings.TrimSpace(manyBlank.ReplaceAllLiteralString(strings.Join(lines, "\n"), "\n\n")), messageMost)
}

var manyBlank = regexp.MustCompile(`\n{3,}`)

// template is the message for a clause, a reason, or anything else.
func (h *houseRules) template(clause, reason, language string) string {
	for _, name := range []string{clause, reason, templateDefault} {
		if text := h.templates[name]; name != "" && text != "" {
			return text
		}
	}
	tag, _, _ := strings.Cut(strings.ToLower(language), "-")
	if text := builtIn[tag]; text != "" {
		return text
	}
	return builtIn["en"]
}

var templateName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,59}$`)

// Templates lists the templates that a site has made, by name.
func (s *Service) Templates(ctx context.Context, site string) (all []Template, err error) {
	err = s.viewOf(ctx, site, func(r Reader) error {
		all, err = r.Templates(site)
		return err
	})
	return all, err
}

// PutTemplate makes or changes a template.
func (s *Service) PutTemplate(ctx context.Context, t Template, by Actor) (Template, error) {
	if !templateName.MatchString(t.Name) {
		return t, fault.Input("name", "invalid", "A template is for a reason such as off_topic, for the id of a house rule, or for default.")
	}
	text, err := markup.Clean(t.Text)
	if err != nil {
		return t, fault.Input("text", "invalid", "A message is plain text, and not empty.")
	}
	if err := checkTemplate("text", text); err != nil {
		return t, err
	}
	t.Text, t.ChangedAt = text, s.Now()
	err = s.changeRules(ctx, t.Site, func(tx Tx) error {
		if _, err := tx.Site(t.Site); err != nil {
			return err
		}
		if IsID(t.Name) {
			if _, err := tx.Clause(t.Site, t.Name); err != nil {
				return err
			}
		}
		if err := tx.PutTemplate(t); err != nil {
			return err
		}
		row := "template/" + t.Name
		return s.houseChanged(tx, t.Site, TemplateChanged, by, s.Ledger.entry(row, t.covered()), map[string]string{"name": t.Name, "text": t.Text})
	})
	return t, err
}

// RemoveTemplate deletes a template; the next more general one takes its place.
func (s *Service) RemoveTemplate(ctx context.Context, site, name string, by Actor) error {
	return s.changeRules(ctx, site, func(tx Tx) error {
		if err := tx.RemoveTemplate(site, name); err != nil {
			return err
		}
		return s.houseChanged(tx, site, TemplateRemoved, by, "template/"+name+"="+rowGone, map[string]string{"name": name})
	})
}

// Trial asks what an author would be told.
type Trial struct {
	Site    string
	Comment string // "" = made-up values
	Clause  string
	Reason  string
	Text    string // "" = the template that applies
}

// Tried is the template and what it becomes.
type Tried struct {
	Template string `json:"template"`
	Message  string `json:"message"`
}

// TryMessage shows what an author would be told, and keeps nothing.
func (s *Service) TryMessage(ctx context.Context, t Trial) (out Tried, err error) {
	if err := checkTemplate("text", t.Text); err != nil {
		return out, err
	}
	u, err := s.rulesOf(ctx, t.Site)
	if err != nil {
		return out, err
	}
	clause, known := u.house.find(t.Clause)
	if t.Clause != "" && !known {
		return out, fault.Input("clause", "unknown_clause", "There is no such house rule, or it is no longer active.")
	}
	if out.Template = t.Text; out.Template == "" {
		out.Template = u.house.template(clause.ID, t.Reason, u.Options.Language)
	}
	d := Decision{Site: t.Site, Action: Reject, Reason: t.Reason, EffectiveAt: s.Now()}
	w := wording{site: u.Site, page: Page{Title: "Title of the article"}, author: "Ada", text: "The beginning of the comment.", clause: clause, d: d}
	if t.Comment != "" {
		if err := s.wordingOf(ctx, t, &w); err != nil {
			return out, err
		}
	}
	out.Message = fill(out.Template, w.values())
	return out, nil
}

func (s *Service) wordingOf(ctx context.Context, t Trial, w *wording) error {
	if !IsID(t.Comment) {
		return fault.Missing()
	}
	return s.Store.View(ctx, func(r Reader) error {
		c, err := r.Comment(t.Site, t.Comment)
		if err != nil {
			return err
		}
		rev, err := r.Revision(c.Site, c.ID, c.Revision)
		if err != nil {
			return err
		}
		w.author, w.text = c.AuthorName, rev.Tree.Plain()
		w.page, err = r.Page(c.Site, c.PageID)
		return err
	})
}

// wording is what the fields of a message stand for.
type wording struct {
	site   Site
	page   Page
	author string
	text   string // plain
	clause Clause
	d      Decision
}

func (w wording) values() map[string]string {
	until := ""
	if t := appealUntil(w.site.Options, w.d.EffectiveAt); !t.IsZero() {
		until = t.UTC().Format("2006-01-02")
	}
	page := w.page.Title
	if page == "" {
		page = w.page.URL
	}
	rule := strings.TrimSpace(w.clause.Number + " " + w.clause.Title)
	return map[string]string{
		"name": w.author, "page": page, "site": w.site.Name, "excerpt": cut(strings.Join(strings.Fields(w.text), " "), excerptMost),
		"rule": rule, "rule_text": w.clause.Text, "reason": strings.ReplaceAll(w.d.Reason, "_", " "), "until": until,
	}
}
