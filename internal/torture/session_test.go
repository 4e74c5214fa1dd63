package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// officer is a moderator who signs in on one node, renews the session on
// another and uses it on a third.
type officer struct {
	addrs           []string
	email, password string
	rand            *rand.Rand
	http            *http.Client
	book            *book
	access, refresh string
}

// graceOfRefresh is how long a refresh token that was just replaced still
// works, less a margin: whoever waits longer for the answer signs in again.
const graceOfRefresh = 8 * time.Second

func newOfficer(addrs []string, email, password string, seed uint64, b *book) *officer {
	return &officer{
		addrs: addrs, email: email, password: password, book: b, rand: rand.New(rand.NewPCG(seed, 1<<32)),
		http: &http.Client{Timeout: 5 * time.Second},
	}
}

func (o *officer) run(ctx context.Context) error {
	defer o.http.CloseIdleConnections()
	for ctx.Err() == nil {
		if err := o.act(); err != nil {
			return fmt.Errorf("officer: %w", err)
		}
		<-time.After(time.Duration(50+o.rand.IntN(200)) * time.Millisecond)
	}
	return nil
}

func (o *officer) act() error {
	if o.refresh == "" {
		status, _, err := o.ask("POST", "/api/v1/auth/login", map[string]string{"email": o.email, "password": o.password})
		if err != nil || status != 200 {
			return fmt.Errorf("sign-in is answered with %d: %w", status, err)
		}
		return nil
	}
	status, took, err := o.ask("POST", "/api/v1/auth/refresh", struct{}{})
	switch {
	case err != nil:
		return err
	case status != 200 && took > graceOfRefresh:
		o.refresh = ""
		return nil
	case status != 200:
		o.book.wrong("the session of %s is answered with %d at its renewal, after %s", o.email, status, took)
		o.refresh = ""
		return nil
	}
	if status, _, err = o.ask("GET", "/api/v1/auth/me", nil); err == nil && status != 200 {
		o.book.wrong("a fresh access token is answered with %d", status)
	}
	o.book.count(&o.book.renewals)
	return err
}

// ask asks nodes until one answers, and keeps the tokens that it gives.
func (o *officer) ask(method, path string, body any) (status int, took time.Duration, err error) {
	began := time.Now()
	for time.Since(began) < patience {
		if status, err = o.once(method, path, body); err == nil && status < 500 && status != 429 {
			return status, time.Since(began), nil
		}
		<-time.After(20 * time.Millisecond)
	}
	return status, time.Since(began), fmt.Errorf("%s %s has no answer: %d %w", method, path, status, err)
}

func (o *officer) once(method, path string, body any) (int, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		content = strings.NewReader(string(text))
	}
	req, err := http.NewRequest(method, "http://"+anyOf(o.addrs, o.rand)+path, content)
	if err != nil {
		return 0, err
	}
	req.Header.Set("content-type", "application/json")
	req.Header.Set("x-afterword", "1")
	if o.refresh != "" {
		req.Header.Set("cookie", "__Host-rt="+o.refresh)
	}
	if o.access != "" {
		req.Header.Set("authorization", "Bearer "+o.access)
	}
	res, err := o.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || method == "GET" {
		return res.StatusCode, err
	}
	for _, cookie := range res.Cookies() {
		if cookie.Name == "__Host-rt" && cookie.Value != "" {
			o.refresh = cookie.Value
		}
	}
	err = json.Unmarshal(text, &out)
	o.access = out.AccessToken
	return res.StatusCode, err
}
