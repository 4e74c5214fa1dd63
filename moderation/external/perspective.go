package external

import (
	"net/url"
	"strings"

	"github.com/afterword-comments/afterword/moderation"
)

// perspective is any service that scores a text by attributes in the shape that
// Google's Perspective gave the world.
func perspective() kind {
	return kind{
		hint: moderation.HintReview,
		settings: []setting{
			{"limits", "TOXICITY=0.8", checkLimits},
			{"language", "", nil},
		},
		sends:   []string{"the text", "its language, where the setting names one"},
		request: askPerspective,
		read:    readPerspective,
	}
}

func askPerspective(c *Check, q Question) (call, error) {
	type empty struct{}
	asked := map[string]empty{}
	for _, l := range c.limits {
		if l.attribute != "*" {
			asked[l.attribute] = empty{}
		}
	}
	v := struct {
		Comment struct {
			Text string `json:"text"`
		} `json:"comment"`
		Languages  []string         `json:"languages,omitempty"`
		Attributes map[string]empty `json:"requestedAttributes"`
		DoNotStore bool             `json:"doNotStore"`
	}{Attributes: asked, DoNotStore: true}
	v.Comment.Text = q.Subject.Plain
	if c.settings["language"] != "" {
		v.Languages = []string{c.settings["language"]}
	}
	body, err := marshal(v)
	if err != nil {
		return call{}, failed("question", "The question could not be written.")
	}
	address := c.URL
	if !strings.Contains(address, ":analyze") {
		address = strings.TrimRight(address, "/") + "/v1alpha1/comments:analyze"
	}
	if c.Secret != "" {
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + "key=" + url.QueryEscape(c.Secret)
	}
	return newCall(address, "application/json", body), nil
}

func readPerspective(c *Check, _ Question, in reply) (Opinion, error) {
	var a struct {
		Scores map[string]struct {
			Summary *struct {
				Value *float64 `json:"value"`
			} `json:"summaryScore"`
		} `json:"attributeScores"`
	}
	if err := unmarshal(in.body, &a); err != nil {
		return Opinion{}, garbage("it is not the JSON of scores")
	}
	scores := map[string]float64{}
	for name, s := range a.Scores {
		if s.Summary == nil || s.Summary.Value == nil {
			return Opinion{}, garbage("an attribute has no summaryScore")
		}
		scores[name] = *s.Summary.Value
	}
	if !sound(scores) {
		return Opinion{}, garbage("there are no scores from 0 to 1")
	}
	return Opinion{Evidence: c.scored(scores)}, nil
}
