package comment

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// Site is one publisher's property.
type Site struct {
	Key       string
	Name      string
	Origins   []string // exact: scheme://host[:port], lower case, ASCII
	Options   Options
	CreatedAt time.Time
}

// Allows reports whether origin, as a browser sends it, is one of the site's.
func (st Site) Allows(origin string) bool { return slices.Contains(st.Origins, origin) }

var siteKey = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)

// Check says what is wrong with a site before it is stored.
func (st Site) Check() error {
	switch {
	case !siteKey.MatchString(st.Key):
		return fault.Input("key", "invalid", "A site key has 1 to 40 lower-case letters, digits and inner hyphens.")
	case strings.TrimSpace(st.Name) == "" || len(st.Name) > 200:
		return fault.Input("name", "invalid", "A site needs a name of at most 200 bytes.")
	case len(st.Origins) == 0:
		return fault.Input("origins", "required", "A site needs at least one origin, such as https://www.example.org.")
	case len(st.Origins) > 100:
		return fault.Input("origins", "too_many", "A site has at most 100 origins.")
	}
	return nil
}

// Options are a site's settings. The command line, the API and the desk name
// and write them alike, through the table below.
type Options struct {
	Moderation   moderation.Mode
	TrustedAfter int           // approved comments that make an author trusted
	UndoWindow   time.Duration // between a decision and its effect
	EditWindow   time.Duration // for authors, after posting
	RateLimits   bool
	CloseAfter   time.Duration // age at which a page closes by itself; 0 = never
	Votes        bool
	Guests       bool
	Live         bool
	MaxDepth     int // of replies
	MaxLength    int // of a comment's text, in code points
	MaxLinks     int // beyond which a comment is held
	Language     string
	ReportHold   float64       // weight of reports that takes a comment out of sight; 0 = none does
	Surge        bool          // a page that surges goes into premoderation
	SurgeHold    time.Duration // for so long

	RulePrecision int // percent that a rule which spams or rejects has to have shown

	ReasonsRequired bool          // a rejection names a reason or a house rule
	AppealWindow    time.Duration // in which a decision can be appealed; 0 = not at all
	SecondLook      int           // per cent of the decisions that somebody else judges too
}

// DefaultOptions are those of a new site.
func DefaultOptions() Options {
	return Options{
		Moderation: moderation.ModeAll, TrustedAfter: 2,
		UndoWindow: 5 * time.Second, EditWindow: 5 * time.Minute, RateLimits: true,
		Votes: true, Guests: true, Live: true,
		MaxDepth: 4, MaxLength: 5000, MaxLinks: 3, Language: "en", ReportHold: 3,
		Surge: true, SurgeHold: 30 * time.Minute, RulePrecision: 97, AppealWindow: 14 * 24 * time.Hour,
	}
}

// option describes one setting: its name outside, and how its text is read
// into and written from Options. set returns a sentence when it refuses.
type option struct {
	name string
	set  func(*Options, string) string
	get  func(Options) any
}

var options = []option{
	{"moderation", func(o *Options, v string) string {
		mode := moderation.Mode(v)
		if !slices.Contains([]moderation.Mode{moderation.ModeAll, moderation.ModeNew, moderation.ModeFlagged, moderation.ModeOff}, mode) {
			return "is all, new, flagged or off"
		}
		o.Moderation = mode
		return ""
	}, func(o Options) any { return string(o.Moderation) }},
	count("trusted_after", 1, 1000, func(o *Options) *int { return &o.TrustedAfter }),
	period("undo_window", 0, time.Minute, "", func(o *Options) *time.Duration { return &o.UndoWindow }),
	period("edit_window", 0, 24*time.Hour, "", func(o *Options) *time.Duration { return &o.EditWindow }),
	flag("rate_limits", func(o *Options) *bool { return &o.RateLimits }),
	period("close_after", time.Hour, 3650*24*time.Hour, "never", func(o *Options) *time.Duration { return &o.CloseAfter }),
	flag("votes", func(o *Options) *bool { return &o.Votes }),
	flag("guests", func(o *Options) *bool { return &o.Guests }),
	flag("live", func(o *Options) *bool { return &o.Live }),
	count("max_depth", 0, 10, func(o *Options) *int { return &o.MaxDepth }),
	count("max_length", 1, 20000, func(o *Options) *int { return &o.MaxLength }),
	count("max_links", 0, 100, func(o *Options) *int { return &o.MaxLinks }),
	flag("reasons_required", func(o *Options) *bool { return &o.ReasonsRequired }),
	period("appeal_window", time.Hour, 3650*24*time.Hour, "never", func(o *Options) *time.Duration { return &o.AppealWindow }),
	share("second_look", 20, func(o *Options) *int { return &o.SecondLook }),
	{"language", func(o *Options, v string) string {
		if !language.MatchString(v) {
			return "is a language tag such as en, de or pt-BR"
		}
		o.Language = v
		return ""
	}, func(o Options) any { return o.Language }},
	{"report_hold", func(o *Options, v string) string {
		weight, err := strconv.ParseFloat(v, 64)
		if err != nil || !(weight == 0 || weight >= 1 && weight <= 1000) {
			return "is a number from 1 to 1000, such as 3 or 4.5, or 0 for never"
		}
		o.ReportHold = weight
		return ""
	}, func(o Options) any { return o.ReportHold }},
	flag("surge", func(o *Options) *bool { return &o.Surge }),
	period("surge_hold", 5*time.Minute, 24*time.Hour, "", func(o *Options) *time.Duration { return &o.SurgeHold }),
	count("rule_precision", 0, 100, func(o *Options) *int { return &o.RulePrecision }),
}

var language = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$`)

func count(name string, least, most int, at func(*Options) *int) option {
	return option{name, func(o *Options, v string) string {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return "is a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
		}
		*at(o) = n
		return ""
	}, func(o Options) any { return *at(&o) }}
}

// share reads whole per cents; zero is off.
func share(name string, most int, at func(*Options) *int) option {
	return option{name, func(o *Options, v string) string {
		n, err := strconv.Atoi(strings.TrimSuffix(v, "%"))
		if v == "off" {
			n, err = 0, nil
		}
		if err != nil || n < 0 || n > most {
			return "is off, or a share from 1% to " + strconv.Itoa(most) + "%"
		}
		*at(o) = n
		return ""
	}, func(o Options) any {
		if *at(&o) == 0 {
			return "off"
		}
		return strconv.Itoa(*at(&o)) + "%"
	}}
}

func flag(name string, at func(*Options) *bool) option {
	return option{name, func(o *Options, v string) string {
		if v != "on" && v != "off" {
			return "is on or off"
		}
		*at(o) = v == "on"
		return ""
	}, func(o Options) any {
		if *at(&o) {
			return "on"
		}
		return "off"
	}}
}

// examples are a few times between two, as they are written.
func examples(least, most time.Duration) string {
	var fit []string
	for _, d := range []time.Duration{30 * time.Second, 5 * time.Minute, 2 * time.Hour, 30 * 24 * time.Hour} {
		if least <= d && d <= most {
			fit = append(fit, FormatPeriod(d))
		}
	}
	last := len(fit) - 1
	if last < 1 {
		return strings.Join(fit, "")
	}
	return strings.Join(fit[:last], ", ") + " or " + fit[last]
}

// period reads a duration; never, where it is not "", is the word for zero.
func period(name string, least, most time.Duration, never string, at func(*Options) *time.Duration) option {
	return option{name, func(o *Options, v string) string {
		if never != "" && v == never {
			*at(o) = 0
			return ""
		}
		d, err := ParsePeriod(v)
		if err != nil || d < least || d > most {
			hint := "is a time from " + FormatPeriod(least) + " to " + FormatPeriod(most) + ", such as " + examples(least, most)
			if never != "" {
				hint += ", or " + never
			}
			return hint
		}
		*at(o) = d
		return ""
	}, func(o Options) any {
		if *at(&o) == 0 && never != "" {
			return never
		}
		return FormatPeriod(*at(&o))
	}}
}

// Set changes one option by its name, as in `site set KEY name=value`.
func (o *Options) Set(name, value string) error {
	for _, opt := range options {
		if opt.name != name {
			continue
		}
		if problem := opt.set(o, value); problem != "" {
			return fault.Input(name, "invalid", "The option "+name+" "+problem+".")
		}
		return nil
	}
	f := fault.Input(name, "unknown_option", "There is no option "+strconv.Quote(name)+"; the options are "+strings.Join(OptionNames(), ", ")+".")
	f.Kind, f.Code = fault.Malformed, "unknown_field"
	return f
}

// OptionNames lists the options in the order in which they are documented.
func OptionNames() []string {
	names := make([]string, len(options))
	for i, opt := range options {
		names[i] = opt.name
	}
	return names
}

// Map gives every option by name: numbers as numbers, all else as the text
// that Set takes.
func (o Options) Map() map[string]any {
	m := make(map[string]any, len(options))
	for _, opt := range options {
		m[opt.name] = opt.get(o)
	}
	return m
}

// ParsePeriod reads a duration that may also be given in whole days, "30d".
func ParsePeriod(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	return time.ParseDuration(s)
}

// FormatPeriod writes a duration in the shortest of the ways that ParsePeriod
// reads: 30d, 5m, 1h30m0s.
func FormatPeriod(d time.Duration) string {
	for _, unit := range []struct {
		size   time.Duration
		letter string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= unit.size && d%unit.size == 0 {
			return strconv.FormatInt(int64(d/unit.size), 10) + unit.letter
		}
	}
	if d == 0 {
		return "0s"
	}
	return d.String()
}
