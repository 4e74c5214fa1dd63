package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
)

// ParseProxy reads AFTERWORD_WEBHOOK_PROXY: the address of an egress proxy, as in
// http://user:password@proxy.example:3128. Empty gives nil.
func ParseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || portOf(u) == 0 || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the webhook proxy is an address such as http://proxy.example:3128") // without the text: it may hold a password
	}
	return u, nil
}

// LoadRoots reads AFTERWORD_WEBHOOK_CA_FILE: certificates of authorities, PEM, that
// receivers' certificates are checked against beside the system's. Empty gives
// nil, which is the system's alone.
func LoadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return roots, nil
}

// Through sends all calls through an egress proxy; nil = none. The proxy resolves
// the names of receivers, so it is the proxy that has to keep calls out of private
// networks. What can be known before is still refused here: addresses as such, and
// names where only the operator's ranges may be called (CheckURL). It is called
// before the client is used.
func (c *Client) Through(proxy *url.URL) {
	if proxy == nil {
		return
	}
	c.proxied = true
	for _, t := range []*http.Transport{c.secure, c.plain} {
		t.Proxy = http.ProxyURL(proxy)
		t.DialContext = dialer(permitProxy).DialContext
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusForbidden {
				return errBlocked
			}
			return nil
		}
	}
}

// permitProxy: an operator who names a proxy means to use it, wherever it is; but
// no proxy is a metadata service.
func permitProxy(to netip.AddrPort) bool { return !within(neverRanges, to.Addr().Unmap()) }
