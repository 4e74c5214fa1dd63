package moderation

import (
	"fmt"
	"strings"
	"testing"
)

// rulesOfASite are fifty rules of the kinds that newsrooms write.
func rulesOfASite(b *testing.B) *Rules {
	b.Helper()
	kinds := []string{
		"links.count > %d and author.approved < 2", `page.section == "sport%d" and text.caps > 0.6`, `"shortener" in checks and dup.count > %d`,
		`text.plain contains "offer%d"`, `author.rejectRate > 0.5 and author.rejected > %d`, `text.folded contains "casino%d"`,
		`text.plain matches "(?i)\\bbuy %d\\b"`, `any(links.hosts, # endsWith ".example%d")`, `scores["toxicity"] > 0.9 or reports.count > %d`,
		`time.hour < 6 and text.len < %d and not author.trusted`,
	}
	var rules []Rule
	for i := range 50 {
		rules = append(rules, Rule{ID: fmt.Sprint(i), Name: fmt.Sprint("Rule ", i), When: fmt.Sprintf(kinds[i%len(kinds)], i+10), Action: HintHold, Mode: RuleActive, Priority: 100})
	}
	compiled, err := CompileRules(rules)
	if err != nil {
		b.Fatal(err)
	}
	return compiled
}

// BenchmarkRules asks fifty rules about a comment of 2,000 characters: the facts,
// the folded text and the rules themselves.
func BenchmarkRules(b *testing.B) {
	s := newcomersLink()
	s.Plain = strings.Repeat("The committee met on Tuesday, and nobody was surprised. ", 36)[:2000]
	s.Text, s.Rules = s.Plain, rulesOfASite(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Rules.step(s, nil, nil)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/50, "µs/rule")
}
