package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hookline/admin"
	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

type runCommand struct{}

func (runCommand) Run(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	return run(ctx, cfg, newLogger(cfg))
}

// run is Hookline: one session after the other until ctx ends, or one of them for a reason that calls for a restart. A halt does not: what
// it calls for is an operator, and the process stays to tell so, and to go on when it is mended.
func run(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	log.Info("hookline starts", "version", version)
	defer log.Info("hookline has stopped")
	tuneCollector()
	go govern(ctx)
	limitMemory(log, memlimit.FromCgroup)
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	process := newProcessState(log, metrics)
	health, err := admin.Listen(cfg.HealthAddr, process, metrics, log)
	if err != nil {
		return err
	}
	defer closeSoon(ctx, health.Close)
	operators, err := admin.Serve(cfg.Admin, log)
	if err != nil {
		return err
	}
	defer closeSoon(ctx, operators.Close)
	var reached bool // the database, once: from then on it is waited for
	for {
		own := prometheus.NewRegistry() // each session counts from zero
		health.ServeMetrics(prometheus.Gatherers{metrics, own})
		err := session(ctx, cfg, log, own, process)
		switch {
		case isHalt(err):
			process.declare(err)
		case process.halted() && cdc.Transient(err): // the server has gone away meanwhile
		case errors.Is(err, errAway), reached && cdc.Transient(err):
			reached = true
			log.Warn("starting over", "in", restartPause, "cause", err)
			wait(ctx, restartPause)
		case errors.Is(err, errTenants):
			log.Warn("starting over", "cause", err)
		case isDiverged(err):
			log.Error("starting over from what this server has: receivers have heard of changes that it lacks", "cause", err)
		case errors.Is(err, cdc.ErrTakenOver), errors.Is(err, cdc.ErrStale), errors.Is(err, sender.ErrFenced):
			log.Warn("starting over, as a standby", "cause", err)
		default:
			return err
		}
		if process.halted() {
			process.untilMended(ctx, cfg)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

func isDiverged(err error) bool {
	_, is := errors.AsType[*cdc.DivergedError](err)
	return is
}

// closeSoon closes what listens, and gives the answers in hand a second to get out, even after ctx has ended.
func closeSoon(ctx context.Context, closing func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = closing(ctx)
}

// errAway ends a session when the database was there at first, and then went away before the stream began.
var errAway = errors.New("the database has gone away")

// away marks err with errAway when it says so. One that nobody can connect to may never have been there.
func away(err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok && cdc.Transient(err) {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	return err
}

// restartPause is the time between two sessions when the database is away.
const restartPause = time.Second

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// farewell is how long giving the slot back may take, after everything is delivered or given up.
const farewell = 10 * time.Second

// session prepares the database, waits for the slot, and delivers until ctx ends or the stream cannot go on. Then it finishes what it has in
// hand, for at most cfg.DrainTimeout, and gives the slot back.
func session(ctx context.Context, cfg config.Config, log *slog.Logger, metrics *prometheus.Registry, process *processState) (err error) {
	finish, done := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx: for what is finished after it
	defer done()

	db, err := openDatabase(finish, cfg, log, metrics)
	if err != nil {
		return err
	}
	defer db.close()
	store, err := openSpool(ctx, cfg)
	if err != nil {
		return stopped(ctx, err)
	}
	defer store.Close()
	cfg.CDC.Keeps = mapper.Keeps(db.catalog)
	source, err := cdc.Open(cfg.CDC, store, log, metrics)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeoutCause(finish, farewell, errors.New("the server does not answer"))
		defer cancel()
		err = errors.Join(err, source.Close(ctx))
	}()
	process.follow(source)
	if err := cdc.TryReplication(ctx, cfg.CDC.URL); err != nil { // before anything is changed
		if _, refused := errors.AsType[*pgconn.PgError](err); !refused && cdc.Transient(err) {
			err = fmt.Errorf("%w: %w", errAway, err) // it was there a moment ago
		}
		return stopped(ctx, err)
	}

	cfg.Sender.Version = version
	cfg.Sender.Large = tightenFor(cfg.Sender.MaxBuffer)
	out, err := sender.New(cfg.Sender, store, db.webhooks, log, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drain(finish, out, cfg.DrainTimeout, log)) }()
	db.cfg.CDC.Standby = true
	if err := db.prepare(ctx, store); err != nil {
		return stopped(ctx, away(err))
	}
	if err := source.Acquire(ctx); err != nil {
		return stopped(ctx, away(err))
	}
	db.cfg.CDC.Standby = false
	watching, end := context.WithCancel(ctx)
	defer end()
	go cdc.Monitor(watching, db.pool, cfg.CDC, log, metrics, cdc.Watch{
		Behind: relief(cfg.HoldWAL, source.Amid, out.Relieve), Blocked: source.Halt, Held: process.hold, Unsent: source.Unsent,
	})
	err = cdc.Persist(ctx, log, func() error {
		if err := db.prepare(ctx, store); err != nil { // tables may have come while this process stood by
			return err
		}
		return db.load(ctx)
	})
	if err != nil {
		return stopped(ctx, err)
	}
	db.webhooks.OnChange(out.Recheck)
	if err := cdc.Persist(ctx, log, func() error { return takeUp(ctx, store, out) }); err != nil {
		return stopped(ctx, err)
	}
	db.wake = source.Wake
	events := mapper.New(db.catalog, db.pool, source.Database(), cfg.Mapper.Format, log)
	events.KeepMoved(cdc.NewMoved(cfg.CDC, db.pool))
	listings := cdc.NewListings(cfg.CDC, db.pool)
	events.Follow(mapper.Stream{Ahead: source, Listings: listings, Slot: cfg.CDC.Slot})
	err = cdc.Persist(ctx, log, func() error {
		_, err := listings.Note(ctx)
		return err
	})
	if err != nil {
		return stopped(ctx, err)
	}
	db.listings = listings
	go db.followTables(watching, store, source.Halt)
	late, cancel := linger(ctx, cfg.DrainTimeout)
	defer cancel()
	err = pump(ctx, late, source, db, events, out, metrics)
	if cause := context.Cause(ctx); cause != nil {
		log.Info("stopping: finishing what is in hand", "cause", cause, "at_most", cfg.DrainTimeout)
	}
	return err
}

// takeUp claims the spool, and goes on with what is in it.
func takeUp(ctx context.Context, store *spool.Spool, out *sender.Sender) error {
	if err := store.Claim(ctx); err != nil {
		return err
	}
	return out.Resume(ctx)
}

// linger returns a context that ends some time after ctx has.
func linger(ctx context.Context, d time.Duration) (late context.Context, cancel func()) {
	late, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(d, func() { end(context.Cause(ctx)) })
	})
	return late, func() { stop(); end(nil) }
}

// drain finishes what is in hand. What is left then is no error: it is not settled, so it comes again.
func drain(ctx context.Context, out *sender.Sender, limit time.Duration, log *slog.Logger) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("HOOKLINE_DRAIN_TIMEOUT of %s is over", limit))
	defer cancel()
	err := out.Drain(ctx)
	left, ok := errors.AsType[*sender.LeftError](err)
	if !ok {
		return err
	}
	log.Warn("not everything could be delivered; it stays unsettled", "error", left)
	return nil
}

// stopped returns nil in place of an error that is only the end of ctx.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // who asked for the end does not want to hear of it
	}
	return err
}
