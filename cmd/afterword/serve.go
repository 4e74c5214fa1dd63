package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

	"github.com/afterword-comments/afterword/plugin"
)

type serveCmd struct{}

// Run serves until a signal comes.
func (c *serveCmd) Run(e *env) error {
	ln, err := listen(e.settings.Addr)
	if err != nil {
		return err
	}
	aw, err := plugin.New(e.ctx, e.settings.plugin(e))
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	e.settings.logger(e).Info("serving", "addr", ln.Addr().String(), "version", versionOf().Version)
	return serve(e, aw, ln, nil)
}

// listen takes the address before anything else is begun.
func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use; stop what uses it, or choose another with --addr", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return ln, nil
}

// How long the parts of a stop may take; together less than the 15 seconds
// within which the process is gone.
const (
	noticeTime = 300 * time.Millisecond // for clients to see that connections close
	quietTime  = 100 * time.Millisecond // without a request, to take it that there is none on its way
	drainTime  = 4 * time.Second        // for requests; then as long for connections
)

// serve runs an installation on a listener until the command is told to stop:
// not ready, no new connections, requests drained, workers ended, store closed.
func serve(e *env, aw *plugin.Afterword, ln net.Listener, more func(fiber.Router)) error {
	app := fiber.New(aw.FiberConfig())
	app.Server().CloseOnShutdown = true
	var requests traffic
	app.Use(requests.count)
	aw.Mount(app)
	if more != nil {
		more(app)
	}
	app.Use(aw.NotFound)

	workers, cancel := context.WithCancel(context.WithoutCancel(e.ctx))
	defer cancel()
	var g errgroup.Group
	g.Go(func() error { return aw.Run(workers) })
	g.Go(func() error { return app.Listener(ln) })
	metrics, err := serveMetrics(e.settings.MetricsAddr, aw)
	if err == nil {
		<-e.ctx.Done()
	}
	aw.Stop()
	time.Sleep(noticeTime)
	err = errors.Join(err, ln.Close())
	requests.drain(drainTime)
	if down := app.ShutdownWithTimeout(drainTime); !errors.Is(down, net.ErrClosed) { // the listener is
		err = errors.Join(err, down)
	}
	if metrics != nil {
		err = errors.Join(err, metrics.Close())
	}
	cancel()
	return errors.Join(err, g.Wait(), aw.Close())
}

// traffic knows whether requests are being answered. The server's own shutdown
// waits for them too, but it tells them to give up.
type traffic struct{ taken, open atomic.Int64 }

func (t *traffic) count(c *fiber.Ctx) error {
	t.taken.Add(1)
	t.open.Add(1)
	defer t.open.Add(-1)
	return c.Next()
}

// drain waits until there has been no request for quietTime, but no longer than
// most.
func (t *traffic) drain(most time.Duration) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	quiet, taken := began, t.taken.Load()
	for now := range tick.C {
		if n := t.taken.Load(); n != taken || t.open.Load() > 0 {
			quiet, taken = now, n
		}
		if now.Sub(quiet) >= quietTime || now.Sub(began) >= most {
			return
		}
	}
}

func serveMetrics(addr string, aw *plugin.Afterword) (*http.Server, error) {
	if addr == "" {
		return nil, nil
	}
	ln, err := listen(addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", aw.Metrics())
	srv := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	go func() {
		if err := srv.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "afterword: metrics:", err)
		}
	}()
	return srv, nil
}
