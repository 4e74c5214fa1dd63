package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

	"github.com/afterword-comments/afterword/plugin"
)

type serveCmd struct {
	Addr string `help:"Address to listen on." default:"127.0.0.1:8080" env:"AFTERWORD_ADDR" placeholder:"HOST:PORT"`
}

// Run serves until a signal comes.
func (c *serveCmd) Run(e *env) error {
	ln, err := listen(c.Addr)
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
	drainTime  = 8 * time.Second
)

// serve runs an installation on a listener until the command is told to stop:
// not ready, no new connections, requests drained, workers ended, store closed.
func serve(e *env, aw *plugin.Afterword, ln net.Listener, more func(fiber.Router)) error {
	app := fiber.New(aw.FiberConfig())
	app.Server().CloseOnShutdown = true
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
	err = errors.Join(err, app.ShutdownWithTimeout(drainTime))
	if metrics != nil {
		err = errors.Join(err, metrics.Close())
	}
	cancel()
	return errors.Join(err, g.Wait(), aw.Close())
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
