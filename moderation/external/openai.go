package external

import (
	"strings"

	"github.com/afterword-comments/afterword/moderation"
)

// openAI is a moderation service of OpenAI's shape. Its own verdict (flagged) is
// left aside: the site's limits on the scores decide.
func openAI() kind {
	return kind{
		url: "https://api.openai.com/v1", hint: moderation.HintReview,
		settings: []setting{
			{"model", "omni-moderation-latest", required},
			{"limits", "*=0.8", checkLimits},
		},
		sends: []string{"the text"},
		request: func(c *Check, q Question) (call, error) {
			return c.bearer("moderations", map[string]any{"model": c.settings["model"], "input": q.Subject.Plain})
		},
		read: func(c *Check, _ Question, in reply) (Opinion, error) {
			var a struct {
				Results []struct {
					Scores map[string]float64 `json:"category_scores"`
				} `json:"results"`
			}
			if err := unmarshal(in.body, &a); err != nil || len(a.Results) == 0 {
				return Opinion{}, garbage("it is not the JSON of moderation results")
			}
			if !sound(a.Results[0].Scores) {
				return Opinion{}, garbage("there are no scores from 0 to 1")
			}
			return Opinion{Evidence: c.scored(a.Results[0].Scores)}, nil
		},
	}
}

// bearer is a call to an OpenAI-compatible service: the base with or without
// /v1, or the whole address.
func (c *Check) bearer(path string, v any) (call, error) {
	body, err := marshal(v)
	if err != nil {
		return call{}, failed("question", "The question could not be written.")
	}
	address := strings.TrimRight(c.URL, "/")
	switch {
	case strings.HasSuffix(address, "/"+path):
	case strings.HasSuffix(address, "/v1"):
		address += "/" + path
	default:
		address += "/v1/" + path
	}
	out := newCall(address, "application/json", body)
	if c.Secret != "" {
		out.header.Set("authorization", "Bearer "+c.Secret)
	}
	return out, nil
}
