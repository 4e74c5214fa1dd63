package webhook

import (
	"net/http"
	"time"
)

// HTTP is this client as a value of net/http, for calls that are not webhooks
// (the checks that sites have elsewhere): it goes where the guard permits, and
// follows no redirect. limit is for one call as a whole.
func (c *Client) HTTP(limit time.Duration) *http.Client {
	return &http.Client{
		Transport:     guarded{c},
		Timeout:       limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guarded picks the connection by the scheme, as Client.Post does.
type guarded struct{ *Client }

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	if g.proxied {
		if _, err := g.guard.CheckURL(req.Context(), req.URL.String()); err != nil {
			return nil, errBlocked
		}
	}
	req = req.Clone(req.Context())
	req.Header.Set("user-agent", g.agent)
	if req.URL.Scheme == "http" {
		return g.plain.RoundTrip(req)
	}
	return g.secure.RoundTrip(req)
}
