package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// target is whose shape a payload takes. What is stored is always the event;
// the shape is made of it at each call, and comes out the same each time.
type target struct {
	// write makes the payload; nil = the target is not told stories.
	write func(s story, settings map[string]string) any
	// settings are those that it may have, each with what it must match.
	settings map[string]setting
	// secret is the segment of the URL's path, from its end, that carries the
	// receiver's token; 0 = none does.
	secret int
	// path is what has to stand at the end of the URL's path.
	path string
}

type setting struct {
	required bool
	check    func(string) bool
	detail   string // what it has to be
}

// targets are all there are, by name.
var targets = map[string]target{
	comment.TargetWebhook: {},
	comment.TargetRebuild: {secret: 1, settings: map[string]setting{"every": {check: isPace, detail: "a time from 5s to 1h"}}},
	"slack":               {write: slack, secret: 1},
	"discord":             {write: discord, secret: 1},
	"teams":               {write: teams, secret: 1},
	"mattermost":          {write: mattermost, secret: 1},
	"telegram": {write: telegram, secret: 2, path: "/sendMessage", settings: map[string]setting{
		"chat_id": {required: true, check: isChat, detail: "the number of a chat, or the @name of a channel"},
		"thread":  {check: isNumber, detail: "the number of a topic of the chat"},
	}},
	"ntfy": {write: ntfy, path: "/", settings: map[string]setting{
		"topic":    {required: true, check: isTopic, detail: "the topic's name: letters, digits, hyphens and underscores, 64 at most"},
		"priority": {check: isPriority, detail: "from 1 to 5"},
	}},
}

// Targets lists the names of the targets.
func Targets() []string { return slices.Sorted(maps.Keys(targets)) }

// checkTarget looks at the target that e has with the change, and at its
// settings. Another target begins without settings.
func checkTarget(e comment.Endpoint, c Change) (name string, settings map[string]string, err error) {
	name = cmp.Or(c.Target, e.Target)
	t, ok := targets[name]
	if !ok {
		return "", nil, fault.Input("target", "unknown_target", "There is no such target; the targets are "+strings.Join(Targets(), ", ")+".")
	}
	settings = c.Settings
	if settings == nil && name != e.Target {
		settings = map[string]string{}
	}
	if err := t.checkURL(name, cmp.Or(c.URL, e.URL)); err != nil {
		return "", nil, err
	}
	if settings == nil { // those it has stay
		return c.Target, nil, nil
	}
	return c.Target, settings, t.checkSettings(name, settings)
}

func (t target) checkSettings(target string, given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := t.settings[name]; !ok {
			return fault.Input("settings", "unknown_setting", "The target "+target+" has no such setting.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.settings)) {
		s, value := t.settings[name], given[name]
		switch {
		case value == "" && s.required:
			return fault.Input("settings", "missing_setting", "The target "+target+" needs the setting "+name+", "+s.detail+".")
		case value != "" && !s.check(value):
			return fault.Input("settings", "invalid_setting", "The setting "+name+" has to be "+s.detail+".")
		}
	}
	return nil
}

func (t target) checkURL(name, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || t.path == "" { // a bad one is refused by the guard
		return nil
	}
	if path := cmp.Or(u.Path, "/"); path != t.path && (t.path == "/" || !strings.HasSuffix(path, t.path)) {
		return badURL("not_the_target's", fmt.Sprintf("The path of the URL for the target %s ends with %s.", name, t.path))
	}
	return nil
}

// ShownURL is an endpoint's URL as it may be shown. With most targets whoever
// knows the URL can write there, so the part that carries the token is left out.
func ShownURL(e comment.Endpoint) string {
	from := targets[e.Target].secret
	u, err := url.Parse(e.URL)
	if from == 0 || err != nil {
		return e.URL
	}
	parts := strings.Split(strings.TrimRight(u.EscapedPath(), "/"), "/")
	if at := len(parts) - from; at > 0 {
		parts[at] = "…"
	}
	shown := u.Scheme + "://" + u.Host + strings.Join(parts, "/")
	if u.RawQuery != "" {
		shown += "?…"
	}
	return shown
}

// render makes what an endpoint is sent of an event. An endpoint of the target
// webhook in full gets the stored bytes themselves.
func render(e comment.Endpoint, body []byte) ([]byte, error) {
	write := targets[e.Target].write
	if write == nil && e.Mode != comment.ModeThin || e.Target == comment.TargetRebuild {
		return body, nil
	}
	var ev event
	if err := json.Unmarshal(body, &ev); err != nil {
		return nil, fmt.Errorf("body of an event: %w", err)
	}
	if write == nil {
		return comment.JSON(ev.thin())
	}
	return comment.JSON(write(ev.story(e.Mode), e.Settings))
}

// render makes the body of a call.
func (s *sending) render(ctx context.Context, call comment.Call) (_ comment.Call, err error) {
	if call.Endpoint.Target == comment.TargetRebuild {
		return s.gather(ctx, call)
	}
	call.Body, err = render(call.Endpoint, call.Body)
	return call, err
}

// thin is an event without anything but ids.
func (ev event) thin() any {
	type ref struct {
		ID  string `json:"id,omitempty"`
		Key string `json:"key,omitempty"`
	}
	type data struct {
		Comment  *ref `json:"comment,omitempty"`
		Page     *ref `json:"page,omitempty"`
		Endpoint *ref `json:"endpoint,omitempty"`
	}
	var d data
	if id := ev.Data.Comment.ID; id != "" {
		d.Comment = &ref{ID: id}
	}
	if key := ev.Data.Page.Key; key != "" {
		d.Page = &ref{Key: key}
	}
	if id := ev.Data.Endpoint.ID; id != "" {
		d.Endpoint = &ref{ID: id}
	}
	return struct {
		comment.EnvelopeHead
		Data data `json:"data"`
	}{ev.EnvelopeHead, d}
}
