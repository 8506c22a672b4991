package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

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
	log := newLogger(cfg)
	for {
		if err = run(ctx, cfg, log); !errors.Is(err, cdc.ErrTakenOver) || ctx.Err() != nil {
			return err
		}
		log.Warn("starting over, as a standby", "cause", err)
	}
}

// farewell is how long giving the slot back may take, after everything is delivered or given up.
const farewell = 10 * time.Second

// run is Hookline: it prepares the database, waits for the slot, and delivers until ctx ends. Then it finishes what it has in hand, for
// at most cfg.DrainTimeout, and gives the slot back.
func run(ctx context.Context, cfg config.Config, log *slog.Logger) (err error) {
	log.Info("hookline starts", "version", version)
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
	source, err := cdc.Open(cfg.CDC, store, log, metrics)
	if err != nil {
		return err
	}
	health, err := admin.Listen(cfg.HealthAddr, source, metrics, log)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(finish, time.Second)
		defer cancel()
		_ = health.Close(ctx)
	}()

	cfg.Sender.Version = version
	out, err := sender.New(cfg.Sender, store, db.webhooks, log, metrics)
	if err != nil {
		return err
	}
	if err := db.prepare(ctx, store); err != nil {
		return stopped(ctx, err)
	}
	if err := source.Acquire(ctx); err != nil {
		return stopped(ctx, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeoutCause(finish, farewell, errors.New("the server does not answer"))
		defer cancel()
		err = errors.Join(err, source.Close(ctx))
		log.Info("hookline has stopped")
	}()
	defer func() { err = errors.Join(err, drain(finish, out, cfg.DrainTimeout, log)) }()
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
	go cdc.Monitor(ctx, db.pool, cfg.CDC, log, metrics, relief(cfg.HoldWAL, out.Relieve))
	events := mapper.New(db.catalog, db.pool, source.Database(), cfg.Mapper.Format, log)
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
	log.Warn("not everything could be delivered; it is sent again at the next start", "error", left)
	return nil
}

// stopped returns nil in place of an error that is only the end of ctx.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // who asked for the end does not want to hear of it
	}
	return err
}
