package web

import (
	"github.com/gofiber/fiber/v2"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/webhook"
)

// Endpoint is a webhook endpoint as the API shows it.
type Endpoint struct {
	ID            string                 `json:"id"`
	Site          string                 `json:"site"`
	URL           string                 `json:"url"`
	Types         []string               `json:"types"`
	Status        comment.EndpointStatus `json:"status"`
	CreatedAt     string                 `json:"created_at"`
	LastSuccessAt *string                `json:"last_success_at"`
	LastFailureAt *string                `json:"last_failure_at"`
	LastFailure   *string                `json:"last_failure"`
	Failures      int                    `json:"failures"` // in a row
	Owed          int                    `json:"owed"`
	Mode          comment.EndpointMode   `json:"mode"`
	APIVersion    string                 `json:"api_version"`
	Target        string                 `json:"target"`
	Settings      map[string]string      `json:"settings"`         // of the target
	Headers       []string               `json:"headers"`          // names of its own headers; the values are not shown
	Asymmetric    bool                   `json:"asymmetric"`       // whether it gets v1a signatures too
	GateUntil     *string                `json:"gate_until"`       // no call before
	BehindSince   *string                `json:"behind_since"`     // since when what it is owed is too old
	Secret        string                 `json:"secret,omitempty"` // only where it was made, once
}

// ShowEndpoint makes the view of an endpoint; hooks tells the names of its
// headers.
func ShowEndpoint(hooks *webhook.Hooks, e comment.Endpoint, secret string) Endpoint {
	v := Endpoint{
		ID: e.ID, Site: e.Site, URL: webhook.ShownURL(e), Types: e.Types, Status: e.Status, CreatedAt: comment.Timestamp(e.CreatedAt),
		LastSuccessAt: comment.OptionalTime(e.LastSuccessAt), LastFailureAt: comment.OptionalTime(e.LastFailureAt),
		Failures: e.Failures, Owed: e.Owed, Secret: secret,
		Mode: e.Mode, APIVersion: e.APIVersion, Target: e.Target, Settings: e.Settings, Headers: hooks.HeaderNames(e),
		Asymmetric: e.Asymmetric, GateUntil: comment.OptionalTime(e.GateUntil), BehindSince: comment.OptionalTime(e.BehindSince),
	}
	if v.Settings == nil {
		v.Settings = map[string]string{}
	}
	if v.Headers == nil {
		v.Headers = []string{}
	}
	if e.LastFailure != "" {
		v.LastFailure = &e.LastFailure
	}
	return v
}

// Delivery is a delivery as the API shows it.
type Delivery struct {
	ID            string                `json:"id"`
	EndpointID    string                `json:"endpoint_id"`
	EventID       string                `json:"event_id"`
	Type          string                `json:"type"`
	CommentID     *string               `json:"comment_id"`
	Sequence      int64                 `json:"sequence"`
	Replay        int                   `json:"replay"`
	State         comment.DeliveryState `json:"state"`
	Attempts      int                   `json:"attempts"`
	NextAttemptAt *string               `json:"next_attempt_at"`
	CreatedAt     string                `json:"created_at"`
	DeliveredAt   *string               `json:"delivered_at"`
	Last          *LastAttempt          `json:"last"`
}

// LastAttempt is how the last HTTP call of a delivery went.
type LastAttempt struct {
	Status *int   `json:"status"` // null = no answer
	Class  string `json:"class"`
	MS     int64  `json:"ms"`
	At     string `json:"at"`
}

// ShowDelivery makes the view of a delivery.
func ShowDelivery(d comment.Delivery) Delivery {
	v := Delivery{
		ID: d.ID, EndpointID: d.EndpointID, EventID: d.EventID, Type: d.Type, Sequence: d.Sequence, Replay: d.Replay,
		State: d.State, Attempts: d.Attempts, CreatedAt: comment.Timestamp(d.CreatedAt), DeliveredAt: comment.OptionalTime(d.DeliveredAt),
	}
	if d.CommentID != "" {
		v.CommentID = &d.CommentID
	}
	if d.State == comment.DeliveryOwed {
		v.NextAttemptAt = comment.OptionalTime(d.NextAt)
	}
	if d.LastClass != "" {
		v.Last = &LastAttempt{Class: d.LastClass, MS: d.LastMillis, At: comment.Timestamp(d.LastAt)}
		if d.LastStatus != 0 {
			v.Last.Status = &d.LastStatus
		}
	}
	return v
}

// Attempt is one HTTP call as the API shows it. Response is what a stranger
// answered: show it as text.
type Attempt struct {
	N        int    `json:"n"`
	At       string `json:"at"`
	MS       int64  `json:"ms"`
	Status   *int   `json:"status"`
	Class    string `json:"class"`
	Detail   string `json:"detail"`
	Response string `json:"response"`
}

func showAttempts(list []comment.Attempt) []Attempt {
	views := make([]Attempt, len(list))
	for i, a := range list {
		views[i] = Attempt{N: a.N, At: comment.Timestamp(a.At), MS: a.Millis, Class: a.Class, Detail: a.Detail, Response: a.Response}
		if a.Status != 0 {
			views[i].Status = &list[i].Status
		}
	}
	return views
}

// DeliveryDetail is a delivery with what is sent and every call.
type DeliveryDetail struct {
	Delivery
	Body         string    `json:"body"`
	AttemptsList []Attempt `json:"attempts_list"`
}

// ShowDeliveryDetail makes the view of a delivery with its calls, oldest first.
func ShowDeliveryDetail(d comment.Delivery, body []byte, attempts []comment.Attempt) DeliveryDetail {
	return DeliveryDetail{ShowDelivery(d), string(body), showAttempts(attempts)}
}

func (s *Server) endpoints(c *fiber.Ctx) error {
	site := param(c, "site")
	all, err := s.Hooks.List(c.UserContext(), site)
	if err != nil {
		return err
	}
	return shortList[comment.Endpoint, Endpoint]{
		name: "endpoints", of: site, all: all,
		key:  func(e comment.Endpoint) string { return e.ID },
		show: func(e comment.Endpoint) Endpoint { return ShowEndpoint(s.Hooks, e, "") },
	}.send(s, c)
}

// endpointChange is what may be given for an endpoint that is there.
type endpointChange struct {
	URL        string                 `json:"url"`
	Types      []string               `json:"types" validate:"max=50"`
	Status     comment.EndpointStatus `json:"status"`
	Mode       comment.EndpointMode   `json:"mode"`
	APIVersion string                 `json:"api_version"`
	Target     string                 `json:"target"`
	Settings   map[string]string      `json:"settings"`
	Headers    map[string]string      `json:"headers"`
	Asymmetric *bool                  `json:"asymmetric"`
}

func (in endpointChange) change() webhook.Change { return webhook.Change(in) }

// newEndpoint is what may be given for a new one.
type newEndpoint struct {
	URL        string               `json:"url" validate:"required"`
	Types      []string             `json:"types" validate:"max=50"`
	Mode       comment.EndpointMode `json:"mode"`
	APIVersion string               `json:"api_version"`
	Target     string               `json:"target"`
	Settings   map[string]string    `json:"settings"`
	Headers    map[string]string    `json:"headers"`
	Asymmetric *bool                `json:"asymmetric"`
}

func (in newEndpoint) change() webhook.Change {
	return webhook.Change{URL: in.URL, Types: in.Types, Mode: in.Mode, APIVersion: in.APIVersion, Target: in.Target, Settings: in.Settings, Headers: in.Headers, Asymmetric: in.Asymmetric}
}

func (s *Server) addEndpoint(c *fiber.Ctx) error {
	in, err := decode[newEndpoint](c)
	if err != nil {
		return err
	}
	return s.create(c, fiber.StatusCreated, func() (any, error) {
		e, secret, err := s.Hooks.Add(c.UserContext(), param(c, "site"), in.change(), actor(c))
		return ShowEndpoint(s.Hooks, e, secret), err
	})
}

func (s *Server) endpoint(c *fiber.Ctx) error {
	e, err := s.Hooks.Get(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowEndpoint(s.Hooks, e, ""))
}

func (s *Server) changeEndpoint(c *fiber.Ctx) error {
	in, err := decode[endpointChange](c)
	if err != nil {
		return err
	}
	// Like a new endpoint, it reads everything that the site will ever say; and
	// with another target an address may be shown that was a secret.
	if in.URL != "" || in.Headers != nil || in.Target != "" {
		if err := s.Auth.Fresh(identity(c)); err != nil {
			return err
		}
	}
	e, err := s.Hooks.Change(c.UserContext(), param(c, "site"), param(c, "id"), in.change(), actor(c))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowEndpoint(s.Hooks, e, ""))
}

func (s *Server) removeEndpoint(c *fiber.Ctx) error {
	return done(c, s.Hooks.Remove(c.UserContext(), param(c, "site"), param(c, "id"), actor(c)))
}

func (s *Server) testEndpoint(c *fiber.Ctx) error {
	if err := emptyBody(c); err != nil {
		return err
	}
	return s.create(c, fiber.StatusAccepted, func() (any, error) {
		d, err := s.Hooks.Test(c.UserContext(), param(c, "site"), param(c, "id"), actor(c))
		return map[string]string{"delivery_id": d.ID, "event_id": d.EventID}, err
	})
}

func (s *Server) rotateEndpoint(c *fiber.Ctx) error {
	in := struct {
		Overlap string `json:"overlap"`
	}{}
	if len(c.Request().Body()) > 0 {
		var err error
		if in, err = decode[struct {
			Overlap string `json:"overlap"`
		}](c); err != nil {
			return err
		}
	}
	if in.Overlap == "" {
		in.Overlap = "24h"
	}
	overlap, err := comment.ParsePeriod(in.Overlap)
	if err != nil {
		return fault.Input("overlap", "invalid", "The overlap is a time such as 24h, or 0s.")
	}
	return s.create(c, fiber.StatusOK, func() (any, error) {
		e, secret, err := s.Hooks.Rotate(c.UserContext(), param(c, "site"), param(c, "id"), overlap, actor(c))
		return ShowEndpoint(s.Hooks, e, secret), err
	})
}

func (s *Server) deliveries(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	state, err := oneOf(v, "state", "", "owed", "delivered", "failed", "cancelled")
	if err != nil {
		return err
	}
	eventType, err := oneOf(v, "type", append([]string{""}, comment.PublicTypes...)...)
	if err != nil {
		return err
	}
	since, err := timeOf(v, "since")
	if err != nil {
		return err
	}
	until, err := timeOf(v, "until")
	if err != nil {
		return err
	}
	site, id := param(c, "site"), param(c, "id")
	return longList[comment.Delivery, Delivery]{
		name: "deliveries", of: []string{site, id, state, eventType, v.Get("since"), v.Get("until")}, show: ShowDelivery,
		read: func(before string, limit int) ([]comment.Delivery, string, error) {
			q := comment.DeliveryQuery{Site: site, Endpoint: id, State: comment.DeliveryState(state), Before: before, Limit: limit}
			return s.Hooks.Search(c.UserContext(), webhook.Wanted{DeliveryQuery: q, Type: eventType, Since: since, Until: until})
		},
	}.send(s, c)
}

func (s *Server) cursors() comment.Cursors { return comment.Cursors{Ring: s.Comments.Ring} }

func (s *Server) delivery(c *fiber.Ctx) error {
	d, body, attempts, err := s.Hooks.Delivery(c.UserContext(), param(c, "site"), param(c, "id"))
	if err != nil {
		return err
	}
	return send(c, fiber.StatusOK, ShowDeliveryDetail(d, body, attempts))
}

func (s *Server) redeliver(c *fiber.Ctx) error {
	if err := emptyBody(c); err != nil {
		return err
	}
	return s.create(c, fiber.StatusAccepted, func() (any, error) {
		d, err := s.Hooks.Redeliver(c.UserContext(), param(c, "site"), param(c, "id"), actor(c))
		return ShowDelivery(d), err
	})
}

// webhookKeys publishes the public keys of a site, for receivers that verify v1a
// signatures.
func (s *Server) webhookKeys(c *fiber.Ctx) error {
	v, err := values(c)
	if err != nil {
		return err
	}
	keys, err := s.Hooks.PublicKeys(c.UserContext(), v.Get("site"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	return send(c, fiber.StatusOK, map[string]any{"keys": keys})
}
