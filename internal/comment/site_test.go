package comment_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// optionCases hold, for each option, values that it takes with what they become
// in Map, and values that it refuses.
var optionCases = map[string]struct {
	takes   map[string]any
	refuses []string
}{
	"moderation":       {map[string]any{"all": "all", "new": "new", "flagged": "flagged", "off": "off"}, []string{"", "ALL", "none", "all "}},
	"trusted_after":    {map[string]any{"1": 1, "1000": 1000}, []string{"0", "1001", "-1", "", "two", "1.5"}},
	"undo_window":      {map[string]any{"0": "0s", "0s": "0s", "5s": "5s", "60s": "1m", "1m": "1m", "1500ms": "1.5s"}, []string{"61s", "1m1s", "-1s", "", "5", "never"}},
	"edit_window":      {map[string]any{"0s": "0s", "5m": "5m", "24h": "1d", "1d": "1d"}, []string{"25h", "-5m", "", "2d", "never"}},
	"rate_limits":      {map[string]any{"on": "on", "off": "off"}, []string{"", "true", "1", "ON"}},
	"close_after":      {map[string]any{"never": "never", "30d": "30d", "1h": "1h", "3650d": "3650d"}, []string{"", "59m", "3651d", "-30d", "0", "0s", "Never"}},
	"votes":            {map[string]any{"on": "on", "off": "off"}, []string{"", "yes"}},
	"guests":           {map[string]any{"on": "on", "off": "off"}, []string{"", "yes"}},
	"live":             {map[string]any{"on": "on", "off": "off"}, []string{"", "yes"}},
	"max_depth":        {map[string]any{"0": 0, "10": 10}, []string{"-1", "11", ""}},
	"max_length":       {map[string]any{"1": 1, "20000": 20000}, []string{"0", "20001", ""}},
	"max_links":        {map[string]any{"0": 0, "100": 100}, []string{"-1", "101", ""}},
	"report_hold":      {map[string]any{"0": 0.0, "3": 3.0, "2.5": 2.5, "1000": 1000.0}, []string{"", "0.5", "-1", "1001", "NaN", "three"}},
	"surge":            {map[string]any{"on": "on", "off": "off"}, []string{"", "yes"}},
	"rule_precision":   {map[string]any{"0": 0, "97": 97, "100": 100}, []string{"", "-1", "101", "97.5", "most"}},
	"surge_hold":       {map[string]any{"5m": "5m", "1d": "1d", "30m": "30m"}, []string{"4m", "25h", "", "never"}},
	"language":         {map[string]any{"en": "en", "de": "de", "pt-BR": "pt-BR", "zh-Hant-TW": "zh-Hant-TW"}, []string{"", "e", "english", "en_GB", "en-", "<b>"}},
	"reasons_required": {map[string]any{"on": "on", "off": "off"}, []string{"", "yes"}},
	"appeal_window":    {map[string]any{"never": "never", "14d": "14d", "1h": "1h", "3650d": "3650d"}, []string{"", "59m", "3651d", "0", "off"}},
	"second_look":      {map[string]any{"off": "off", "0": "off", "5%": "5%", "5": "5%", "20%": "20%"}, []string{"", "21%", "-1", "2.5%", "on"}},
}

func TestEveryOptionTakesWhatItSaysAndNothingElse(t *testing.T) {
	names := comment.OptionNames()
	if len(names) != len(optionCases) {
		t.Errorf("there are %d options and cases for %d", len(names), len(optionCases))
	}
	for _, name := range names {
		tt, ok := optionCases[name]
		if !ok {
			t.Errorf("no cases for %s", name)
		}
		for value, want := range tt.takes {
			o := comment.DefaultOptions()
			if err := o.Set(name, value); err != nil {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			if got := o.Map()[name]; got != want {
				t.Errorf("%s=%s became %v", name, value, got)
			}
		}
		for _, value := range tt.refuses {
			o := comment.DefaultOptions()
			err := o.Set(name, value)
			wantFault(t, err, name+":invalid")
			if o != comment.DefaultOptions() {
				t.Errorf("%s=%q was refused and changed something", name, value)
			}
		}
	}
}

// What an error suggests is taken.
func TestOptionsSuggestWhatTheyTake(t *testing.T) {
	suggests := regexp.MustCompile(`such as (.+)\.$`)
	suggested := map[string][]string{}
	for _, name := range comment.OptionNames() {
		o := comment.DefaultOptions()
		said := suggests.FindStringSubmatch(fault.Of(o.Set(name, "?")).Detail)
		if said == nil {
			continue
		}
		for _, value := range regexp.MustCompile(`, or | or |, `).Split(said[1], -1) {
			value, _, _ = strings.Cut(value, " for ")
			if err := o.Set(name, value); err != nil {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			suggested[name] = append(suggested[name], value)
		}
	}
	for name, want := range map[string][]string{
		"surge_hold": {"5m", "2h"}, "undo_window": {"30s"}, "edit_window": {"30s", "5m", "2h"}, "close_after": {"2h", "30d", "never"},
	} {
		if diff := cmp.Diff(want, suggested[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestOptionsSurviveMapAndSet(t *testing.T) {
	full := comment.DefaultOptions()
	for name, value := range map[string]string{
		"moderation": "flagged", "trusted_after": "7", "undo_window": "1500ms", "edit_window": "90s", "rate_limits": "off", "close_after": "30d",
		"votes": "off", "guests": "off", "live": "off", "max_depth": "0", "max_length": "20000", "max_links": "0", "language": "pt-BR", "surge": "off", "surge_hold": "2h",
		"reasons_required": "on", "appeal_window": "30d", "second_look": "7%",
	} {
		if err := full.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []comment.Options{comment.DefaultOptions(), full} {
		to := comment.DefaultOptions()
		for name, value := range from.Map() {
			if err := to.Set(name, fmt.Sprint(value)); err != nil {
				t.Errorf("%s=%v: %v", name, value, err)
			}
		}
		if diff := cmp.Diff(from, to); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTheDefaultsAreThoseOfTheContract(t *testing.T) {
	got := comment.DefaultOptions()
	if got.Moderation != moderation.ModeAll || got.UndoWindow != 5*time.Second || got.EditWindow != 5*time.Minute || got.CloseAfter != 0 || !got.RateLimits {
		t.Errorf("the defaults are %+v", got)
	}
}

func TestAnUnknownOptionIsNamed(t *testing.T) {
	o := comment.DefaultOptions()
	err := o.Set("moderatoin", "off")
	wantFault(t, err, "moderatoin:unknown_option")
	if !strings.Contains(err.Error(), "moderation") || !strings.Contains(err.Error(), "close_after") {
		t.Errorf("the error does not list the options: %v", err)
	}
}

func TestOptionsAreKeptByTheStore(t *testing.T) {
	h := newHouse(t, "undo_window=1500ms", "close_after=30d", "max_length=20000", "trusted_after=1000", "moderation=new", "language=pt-BR", "votes=off")
	st, err := h.SiteOf(ctx(), "daily")
	h.must(err)
	want := comment.DefaultOptions()
	want.Moderation, want.UndoWindow, want.CloseAfter, want.MaxLength = "new", 1500*time.Millisecond, 30*24*time.Hour, 20000
	want.TrustedAfter, want.Language, want.Votes, want.RateLimits = 1000, "pt-BR", false, false
	if diff := cmp.Diff(want, st.Options); diff != "" {
		t.Error(diff)
	}
}

func TestPeriods(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "0d": 0, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "1500ms": 1500 * time.Millisecond} {
		if got, err := comment.ParsePeriod(text); err != nil || got != want {
			t.Errorf("ParsePeriod(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "5", "1.5d", "-1d", "100000d", "30 d", "1d1h", "never", "9999999999h"} {
		if got, err := comment.ParsePeriod(text); err == nil {
			t.Errorf("ParsePeriod(%q) = %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", time.Second: "1s", 60 * time.Second: "1m", 24 * time.Hour: "1d", 36 * time.Hour: "36h", 90 * time.Second: "90s", 1500 * time.Millisecond: "1.5s"} {
		if got := comment.FormatPeriod(d); got != want {
			t.Errorf("FormatPeriod(%v) = %q, want %q", d, got, want)
		}
	}
}

func FuzzPeriod(f *testing.F) {
	for _, d := range []time.Duration{0, 1, time.Second, 61 * time.Second, 25 * time.Hour, 30 * 24 * time.Hour, -time.Minute, 1<<63 - 1} {
		f.Add(int64(d))
	}
	f.Fuzz(func(t *testing.T, n int64) {
		text := comment.FormatPeriod(time.Duration(n))
		if back, err := comment.ParsePeriod(text); err != nil || back != time.Duration(n) {
			t.Fatalf("%d became %q, and that %v, %v", n, text, back, err)
		}
	})
}

func TestASiteIsChecked(t *testing.T) {
	good := comment.Site{Key: "daily", Name: "Daily", Origins: []string{origin}}
	h := newHouse(t)
	for name, tt := range map[string]struct {
		change func(*comment.Site)
		want   string
	}{
		"key is empty":          {func(s *comment.Site) { s.Key = "" }, "key:invalid"},
		"key has capitals":      {func(s *comment.Site) { s.Key = "Daily" }, "key:invalid"},
		"key is all sites":      {func(s *comment.Site) { s.Key = "*" }, "key:invalid"},
		"key begins badly":      {func(s *comment.Site) { s.Key = "-daily" }, "key:invalid"},
		"key ends badly":        {func(s *comment.Site) { s.Key = "daily-" }, "key:invalid"},
		"key has a newline":     {func(s *comment.Site) { s.Key = "daily\n" }, "key:invalid"},
		"key of 41":             {func(s *comment.Site) { s.Key = strings.Repeat("a", 41) }, "key:invalid"},
		"no name":               {func(s *comment.Site) { s.Name = " " }, "name:invalid"},
		"name of 201 bytes":     {func(s *comment.Site) { s.Name = strings.Repeat("a", 201) }, "name:invalid"},
		"no origin":             {func(s *comment.Site) { s.Origins = nil }, "origins:required"},
		"101 origins":           {func(s *comment.Site) { s.Origins = make([]string, 101) }, "origins:too_many"},
		"key of one":            {func(s *comment.Site) { s.Key = "a" }, "no error"},
		"key of 40":             {func(s *comment.Site) { s.Key = strings.Repeat("a", 40) }, "no error"},
		"key with hyphens":      {func(s *comment.Site) { s.Key = "the-daily-2" }, "no error"},
		"name of 200 bytes":     {func(s *comment.Site) { s.Name = strings.Repeat("a", 200) }, "no error"},
		"a site as it can be":   {func(*comment.Site) {}, "no error"},
		"as many origins as is": {func(s *comment.Site) { s.Origins = make([]string, 100) }, "no error"},
	} {
		t.Run(name, func(t *testing.T) {
			st := good
			tt.change(&st)
			wantFault(t, st.Check(), tt.want)
		})
	}
	name := "Daily"
	_, err := h.AddSite(ctx(), "daily", comment.SiteChange{Name: &name, Origins: []string{origin}}, comment.Actor{})
	wantFault(t, err, "site_exists")
	_, err = h.ChangeSite(ctx(), "monthly", comment.SiteChange{Name: &name}, comment.Actor{})
	wantFault(t, err, "not_found")
	before, err := h.SiteOf(ctx(), "daily")
	h.must(err)
	_, err = h.ChangeSite(ctx(), "daily", comment.SiteChange{Name: &name, Origins: []string{"https://other.example", "null"}}, comment.Actor{})
	wantFault(t, err, "origins:invalid")
	after, err := h.SiteOf(ctx(), "daily")
	h.must(err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("a refused change changed the site:\n%s", diff)
	}
}

func TestOriginsOfASiteAreBroughtIntoOneForm(t *testing.T) {
	h := newHouse(t)
	st, err := h.ChangeSite(ctx(), "daily", comment.SiteChange{Origins: []string{"HTTPS://Daily.Example:443/", "https://daily.example", "http://localhost:3000"}}, comment.Actor{})
	h.must(err)
	if want := []string{origin, "http://localhost:3000"}; !slices.Equal(st.Origins, want) {
		t.Errorf("the origins are %v", st.Origins)
	}
	for origin, want := range map[string]bool{
		"https://daily.example": true, "http://localhost:3000": true, "http://localhost": false, "http://daily.example": false,
		"https://daily.example.evil.example": false, "https://evil-daily.example": false, "https://sub.daily.example": false, "": false, "null": false,
	} {
		if st.Allows(origin) != want {
			t.Errorf("Allows(%q) = %v", origin, !want)
		}
	}
}

func TestRoles(t *testing.T) {
	roles := []comment.Role{"", comment.Viewer, comment.Moderator, comment.Admin, comment.Owner}
	for i, a := range roles {
		for j, b := range roles {
			if want := b != "" && i >= j; a.Includes(b) != want {
				t.Errorf("%q includes %q: %v", a, b, !want)
			}
		}
	}
	if comment.Role("root").Valid() || comment.Role("").Valid() || !comment.Owner.Valid() {
		t.Error("a role that is none is valid, or the other way round")
	}
	a := comment.Account{Grants: []comment.Grant{{Site: "daily", Role: comment.Viewer}, {Site: comment.AllSites, Role: comment.Moderator}, {Site: "weekly", Role: comment.Admin}, {Site: "x", Role: "root"}}}
	for site, want := range map[string]comment.Role{"daily": comment.Moderator, "weekly": comment.Admin, "other": comment.Moderator, comment.AllSites: comment.Moderator, "x": comment.Moderator} {
		if got := a.RoleOn(site); got != want {
			t.Errorf("the role on %s is %q, want %q", site, got, want)
		}
	}
}
