package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
)

func TestProbes(t *testing.T) {
	t.Parallel()
	h := open(t, running)
	h.get("/healthz").want(200)
	h.get("/version").want(200)
	h.get("/metrics").refused(401, "unauthorized")
	h.get("/metrics", as("guess")).refused(401, "unauthorized")
	h.get(daily + "/counts?page=x").want(200)
	r := h.get("/metrics", as("figures")).want(200)
	for _, line := range []string{
		`afterword_http_request_duration_seconds_count{method="GET",route="/api/v1/sites/:site/counts",status="200"} 1`,
		"afterword_streams_open 0", "afterword_cache_hits_total 0", "afterword_cache_misses_total 1", "afterword_webhook_deliveries_owed 0", "afterword_webhook_oldest_owed_seconds 0",
	} {
		if !strings.Contains(string(r.body), line+"\n") {
			t.Errorf("the figures have no %s", line)
		}
	}
	if strings.Contains(string(r.body), "daily") {
		t.Error("the figures name a site")
	}
	h.app.Stop()
	if r := h.get("/readyz").refused(503, "not_ready"); r.header.Get("Retry-After") == "" {
		t.Errorf("%v", r.header)
	}
	h.get("/healthz").want(200)
}

func TestNotReadyBeforeItRuns(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	h := open(t, func(p *plan) { p.Log = slog.New(slog.NewTextHandler(&said, nil)) })
	h.get("/readyz").refused(503, "not_ready")
	if said.Len() > 0 { // balancers ask again and again
		t.Errorf("the log says %s", said.String())
	}
}

func TestMetricsWithoutToken(t *testing.T) {
	t.Parallel()
	h := open(t, func(p *plan) { p.MetricsToken = "" })
	h.get("/metrics").refused(404, "not_found")
	h.get("/metrics", header("Authorization", "Bearer ")).refused(404, "not_found")
}

// TestFiles: the loader is short-lived, everything else has a hash and lives
// for ever; both come compressed to who takes it.
func TestFiles(t *testing.T) {
	t.Parallel()
	h := open(t)
	loader := h.get("/embed.js").want(200)
	if !strings.Contains(loader.header.Get("Cache-Control"), "max-age=60") || strings.Contains(loader.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v", loader.header)
	}
	desk := h.get("/admin/").want(200)
	names := regexp.MustCompile(`/assets/[\w.-]+`).FindAllString(string(desk.body)+string(loader.body), -1)
	if len(names) == 0 {
		t.Fatal("the desk names no files")
	}
	for _, name := range names {
		if r := h.get(name).want(200); !strings.Contains(r.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", name, r.header)
		}
	}
	for _, name := range append(names, "/embed.js") {
		plain := h.get(name).want(200)
		packed := h.get(name, header("Accept-Encoding", "br, gzip")).want(200)
		if packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) >= len(plain.body) {
			t.Errorf("%s: not compressed: %v", name, packed.header)
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, plain.body) {
			t.Errorf("%s: another file when compressed: %v", name, err)
		}
		h.get(name, header("If-None-Match", plain.header.Get("ETag"))).want(304)
		if r := h.send("HEAD", name, nil).want(200); r.header.Get("ETag") != plain.header.Get("ETag") {
			t.Errorf("HEAD %s: %v", name, r.header)
		}
		if plain.header.Get(allowOrigin) != "*" || plain.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s: pages cannot load it: %v", name, plain.header)
		}
	}
	for _, name := range []string{"x.js", "..%2fdesk.html", "%2e%2e%2fembed.go", strings.ToUpper(strings.TrimPrefix(names[0], "/assets/"))} {
		h.get("/assets/"+name).refused(404, "not_found")
	}
}

func TestDesk(t *testing.T) {
	t.Parallel()
	h := open(t)
	if r := h.get("/admin").want(302); r.header.Get("Location") != "/admin/" {
		t.Errorf("%v", r.header)
	}
	for _, path := range []string{"/admin/", "/admin/queue", "/admin/sites/daily/options", "/admin/%2e%2e/x"} {
		r := h.get(path).want(200)
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Robots-Tag": "noindex", "Cache-Control": "no-cache", allowOrigin: "",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		policy := r.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy has no %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: %s", path, policy)
		}
		if regexp.MustCompile(`(?i)<script(>| [^>]*>[^<])|<style|\son\w+=|\sstyle=`).Match(r.body) {
			t.Errorf("%s: something is inline", path)
		}
	}
	if r := h.get("/healthz", from(origin)); r.header.Get(allowOrigin) != "" {
		t.Error("probes have CORS")
	}
}
