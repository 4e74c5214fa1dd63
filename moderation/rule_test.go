package moderation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC) // a Sunday

// newcomersLink is a subject that many facts are known of.
func newcomersLink() *Subject {
	return &Subject{
		Site:   Site{Key: "daily", Mode: ModeFlagged, TrustedAfter: 2, MaxLinks: 5},
		Page:   Page{Key: "p", URL: "https://daily.example/sport/final", Section: "sport", Title: "The final", CreatedAt: noon.Add(-90 * time.Minute)},
		Author: Author{ID: "a1", Name: "Rita", Kind: "guest", Approved: 1, Rejected: 3, FirstSeen: noon.Add(-36 * time.Hour)},
		Text:   "BUY at https://bit.ly/x and c.a.s.i.n.o", Plain: "BUY at https://bit.ly/x and c.a.s.i.n.o",
		Links: []string{"https://bit.ly/x"}, Revision: 1, Reply: true, Now: noon,
		Copies: Group{ID: "c1", Count: 2, Authors: 2, Rejected: 1},
	}
}

// asked tells whether a condition holds for a subject, examined by all checks.
func asked(t *testing.T, s *Subject, when string) bool {
	t.Helper()
	rules, err := CompileRules([]Rule{{ID: "r", Name: "Rule", When: when, Action: HintReview, Mode: RuleActive}})
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	s.Rules = rules
	trace := New().Examine(context.Background(), s)
	last := trace[len(trace)-1]
	if last.Check != rulesStep {
		t.Fatalf("the last step is %q", last.Check)
	}
	for _, e := range last.Evidence {
		if e.Code == CodeRuleFailed {
			t.Fatalf("%s: %s", when, e.Sentence)
		}
	}
	return len(last.Evidence) == 1
}

func TestRuleFacts(t *testing.T) {
	for when, want := range map[string]bool{
		"text.len == 39": true, "text.words == 5": true, "text.caps > 0.1 and text.caps < 0.2": true,
		`text.plain contains "casino"`: false, `text.folded contains "casino"`: true, `text.plain matches "(?i)^buy\\b"`: true,
		"links.count == 1": true, `"bit.ly" in links.hosts`: true, `any(links.hosts, # endsWith ".ly")`: true, "len(links.hosts) > 1": false,
		`author.kind == "guest"`: true, `author.name == "Rita"`: true, "author.approved == 1 and author.rejected == 3": true,
		"author.rejectRate == 0.75": true, "author.ageDays == 1.5": true, "author.trusted": false,
		`page.key == "p"`: true, `page.url startsWith "https://daily.example/"`: true, `page.section in ["news", "sport"]`: true,
		`page.title contains "final"`: true, "page.ageHours == 1.5": true, "page.surge > 0": false,
		"dup.count == 2 and dup.rejected == 1 and dup.authors == 2": true,
		`"shortener" in checks and "near_duplicate" in checks`:      true, `scores["toxicity"] > 0`: false, "scores.any == 0": true,
		"time.hour == 12": true, `time.weekday == "sunday"`: true, "revision == 1": true, "reply": true, "not reply": false,
		"reports.count > 0 or reports.weighted > 0": false, "words.banned + words.suspect == 0": true,
		"links.count > 0.1 * text.words": true, "text.len / 13 == 3": true, "max(text.words, links.count) == 5": true,
		"reply ? links.count > 0 : links.count > 9": true, "count(links.hosts, # != \"\") == 1": true,
	} {
		if got := asked(t, newcomersLink(), when); got != want {
			t.Errorf("%s is %v, want %v", when, got, want)
		}
	}
}

func TestScoresAreFacts(t *testing.T) {
	s := newcomersLink()
	s.Rules, _ = CompileRules([]Rule{{ID: "r", Name: "Toxic", When: `scores["toxicity"] >= 0.8 and scores.spam < 0.1 and words.suspect == 1`, Action: HintReview, Mode: RuleActive}})
	s.Words, _ = CompileWords([]Word{{ID: "w", List: ListSuspect, Text: "casino"}})
	scorer := fixed{"scorer", []Evidence{{Code: "scored", Data: map[string]string{"score_toxicity": "0.85", "score_spam": "x", "other": "1"}}}}
	trace := New(scorer).Examine(context.Background(), s)
	if got := trace[len(trace)-1].Evidence; len(got) != 1 || got[0].Hint != HintReview {
		t.Errorf("the rule found %v", got)
	}
}

type fixed struct {
	name  string
	found []Evidence
}

func (f fixed) Name() string                                          { return f.name }
func (f fixed) Version() int                                          { return 1 }
func (f fixed) Examine(context.Context, *Subject) ([]Evidence, error) { return f.found, nil }

// Every fact of the catalogue can be asked for, in a condition of its type.
func TestFactNames(t *testing.T) {
	for _, f := range FactNames() {
		when := map[FactType]string{
			NumberFact: f.Name + " > 1", TextFact: f.Name + ` == "x"`, BoolFact: f.Name, ListFact: `"x" in ` + f.Name, ScoresFact: f.Name + ".x > 1",
		}[f.Type]
		facts, err := CheckCondition(when)
		if err != nil || !slices.Equal(facts, []string{f.Name}) {
			t.Errorf("%s asks for %v: %v", when, facts, err)
		}
		if f.Sentence == "" {
			t.Errorf("%s is not explained", f.Name)
		}
	}
}

func TestConditionsThatAreRefused(t *testing.T) {
	for _, tt := range []struct{ when, place, says string }{
		{"", "", "needs a condition"},
		{"links.count", "1:1", "is a number"},
		{"links.cuont > 2", "1:1", "There is no fact links.cuont; there are links.count"},
		{"reply and\n  txt.len > 2", "2:3", "There is no fact txt.len; there is text.len"},
		{"Revision > 2", "1:1", "there is revision"},
		{"unheard_of", "1:1", "There is no fact unheard_of."},
		{"text", "1:1", "there are text.plain"},
		{`text.len > "3"`, "1:12", "needs a number here, not a text"},
		{`text.plain == 3`, "1:12", "A text cannot be compared with a number"},
		{`links.hosts == "x"`, "1:13", "cannot be compared"},
		{"text.len / 0 > 1", "1:12", "Divide by a number other than 0"},
		{"text.len / links.count > 1", "1:12", "Divide by a number other than 0"},
		{"text.len % 2 == 0", "1:10", "no operator"},
		{"2 ** 100 > 1", "1:3", "no operator"},
		{`text.plain + "x" == "y"`, "1:1", "needs a number here"},
		{"all(1..100000000, # > 0)", "1:6", "no operator"},
		{"any(links.hosts, any(links.hosts, # == \"x\"))", "1:18", "within another"},
		{"let x = 1; x > 0", "1:5", "without variables"},
		{`repeat("x", 1000000000) == ""`, "1:1", "no function repeat"},
		{"now().Year() > 2000", "1:1", ""},
		{`filter(links.hosts, true) == []`, "1:1", "no function filter"},
		{`text.plain.foo == "x"`, "1:1", "this is none"},
		{`text["len"] > 2 and text?.len > 2`, "", ""},
		{`text.plain matches "("`, "1:20", "cannot be read"},
		{`text.plain matches page.key`, "1:20", "a pattern in quotes"},
		{`text.plain matches "(a{900}){900}"`, "1:20", ""},
		{`text.plain matches "[a-z]{400}x{400}"`, "1:20", "repeats too much"},
		{`text.plain matches "` + strings.Repeat("a", 201) + `"`, "1:20", "at most 200 bytes"},
		{strings.Repeat(`text.plain matches "a" or `, 5) + "reply", "", "at most 4 patterns"},
		{`text.plain contains "x`, "1:23", "quotation mark"},
		{"reply and", "1:9", "ends too early"},
		{"reply reply", "1:7", "cannot stand here: reply"},
		{strings.Repeat("(", 10000), "", "at most 2000 bytes"},
		{strings.Repeat("(", 1900), "", ""},
		{strings.Repeat("not ", 300) + "reply", "", "too many parts"},
		{"reply\xff", "", "UTF-8"},
		{"text.plain contains \"a\x00b\"", "", "cannot be shown"},
		{"text.len > 99999999999999999999999999", "1:37", "number is too large"},
		{"text.len > 1e400", "1:16", "number is too large"},
		{"page.section in []", "1:1", ""},
		{"page.section in [1]", "1:1", "holds only the type number"},
		{`page.section in ["a", 1]`, "1:23", "texts only"},
		{`page.section in page.url`, "1:17", "use contains"},
		{"# == 1", "1:1", "cannot stand here: #"},
		{`{"a": 1}.a == 1`, "", ""},
	} {
		_, err := CheckCondition(tt.when)
		var wrong *RuleError
		if !errors.As(err, &wrong) {
			if tt.when == "page.section in []" {
				continue // harmless
			}
			t.Errorf("%.60q is taken: %v", tt.when, err)
			continue
		}
		if !strings.Contains(wrong.Sentence, tt.says) || strings.Contains(wrong.Sentence, "compilation") || strings.Contains(wrong.Sentence, "strconv") || wrong.Field != "when" {
			t.Errorf("%.60q: %q, want %q", tt.when, wrong.Sentence, tt.says)
		}
		if place := fmt.Sprintf("%d:%d", wrong.Line, wrong.Column); tt.place != "" && place != tt.place {
			t.Errorf("%.60q: %s at %s, want %s", tt.when, wrong.Sentence, place, tt.place)
		}
	}
}

func TestRuleCheck(t *testing.T) {
	good := Rule{Name: "Links", When: "links.count > 2", Action: HintHold, Priority: 100, Mode: RuleActive}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*Rule){
		"name": func(r *Rule) { r.Name = " " }, "action": func(r *Rule) { r.Action = "explode" }, "reason": func(r *Rule) { r.Reason = "a\nb" },
		"tag": func(r *Rule) { r.Tag = "a b" }, "priority": func(r *Rule) { r.Priority = 0 }, "mode": func(r *Rule) { r.Mode = "on" }, "when": func(r *Rule) { r.When = "reply reply" },
	} {
		bad := good
		spoil(&bad)
		var wrong *RuleError
		if err := bad.Check(); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	idle := good
	idle.Action = HintNone
	if idle.Check() == nil {
		t.Error("a rule that does nothing is taken")
	}
	idle.Notify = true
	if err := idle.Check(); err != nil {
		t.Errorf("a rule that notifies is refused: %v", err)
	}
}

// said is what the rules say, in a line each.
func evidenceLines(step Step) (lines []string) {
	for _, e := range step.Evidence {
		lines = append(lines, fmt.Sprintf("%s %s %s", e.Hint, e.Code, e.Sentence))
	}
	return lines
}

func TestRulesInOrder(t *testing.T) {
	s := newcomersLink()
	rule := func(id, name string, priority int, action Hint, change ...func(*Rule)) Rule {
		r := Rule{ID: id, Version: 3, Name: name, When: "links.count > 0", Action: action, Priority: priority, Mode: RuleActive}
		for _, c := range change {
			c(&r)
		}
		return r
	}
	rules, err := CompileRules([]Rule{
		rule("1", "Late", 200, HintReject),
		rule("2", "B second", 100, HintApprove),
		rule("3", "A first", 100, HintHold, func(r *Rule) { r.Reason = "Links of newcomers wait." }),
		rule("4", "Tagged", 300, HintNone, func(r *Rule) { r.Tag, r.Notify = "links", true }),
		rule("5", "Rehearsed", 1, HintSpam, func(r *Rule) { r.Mode = RuleRehearsing }),
		rule("6", "Off", 1, HintSpam, func(r *Rule) { r.Mode = RuleOff }),
		rule("7", "Expired", 1, HintSpam, func(r *Rule) { r.Expires = noon }),
		rule("8", "Other", 1, HintSpam, func(r *Rule) { r.When = "links.count > 1" }),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Rules = rules
	trace := New().Examine(context.Background(), s)
	step := trace[len(trace)-1]
	want := []string{
		"hold rule Links of newcomers wait. (rule “A first”)",
		"none rule The rule “Rehearsed” is being rehearsed: it would mark the comment as spam.",
		"none rule The rule “B second” matches too and would approve the comment; “A first” comes first.",
		"none rule The rule “Late” matches too and would reject the comment; “A first” comes first.",
		"none rule The rule “Tagged” matches.",
	}
	if diff := cmp.Diff(want, evidenceLines(step)); diff != "" {
		t.Error(diff)
	}
	data := step.Evidence[0].Data
	if data[DataRule] != "3" || data["version"] != "3" || data["rule"] != "A first" {
		t.Errorf("the evidence names %v", data)
	}
	if tagged := step.Evidence[4].Data; tagged[DataTag] != "links" || tagged[DataNotify] != "true" {
		t.Errorf("the evidence of a tag is %v", tagged)
	}
}

// A rule that cannot be read any more fails on its own; the others go on.
func TestBrokenRules(t *testing.T) {
	rules, err := CompileRules([]Rule{
		{ID: "1", Name: "Broken", When: "nothing.like > 3", Action: HintReject, Mode: RuleActive, Priority: 1},
		{ID: "2", Name: "Whole", When: "reply", Action: HintReview, Mode: RuleActive, Priority: 2},
	})
	if err == nil || !strings.Contains(err.Error(), "Broken") {
		t.Errorf("the error is %v", err)
	}
	s := newcomersLink()
	s.Rules = rules
	trace := New().Examine(context.Background(), s)
	lines := evidenceLines(trace[len(trace)-1])
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "review rule ") || !strings.HasPrefix(lines[1], "none rule_failed ") {
		t.Errorf("found %q", lines)
	}
	if v := Decide(s, trace); v.Lane != LaneQueue {
		t.Errorf("lane %s", v.Lane)
	}
}

// Rules whose time is over are passed over, and that is said.
func TestRulesThatTakeTooLong(t *testing.T) {
	s := newcomersLink()
	s.Rules, _ = CompileRules([]Rule{
		{ID: "1", Name: "A", When: "reply", Action: HintReview, Mode: RuleActive, Priority: 1},
		{ID: "2", Name: "B", When: "reply", Action: HintReject, Mode: RuleActive, Priority: 2},
	})
	now := noon
	p := New()
	p.Now = func() time.Time { now = now.Add(rulesTime * 2 / 3); return now }
	trace := p.Examine(context.Background(), s)
	lines := evidenceLines(trace[len(trace)-1])
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "review ") || !strings.Contains(lines[1], "took too long") {
		t.Errorf("found %q", lines)
	}
}

func TestRemember(t *testing.T) {
	s := newcomersLink()
	then := FactsOf(s, nil)
	then.Page.Surge = 4.5
	kept := then.remember()
	if len(kept) > 200 {
		t.Errorf("%d bytes are kept: %s", len(kept), kept)
	}
	later := newcomersLink()
	later.Author.Approved, later.Author.Rejected, later.Copies = 50, 0, Group{}
	now := FactsOf(later, nil)
	if v := now.Recall(kept); v != memoryVersion {
		t.Errorf("version %d", v)
	}
	if diff := cmp.Diff(then, now); diff != "" {
		t.Error(diff)
	}
	if v := FactsOf(later, nil).Recall(nil); v != 0 {
		t.Errorf("nothing is of version %d", v)
	}
}

func TestRulesOnReports(t *testing.T) {
	s := newcomersLink()
	s.Rules, _ = CompileRules([]Rule{
		{ID: "1", Name: "Reported", When: "reports.count >= 3", Action: HintReview, Mode: RuleActive, Priority: 5},
		{ID: "2", Name: "Links", When: "links.count > 0", Action: HintHold, Mode: RuleActive, Priority: 9},
	})
	if !s.Rules.AboutReports() {
		t.Fatal("no rule is about reports")
	}
	trace := New().Examine(context.Background(), s)
	facts := FactsOf(s, trace)
	facts.Reports.Count = 2
	if step := s.Rules.OnReports(facts, trace, noon); step != nil {
		t.Errorf("two reports: %q", evidenceLines(*step))
	}
	facts.Reports.Count = 3
	step := s.Rules.OnReports(facts, trace, noon)
	if step == nil || len(step.Evidence) != 1 || step.Evidence[0].Data[DataOutranked] != "Links" {
		t.Fatalf("three reports: %+v", step)
	}
	if again := s.Rules.OnReports(facts, append(trace, *step), noon); again != nil {
		t.Errorf("found again: %q", evidenceLines(*again))
	}
	s.Rules, _ = CompileRules([]Rule{{ID: "1", Name: "Reported", When: "reports.count >= 3", Action: HintReview, Mode: RuleActive, Priority: 5}})
	trace = New().Examine(context.Background(), s)
	if step := s.Rules.OnReports(facts, trace, noon); step == nil || step.Evidence[0].Hint != HintReview || step.Evidence[0].Check != rulesStep {
		t.Errorf("three reports alone: %+v", step)
	}
}

func TestForms(t *testing.T) {
	for when, want := range map[string]RuleForm{
		`links.count > 2 and author.approved < 1`:                         {"all", []Term{{"links.count", "gt", "2"}, {"author.approved", "lt", "1"}}},
		`text.folded contains "a \"b\" \\c" or not (page.section == "x")`: {},
		`page.section == "x" or not (text.plain contains "é\n")`:          {"any", []Term{{"page.section", "is", "x"}, {"text.plain", "contains_not", "é\n"}}},
		`"shortener" in checks and "form" not in checks`:                  {"all", []Term{{"checks", "has", "shortener"}, {"checks", "has_not", "form"}}},
		`reply and not author.trusted`:                                    {"all", []Term{{"reply", "yes", ""}, {"author.trusted", "no", ""}}},
		`scores["a b"] >= 0.5`:                                            {"all", []Term{{"scores.a b", "ge", "0.5"}}},
		`text.plain matches "(?i)x\\d+"`:                                  {"all", []Term{{"text.plain", "matches", `(?i)x\d+`}}},
		`links.count == -1`:                                               {"all", []Term{{"links.count", "eq", "-1"}}},
		`reply and (links.count > 1 or links.count < 0)`:                  {},
		`links.count > text.words`:                                        {},
		`len(links.hosts) > 1`:                                            {},
		`nonsense`:                                                        {},
	} {
		form, ok := FormOf(when)
		if ok != (want.Match != "") {
			t.Errorf("%s has a form: %v", when, ok)
			continue
		}
		if !ok {
			continue
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
		if text, err := form.When(); err != nil || text != when {
			t.Errorf("%s is written %s: %v", when, text, err)
		}
	}
}

func TestFormsThatAreRefused(t *testing.T) {
	for says, f := range map[string]RuleForm{
		"all or any":          {"some", []Term{{"reply", "yes", ""}}},
		"from 1 to 20":        {"all", nil},
		"no fact x":           {"all", []Term{{"x", "yes", ""}}},
		"cannot be compared":  {"all", []Term{{"reply", "gt", "1"}}},
		"x is not a number":   {"all", []Term{{"links.count", "gt", "x"}}},
		"NaN is not a number": {"all", []Term{{"links.count", "gt", "NaN"}}},
		"no fact scores.":     {"all", []Term{{"scores.", "gt", "1"}}},
		"Term 2: there is no": {"any", []Term{{"reply", "yes", ""}, {"scores", "has", "1"}}},
	} {
		if _, err := f.When(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want %q", f, err, says)
		}
	}
}

// The bounds are those of tables of the binomial distribution.
func TestAtLeast(t *testing.T) {
	for _, tt := range []struct {
		k, n int
		want float64
	}{{0, 10, 0}, {0, 0, 0}, {10, 10, 0.7411}, {9, 10, 0.6058}, {99, 100, 0.9534}, {299, 299, 0.9900}, {203, 212, 0.9271}, {1, 1, 0.05}, {9999, 10000, 0.99953}} {
		if got := AtLeast(tt.k, tt.n); math.Abs(got-tt.want) > 0.0002 {
			t.Errorf("%d of %d: at least %.4f, want %.4f", tt.k, tt.n, got, tt.want)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"links.count > 2", `text.plain matches "a+b" and "x" in checks`, "any(links.hosts, # endsWith \".ly\")", "((((", "1..9", "let a=1;a>0",
		`scores["x"] > 1 ? reply : not reply`, "text.len / 3 > max(1, 2)", "{a:1}", "text.plain | lower() == \"x\"", "not in", "\"\\u{110000}\"", "# remark", "0x1p-2 > 1",
		"links.count > --0", "links.count > 1e99",
	} {
		f.Add(seed)
	}
	s := newcomersLink()
	s.Plain = strings.Repeat("aA ", 7000)
	facts := FactsOf(s, nil)
	facts.fold()
	f.Fuzz(func(t *testing.T, when string) {
		c, err := understand(when)
		if err != nil {
			var wrong *RuleError
			if !errors.As(err, &wrong) || wrong.Sentence == "" {
				t.Fatalf("%q: %v", when, err)
			}
			return
		}
		rule := compiledRule{condition: c}
		began := time.Now()
		a := asking{facts: facts}
		a.vm.MemoryBudget = rulesMemory
		if _, problem := a.holds(&rule); problem != "" {
			t.Fatalf("%q is taken and then fails: %s", when, problem)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("%q took %v", when, took)
		}
		if form, ok := FormOf(when); ok {
			again, err := form.When()
			if err != nil {
				t.Fatalf("%q: the form %v cannot be written: %v", when, form, err)
			}
			if back, ok := FormOf(again); !ok || !cmp.Equal(back, form) {
				t.Fatalf("%q: the form %v comes back as %v", when, form, back)
			}
		}
	})
}
