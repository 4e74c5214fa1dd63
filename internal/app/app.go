// Package app puts the parts together: one store, one key ring and the
// services that stand on them. plugin serves an App; the commands that
// administer a database open one beside whatever serves it.
package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/afterword-comments/afterword/internal/auth"
	"github.com/afterword-comments/afterword/internal/checker"
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/follow"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/internal/live"
	"github.com/afterword-comments/afterword/internal/store"
	"github.com/afterword-comments/afterword/internal/web"
	"github.com/afterword-comments/afterword/internal/webhook"
	"github.com/afterword-comments/afterword/moderation"
)

// Settings are what an installation is told. All but DB may be empty.
type Settings struct {
	DB              string
	SecretKey       string // base64; "" = the file afterword.key beside the database
	WebhookAllow    string // CIDR list
	WebhookSchedule string // list of delays
	WebhookProxy    string // address of an egress proxy
	WebhookCAFile   string // PEM file of authorities beside the system's
	Listen          string // where it is served; no webhook goes there unless allowed
	TrustedProxies  string // CIDR list
	MetricsToken    string
	Checks          []moderation.Check
	Log             *slog.Logger
	Version         web.Version
}

// App is an installation in one process.
type App struct {
	Store    *store.Store
	Ring     *keyring.Ring
	Ledger   *comment.Ledger
	Comments *comment.Service
	Auth     *auth.Auth
	Hooks    *webhook.Hooks
	Checks   *checker.Checks
	Hub      *live.Hub
	Cache    *live.Cache
	Web      *web.Server

	settings Settings
	schedule webhook.Schedule
	guard    *webhook.Guard
	outside  *webhook.Client // for checks elsewhere
	proxy    *url.URL
	roots    *x509.CertPool
	waves    *comment.Waves
	wake     webhook.Wake
	tally    *webhook.Tally
	standing *webhook.Standings
	stopping chan struct{}
	state    atomic.Int32 // stateStarting, stateReady, stateStopping
}

const (
	stateStarting = iota
	stateReady
	stateStopping
)

// KeyFile is the installation key's place beside a SQLite database.
func KeyFile(dbPath string) string { return filepath.Join(filepath.Dir(dbPath), "afterword.key") }

// loadRing finds the installation key, and makes one for a database that is new.
func (a *App) loadRing(ctx context.Context) (err error) {
	if a.settings.SecretKey != "" {
		a.Ring, err = keyring.Parse(a.settings.SecretKey)
		return err
	}
	file := KeyFile(a.Store.Path())
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		used, err := a.used(ctx)
		if err != nil {
			return err
		}
		if used {
			return fmt.Errorf("the installation key %s is missing; put it back, or set AFTERWORD_SECRET_KEY to the key that this database was made with", file)
		}
	}
	a.Ring, err = keyring.LoadOrCreate(file)
	return err
}

// used reports whether anything has ever been written to the database.
func (a *App) used(ctx context.Context) (used bool, err error) {
	err = a.Store.View(ctx, func(r comment.Reader) error {
		sites, err := r.LogSites()
		used = len(sites) > 0
		return err
	})
	return used, err
}

// Open opens the database, brings it up to date and puts the parts together.
func Open(ctx context.Context, s Settings) (*App, error) {
	if s.Log == nil {
		s.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	a := &App{settings: s, wake: webhook.NewWake(), tally: &webhook.Tally{}, stopping: make(chan struct{})}
	if err := a.read(s); err != nil {
		return nil, err
	}
	var err error
	if a.Store, err = store.Open(ctx, s.DB); err != nil {
		return nil, err
	}
	if err := a.loadRing(ctx); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	if err := a.checkKey(ctx); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	if err := a.build(); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	return a, nil
}

// read reads the settings that have a form of their own, before anything is
// opened.
func (a *App) read(s Settings) (err error) {
	if a.guard, err = webhook.NewGuard(s.WebhookAllow); err != nil {
		return fmt.Errorf("AFTERWORD_WEBHOOK_ALLOW: %w", err)
	}
	a.guard.Own(s.Listen)
	if a.proxy, err = webhook.ParseProxy(s.WebhookProxy); err != nil {
		return fmt.Errorf("AFTERWORD_WEBHOOK_PROXY: %w", err)
	}
	if a.roots, err = webhook.LoadRoots(s.WebhookCAFile); err != nil {
		return fmt.Errorf("AFTERWORD_WEBHOOK_CA_FILE: %w", err)
	}
	a.schedule = webhook.DefaultSchedule()
	if s.WebhookSchedule != "" {
		if a.schedule, err = webhook.ParseSchedule(s.WebhookSchedule); err != nil {
			return fmt.Errorf("AFTERWORD_WEBHOOK_SCHEDULE: %w", err)
		}
	}
	if _, err = prefixes(s.TrustedProxies); err != nil || !store.IsServer(s.DB) {
		return err
	}
	if s.SecretKey == "" {
		return errors.New("an installation on PostgreSQL needs its key in AFTERWORD_SECRET_KEY or AFTERWORD_SECRET_KEY_FILE, the same on every node: base64 of at least 32 random bytes, as from: openssl rand -base64 32")
	}
	return store.CheckServer(s.DB)
}

func prefixes(list string) (all []netip.Prefix, err error) {
	for _, text := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fmt.Errorf("AFTERWORD_TRUSTED_PROXIES: %q is not an address range such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// checkKey makes sure that the key is the one that the log was begun with: with
// another one no secret would open and no token would verify, which is better
// said at the start.
func (a *App) checkKey(ctx context.Context) error {
	a.Ledger = comment.NewLedger(a.Ring, comment.NewID)
	return a.Store.View(ctx, func(r comment.Reader) error {
		sites, err := r.LogSites()
		if err != nil || len(sites) == 0 {
			return err
		}
		seq, _, err := r.LogHead(sites[0])
		if err != nil {
			return err
		}
		// One of the two suffices: a line that was tampered with is for
		// `audit verify` to find, not a reason to lock everybody out.
		for _, after := range []int64{0, seq - 1} {
			found, err := r.Events(sites[0], after, 1)
			if err != nil || len(found) == 0 || a.Ledger.Knows(found[0]) {
				return err
			}
		}
		return errors.New("the installation key is not the one that this database was made with; put back its afterword.key, or set AFTERWORD_SECRET_KEY to the key it had")
	})
}

func (a *App) build() error {
	pipeline := moderation.New(a.settings.Checks...)
	pipeline.Now = time.Now
	a.Comments = comment.NewService(comment.HopStore{Store: a.Store}, a.Ring, a.Ledger, pipeline)
	a.Auth = auth.New(a.Store, a.Ring, a.Ledger)
	a.Hooks = &webhook.Hooks{
		Store: a.Store, Ledger: a.Ledger, Ring: a.Ring, Guard: a.guard, Wake: a.wake,
		Now: a.Comments.Now, NewID: comment.NewID,
	}
	a.buildChecks()
	a.Hub = live.NewHub(a.Store)
	a.Cache = live.NewCache(a.Store)
	a.Cache.Now = func() time.Time { return a.Comments.Now() }
	a.waves = &comment.Waves{Service: a.Comments, Log: a.Store}
	a.Store.OnCommit(a.Cache.Committed)
	proxies, err := prefixes(a.settings.TrustedProxies)
	if err != nil {
		return err
	}
	a.Web = &web.Server{
		Comments: a.Comments, Auth: a.Auth, Hooks: a.Hooks, Checks: a.Checks, Hub: a.Hub, Cache: a.Cache, Log: a.settings.Log, Proxies: proxies,
		Version: a.settings.Version, Metrics: web.NewMetrics(), MetricsToken: a.settings.MetricsToken,
		Now: time.Now, Ready: a.ready, Stopping: a.stopping,
	}
	a.Web.Metrics.Gauge("streams_open", "Event streams that are open.", func() float64 { return float64(a.Hub.Streams()) })
	a.Web.Metrics.Counter("cache_hits_total", "Answers and sites found in the page cache.", func() float64 { return float64(a.Cache.Stats().Hits) })
	a.Web.Metrics.Counter("cache_misses_total", "Readings that filled the page cache.", func() float64 { return float64(a.Cache.Stats().Misses) })
	a.Web.Metrics.Gauge("cache_bytes", "Memory that the page cache holds, by its own count.", func() float64 { return float64(a.Cache.Stats().Bytes) })
	a.Web.Metrics.Gauge("webhook_deliveries_owed", "Deliveries that wait to be sent, at most 100000.", a.owed)
	a.standing = &webhook.Standings{Queue: a.Store, Hooks: a.Hooks, Now: a.Comments.Now}
	a.Web.Metrics.Gauge("webhook_oldest_owed_seconds", "Age of the oldest event that an active endpoint is owed.", a.standing.OldestSeconds)
	a.Web.Metrics.Family("webhook_endpoints", "Webhook endpoints by state.", "state", a.standing.States)
	a.Web.Metrics.Family("webhook_attempts_total", "Calls of this process to webhook receivers, by the class of their outcome.", "class", a.tally.Attempts)
	a.Web.Metrics.Family("check_callbacks_total", "Later answers of checks elsewhere, by what became of them.", "outcome", a.Checks.Callbacks)
	a.Web.Metrics.Family("webhook_deliveries_total", "Deliveries that this process brought to their end, by state.", "state", a.tally.Outcomes)
	return nil
}

// buildChecks makes the checks elsewhere. Their calls go where webhooks may go,
// on connections of their own.
func (a *App) buildChecks() {
	a.outside = webhook.NewClient(a.guard, a.settings.Version.Version, a.roots)
	a.outside.Through(a.proxy)
	a.Checks = checker.New()
	a.Checks.Store, a.Checks.Comments, a.Checks.Ledger, a.Checks.Ring = a.Store, a.Comments, a.Ledger, a.Ring
	a.Checks.Guard, a.Checks.HTTP = a.guard, a.outside.HTTP(checkTime)
	a.Checks.Now, a.Checks.NewID = func() time.Time { return a.Comments.Now() }, comment.NewID
	a.Comments.Outside = a.Checks
}

// checkTime bounds one call of a check elsewhere, beside its own deadline.
const checkTime = 30 * time.Second

func (a *App) owed() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := a.Store.Owed(ctx)
	if err != nil {
		return -1
	}
	return float64(n)
}

// ready says why this process may not take traffic.
func (a *App) ready(ctx context.Context) error {
	if a.state.Load() != stateReady {
		return &fault.Error{Kind: fault.Unavailable, Code: "not_ready", Detail: "The service is starting or stopping.", RetryAfter: time.Second}
	}
	if err := a.Store.Sound(); err != nil {
		return err
	}
	return a.Store.View(ctx, func(r comment.Reader) error {
		_, _, err := r.LogHead("")
		return err
	})
}

// examine goes through a large database while it is being served. The service
// goes on reading from a damaged one, and says to its balancer that it is not
// ready.
func (a *App) examine(ctx context.Context) error {
	if err := a.Store.Examine(ctx); err != nil {
		a.settings.Log.Error("the check of the database failed", slog.Any("error", err))
	}
	return nil
}

// Run runs the workers until ctx is cancelled.
func (a *App) Run(ctx context.Context) error {
	report := func(worker string) func(error) {
		return func(err error) {
			a.settings.Log.Warn("will try again", slog.String("worker", worker), slog.Any("error", err))
		}
	}
	client := webhook.NewClient(a.guard, a.settings.Version.Version, a.roots)
	client.Through(a.proxy)
	defer client.Close()
	fan := &webhook.FanOut{Queue: a.Store, Wake: a.wake, Now: a.Comments.Now, NewID: comment.NewID}
	sender := &webhook.Worker{
		Queue: a.Store, Client: client, Hooks: a.Hooks, Ring: a.Ring, Schedule: a.schedule, Wake: a.wake,
		Now: a.Comments.Now, Grace: 4 * time.Second, Tally: a.tally, OnError: report("webhook"),
	}
	a.standing.OnError = report("webhook standings")
	settler := &comment.Settler{Service: a.Comments, Changed: a.Store.Changed, OnError: report("settler")}
	sweeper := &comment.Sweeper{Service: a.Comments, OnError: report("legal terms")}
	a.waves.OnError = report("waves")
	replayer := &webhook.Replayer{Hooks: a.Hooks, OnError: report("replay")}
	a.Checks.OnError = report("checks")
	// Nobody waits for tallies: they are counted at leisure, many events at a time.
	tally := &follow.Follower{Name: comment.TallyFollower(), Log: unhurried{a.Store}, Handle: a.Comments.Tally, Poll: time.Second, Rest: time.Second, Batch: 1000, OnError: report("tally")}
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{
		fan.Follower(a.Store, report("webhook log")).Run, sender.Run, replayer.Run, settler.Run, sweeper.Run, a.Hub.Run, a.Cache.Run, a.waves.Run, a.Store.Watch, a.sweep, a.examine, a.standing.Run,
		a.Checks.Run, a.Checks.Follower().Run, tally.Run,
	} {
		g.Go(func() error { return run(ctx) })
	}
	a.state.CompareAndSwap(stateStarting, stateReady)
	return g.Wait()
}

// unhurried is a log that does not tell of commits: it is looked at now and then.
type unhurried struct{ *store.Store }

// Changed never fires.
func (unhurried) Changed() <-chan struct{} { return nil }

// sweepTime is how often what has outlived its use is deleted.
const sweepTime = 10 * time.Minute

// roomTime is how often a full disk is looked at for room.
const roomTime = 2 * time.Second

func (a *App) sweep(ctx context.Context) error {
	tick, room := time.NewTicker(sweepTime), time.NewTicker(roomTime)
	defer tick.Stop()
	defer room.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-room.C:
			a.Store.TakeBallast()
		case <-tick.C:
			n, err := 1, error(nil)
			for n > 0 && err == nil && ctx.Err() == nil {
				n, err = a.Comments.Sweep(ctx)
			}
			if err != nil && ctx.Err() == nil {
				a.settings.Log.Warn("will try again", slog.String("worker", "sweep"), slog.Any("error", err))
			}
		}
	}
}

// Stop makes the service not ready and ends the streams; requests are still
// answered, each on a connection that is closed after it.
func (a *App) Stop() {
	if a.state.Swap(stateStopping) != stateStopping {
		close(a.stopping)
	}
}

// Close closes the database.
func (a *App) Close() error {
	a.Checks.Close()
	a.outside.Close()
	return a.Store.Close()
}

// Check says whether settings can be, without opening anything.
func Check(s Settings) error { return (&App{}).read(s) }
