package external

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// setting is something that one kind of check can be told.
type setting struct {
	name  string
	usual string
	check func(value string) string // gives what is wrong, "" = nothing
}

// settingMost is the length in bytes of the longest value.
const settingMost = 4000

// read completes the settings and says what is wrong with them.
func (c *Check) read() *Problem {
	c.settings = map[string]string{}
	for _, s := range c.kind.settings {
		value, given := c.Config.Settings[s.name]
		if !given || strings.TrimSpace(value) == "" {
			value = s.usual
		}
		if len(value) > settingMost || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			return &Problem{"settings." + s.name, "The setting is longer than 4000 bytes, or not text."}
		}
		if s.check != nil {
			if wrong := s.check(value); wrong != "" {
				return &Problem{"settings." + s.name, "The setting " + s.name + " " + wrong + "."}
			}
		}
		c.settings[s.name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(c.Config.Settings)) {
		if _, ok := c.settings[name]; !ok {
			return &Problem{"settings." + shown(name), "This kind of check has no setting " + strconv.Quote(shown(name)) + "."}
		}
	}
	if text, ok := c.settings["limits"]; ok {
		c.limits, _ = parseLimits(text) // read before
	}
	if c.Kind == "chat" {
		c.memory = newMemory()
	}
	return nil
}

func shown(name string) string { return sentence(name, 40) }

func choice(values ...string) func(string) string {
	return func(v string) string {
		if slices.Contains(values, v) {
			return ""
		}
		return "is " + strings.Join(values, " or ")
	}
}

func required(v string) string {
	if v == "" {
		return "is required"
	}
	return ""
}

func share(v string) string {
	if n, err := strconv.ParseFloat(v, 64); err != nil || !(n >= 0 && n <= 1) {
		return "is a number from 0 to 1"
	}
	return ""
}

// limit is the score from which one attribute counts.
type limit struct {
	attribute string // "*" = every other
	from      float64
}

// limitsMost is the number of attributes that a check may ask for.
const limitsMost = 32

// parseLimits reads ATTRIBUTE=0.8,OTHER=0.9.
func parseLimits(text string) (limits []limit, wrong string) {
	const form = "is a list such as TOXICITY=0.8,INSULT=0.9, of names and numbers from 0 to 1"
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		name = strings.TrimSpace(name)
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if !ok || err != nil || !(n >= 0 && n <= 1) || !attributeName(name) || len(limits) == limitsMost {
			return nil, form
		}
		if slices.ContainsFunc(limits, func(l limit) bool { return l.attribute == name }) {
			return nil, "names " + name + " twice"
		}
		limits = append(limits, limit{name, n})
	}
	return limits, ""
}

func checkLimits(text string) string {
	_, wrong := parseLimits(text)
	return wrong
}

func attributeName(name string) bool {
	if name == "*" {
		return true
	}
	ok := name != "" && len(name) <= 60
	for _, r := range name {
		ok = ok && (r == '_' || r == '-' || r == '/' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	}
	return ok
}
