package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	ln, err := listenAll(e.settings)
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

// listeners are the addresses of a service.
type listeners struct {
	net.Listener
	metrics net.Listener // nil = none
}

// Close gives up the addresses.
func (l listeners) Close() error {
	err := l.Listener.Close()
	if l.metrics != nil {
		err = errors.Join(err, l.metrics.Close())
	}
	return err
}

// listenAll takes the addresses before anything else is begun.
func listenAll(s *settings) (l listeners, err error) {
	if l.Listener, err = listen(s.Addr, "--addr"); err != nil || s.MetricsAddr == "" {
		return l, err
	}
	if l.metrics, err = listen(s.MetricsAddr, "--metrics-addr"); err != nil {
		return l, errors.Join(err, l.Listener.Close())
	}
	return l, nil
}

func listen(addr, flag string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use; stop what uses it, or choose another with %s", addr, flag)
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
func serve(e *env, aw *plugin.Afterword, ln listeners, more func(fiber.Router)) error {
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
	g.Go(func() error { return requests.giveBack(workers) })
	g.Go(func() error { return app.Listener(ln.Listener) })
	var metrics *http.Server
	if ln.metrics != nil {
		metrics = metricsServer(aw)
		g.Go(func() error { return closed(metrics.Serve(ln.metrics)) })
	}
	<-e.ctx.Done()
	aw.Stop()
	time.Sleep(noticeTime)
	err := ln.Listener.Close()
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

func metricsServer(aw *plugin.Afterword) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", aw.Metrics())
	return &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
}

// closed is err, but for a server that was told to close.
func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
