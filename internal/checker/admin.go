package checker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/markup"
	"github.com/afterword-comments/afterword/moderation"
	"github.com/afterword-comments/afterword/moderation/external"
)

// integrationsMost is the number of checks elsewhere that a site may have: each
// is a call for every comment.
const integrationsMost = 10

// What may go out beyond the usual.
const (
	SendEmail = "email"
	SendIP    = "ip" // the reader's network address and the name of the browser
)

// The bounds of a deadline, by when the check is asked.
const (
	beforeLeast, beforeUsual, beforeMost = 100 * time.Millisecond, time.Second, 2 * time.Second
	afterLeast, afterUsual, afterMost    = 5 * time.Second, 10 * time.Minute, 7 * 24 * time.Hour
)

// Change is what may be given of an integration. Zero values leave things as
// they are, or in a new one as usual. Kind is given once and stays.
type Change struct {
	Kind     string
	Name     string
	URL      string
	Secret   string
	Settings map[string]string // all of them; nil leaves them
	When     comment.When
	Only     comment.Only
	Silence  comment.Silence
	Most     moderation.Hint
	Send     []string // nil leaves them
	Deadline string   // such as 1s or 10m
	Enabled  *bool
}

// Add makes an integration. The secret is given back where it was made here, now
// and never again.
func (c *Checks) Add(ctx context.Context, site string, given Change, by comment.Actor) (i comment.Integration, secret string, err error) {
	url, most := external.Usual(given.Kind)
	when := comment.AskBefore
	if given.Kind == "chat" {
		when = comment.AskAfter
	}
	i = comment.Integration{
		Site: site, ID: c.NewID(), Kind: given.Kind, URL: url, Settings: map[string]string{}, When: when, Only: comment.OnlyAll,
		Silence: comment.SilenceHold, Most: most, Send: []string{}, Enabled: true, CreatedAt: c.Now(),
	}
	if given.Secret == "" && external.NeedsSecret(given.Kind) {
		given.Secret = external.NewSecret()
		secret = given.Secret
	}
	if i, err = c.apply(ctx, i, given); err != nil {
		return i, "", err
	}
	head := int64(0)
	err = c.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		if _, err := tx.Site(site); err != nil {
			return err
		}
		others, err := tx.Integrations(site)
		if err != nil {
			return err
		}
		if len(others) >= integrationsMost {
			return fault.New(fault.Conflict, "too_many_checks", "A site has at most "+strconv.Itoa(integrationsMost)+" checks; remove one that is no longer used.")
		}
		if err := c.put(tx, i, others, comment.CheckAdded, by); err != nil {
			return err
		}
		head, _, err = tx.LogHead(site)
		return err
	})
	if err != nil {
		return i, "", err
	}
	c.Comments.ForgetRules(site)
	return i, secret, c.Store.Advance(ctx, followerName, site, head) // what was decided before it does not concern it
}

// put stores an integration and tells the log.
func (c *Checks) put(tx comment.Tx, i comment.Integration, all []comment.Integration, event string, by comment.Actor) error {
	if slices.ContainsFunc(all, func(o comment.Integration) bool { return o.Name == i.Name && o.ID != i.ID }) {
		return fault.New(fault.Conflict, "name_taken", "Another check of this site has this name.")
	}
	if err := tx.PutIntegration(i); err != nil {
		return err
	}
	return c.houseOf(tx, event, by, i)
}

// describe is what the log says of an integration: no secret, and of the address
// no more than the host.
func describe(i comment.Integration) map[string]any {
	return map[string]any{
		"id": i.ID, "kind": i.Kind, "name": i.Name, "when": i.When, "only": i.Only, "silence": i.Silence,
		"most": i.Most, "send": i.Send, "deadline": comment.FormatPeriod(i.Deadline), "enabled": i.Enabled,
	}
}

// houseOf appends an event about an integration, and covers its row.
func (c *Checks) houseOf(tx comment.Tx, event string, by comment.Actor, i comment.Integration) error {
	row, err := c.Ledger.CoverRows(tx, i.Site, comment.RowCheck, i.ID)
	if err != nil {
		return err
	}
	return c.house(tx, i.Site, event, by, describe(i), row)
}

func (c *Checks) house(tx comment.Tx, site, event string, by comment.Actor, data any, rows ...string) error {
	body, err := comment.JSON(data)
	if err != nil {
		return err
	}
	_, err = c.Ledger.Append(tx, comment.Event{Site: site, Type: event, Actor: by, At: c.Now(), Body: body, Covers: strings.Join(rows, " ")})
	return err
}

// Change changes an integration. One that is switched off is no longer waited
// for.
func (c *Checks) Change(ctx context.Context, site, id string, given Change, by comment.Actor) (i comment.Integration, err error) {
	before, err := c.Get(ctx, site, id)
	if err != nil {
		return i, err
	}
	if given.Kind != "" && given.Kind != before.Kind {
		return i, fault.Input("kind", "fixed", "The kind of a check stays. Add another one.")
	}
	if i, err = c.apply(ctx, before, given); err != nil {
		return i, err
	}
	err = c.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		all, err := tx.Integrations(site)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(o comment.Integration) bool { return o.ID == id })
		if at < 0 {
			return fault.Missing()
		}
		if all[at].Version != before.Version {
			return fault.New(fault.Conflict, "conflict", "Somebody else has changed this check meanwhile.")
		}
		if err := c.put(tx, i, all, comment.CheckChanged, by); err != nil || i.Enabled {
			return err
		}
		return tx.HurryInquiries(site, id, c.Now())
	})
	c.Comments.ForgetRules(site)
	c.Wake()
	return i, err
}

// Remove deletes an integration with its secret. What waits for it goes by the
// other checks.
func (c *Checks) Remove(ctx context.Context, site, id string, by comment.Actor) error {
	err := c.Store.Write(ctx, comment.Sites{site}, func(tx comment.Tx) error {
		i, err := tx.Integration(site, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveIntegration(site, id); err != nil {
			return err
		}
		if err := tx.HurryInquiries(site, id, c.Now()); err != nil {
			return err
		}
		return c.houseOf(tx, comment.CheckRemoved, by, i)
	})
	c.Comments.ForgetRules(site)
	c.Wake()
	return err
}

// apply gives an integration with a change made to it, in the form that is
// stored.
func (c *Checks) apply(ctx context.Context, i comment.Integration, given Change) (comment.Integration, error) {
	moved := given.URL != "" && given.URL != i.URL
	i.Name, i.URL = cmp.Or(given.Name, i.Name), cmp.Or(given.URL, i.URL)
	i.When, i.Only, i.Silence, i.Most = cmp.Or(given.When, i.When), cmp.Or(given.Only, i.Only), cmp.Or(given.Silence, i.Silence), cmp.Or(given.Most, i.Most)
	if given.Settings != nil {
		i.Settings = given.Settings
	}
	if given.Send != nil {
		i.Send = slices.Compact(slices.Sorted(slices.Values(given.Send)))
	}
	if given.Enabled != nil {
		i.Enabled = *given.Enabled
	}
	i.Version++
	if err := checkWords(i, given); err != nil {
		return i, err
	}
	var err error
	if i.Name, err = markup.CleanLine(i.Name); err != nil || utf8.RuneCountInString(i.Name) > 60 {
		return i, fault.Input("name", "invalid", "A check needs a name of at most 60 characters, for people.")
	}
	if i.Deadline, err = deadline(i, given); err != nil {
		return i, err
	}
	if moved {
		if i.Secret != "" && given.Secret == "" && !external.NeedsSecret(i.Kind) {
			return i, fault.Input("secret", "required", "The key is for the service at the old address. Give the key again with the new one.")
		}
		if i.URL, err = c.Guard.CheckURL(ctx, i.URL); err != nil {
			return i, err
		}
	}
	return c.seal(i, given.Secret)
}

// seal stores a new secret and holds the whole against what its kind asks for.
func (c *Checks) seal(i comment.Integration, secret string) (comment.Integration, error) {
	if len(secret) > 1000 || !printable(secret) {
		return i, fault.Input("secret", "invalid", "The secret is longer than 1000 bytes, or not plain ASCII.")
	}
	if i.Kind == "http" && secret != "" {
		if err := external.CheckSecret(secret); err != nil {
			return i, fault.Input("secret", "invalid", "That is not a secret: "+err.Error()+".")
		}
	}
	if secret != "" {
		i.Secret = c.Ring.Seal(purposeSecret, i.ID, []byte(secret))
	}
	check, err := c.check(i)
	var p *external.Problem
	if errors.As(err, &p) {
		return i, fault.Input(p.Field, "invalid", p.Detail)
	}
	if err != nil {
		return i, err
	}
	i.Settings = check.Settings()
	return i, nil
}

func printable(s string) bool {
	for _, r := range s {
		if r < '!' || r > '~' {
			return false
		}
	}
	return true
}

// checkWords says which of the words that are given is none that there is.
func checkWords(i comment.Integration, given Change) error {
	if err := external.CheckKind(i.Kind); err != nil {
		return fault.Input("kind", "invalid", err.Error())
	}
	switch {
	case i.When != comment.AskBefore && i.When != comment.AskAfter:
		return fault.Input("when", "invalid", "A check is asked before or after a comment is stored.")
	case i.When == comment.AskBefore && i.Kind == "chat":
		return fault.Input("when", "too_slow", "A language model takes too long for readers to wait: it is asked after.")
	case !slices.Contains([]comment.Only{comment.OnlyAll, comment.OnlyNewcomers, comment.OnlyLinks}, i.Only):
		return fault.Input("only", "invalid", "A check is asked about all comments, about those of newcomers or about those with links.")
	case !slices.Contains([]comment.Silence{comment.SilenceHold, comment.SilencePublish, comment.SilenceReject}, i.Silence):
		return fault.Input("silence", "invalid", "What silence means is hold, publish or reject.")
	}
	for _, field := range i.Send {
		switch {
		case field != SendEmail && field != SendIP:
			return fault.Input("send", "invalid", "What may go out besides the usual is email and ip.")
		case !external.Personal(i.Kind):
			return fault.Input("send", "not_used", "This kind of check has no use for e-mail or network addresses.")
		case field == SendIP && i.When == comment.AskAfter:
			return fault.Input("send", "not_kept", "A reader's network address is known only at the moment of posting and is not kept: such a check is asked before.")
		}
	}
	return nil
}

func deadline(i comment.Integration, given Change) (time.Duration, error) {
	least, usual, most := beforeLeast, beforeUsual, beforeMost
	if i.When == comment.AskAfter {
		least, usual, most = afterLeast, afterUsual, afterMost
	}
	d := i.Deadline
	if given.Deadline != "" {
		var err error
		if d, err = comment.ParsePeriod(given.Deadline); err != nil {
			d = -1
		}
	} else if d < least || d > most { // new, or asked at another point from now on
		d = usual
	}
	if d < least || d > most {
		return 0, fault.Input("deadline", "invalid", "The deadline of such a check is a time from "+comment.FormatPeriod(least)+" to "+comment.FormatPeriod(most)+".")
	}
	return d.Truncate(time.Microsecond), nil
}

// List gives a site's integrations, oldest first.
func (c *Checks) List(ctx context.Context, site string) (all []comment.Integration, err error) {
	err = c.Store.View(ctx, func(r comment.Reader) error {
		if _, err := r.Site(site); err != nil {
			return err
		}
		all, err = r.Integrations(site)
		return err
	})
	return all, err
}

// Get gives one integration.
func (c *Checks) Get(ctx context.Context, site, id string) (i comment.Integration, err error) {
	err = c.Store.View(ctx, func(r comment.Reader) error {
		i, err = r.Integration(site, id)
		return err
	})
	return i, err
}

// Find gives an integration by its id alone, for commands.
func (c *Checks) Find(ctx context.Context, id string) (i comment.Integration, err error) {
	err = c.Store.View(ctx, func(r comment.Reader) error {
		i, err = r.FindIntegration(id)
		return err
	})
	return i, err
}
