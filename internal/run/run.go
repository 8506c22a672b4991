package run

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"hookline/admin"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/internal/poll"
	"hookline/sender"
	"hookline/sender/settled"
	"hookline/trace"
)

// Run is Hookline: one session after the other until ctx ends, or one of them for a reason that
// calls for a restart. A halt does not: what it calls for is an operator, and the process stays to
// tell so, and to go on when it is mended.
func Run(ctx context.Context, cfg config.Config, role Role, log *slog.Logger) error {
	log.Info("hookline starts", "version", cfg.Sender.Version)
	defer log.Info("hookline has stopped")
	if fold, ok := log.Handler().(*folding); ok {
		defer fold.flush()
	}
	tuneCollector()
	schedule := poll.New()
	cfg.CDC.Schedule, cfg.Sender.Schedule = schedule, schedule
	working, rest := context.WithCancel(context.WithoutCancel(ctx)) // and what is in hand is finished
	defer rest()
	go schedule.Run(working)
	go setProcessors(ctx, schedule)
	go trimMemory(working, schedule)
	limitMemory(log, memlimit.FromCgroup)
	r := &runner{cfg: cfg, log: log, metrics: newProcessMetrics(cfg.Sender.Version)}
	r.process = newProcess(log, r.metrics)
	if role == Sends {
		return r.parts().run(ctx, log, r.sendSessions)
	}
	return r.parts().run(ctx, log, r.sessions)
}

// runner is what outlives the sessions of a process.
type runner struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	process *process

	tracer    *trace.Tracer
	health    *admin.Health
	backend   *operate.Backend
	operators *admin.Server
}

// parts are those of the process. Health and operators' listener answer until the last session is
// over.
func (r *runner) parts() parts {
	return parts{
		{"state directory", r.prepareStateDir, nil},
		{"spans", r.openTracer, func(ctx context.Context) error {
			closeSoon(ctx, r.tracer.Close)
			return nil
		}},
		{"health", r.openHealth, func(ctx context.Context) error {
			closeSoon(ctx, r.health.Close)
			return nil
		}},
		{"operator backend", r.openBackend, func(context.Context) error {
			r.backend.Close()
			return nil
		}},
		{"operators", r.openOperators, func(ctx context.Context) error {
			closeSoon(ctx, r.operators.Close)
			return nil
		}},
		background("samples", func(ctx context.Context) {
			if r.operators.Addr() != "" {
				r.backend.Recent.Run(ctx, r.backend.Sample)
			}
		}),
	}
}

func (r *runner) prepareStateDir(context.Context) error {
	if r.cfg.StateDir == "" {
		return nil
	}
	return settled.Prepare(r.cfg.StateDir, r.cfg.CDC.Slot)
}

func (r *runner) openTracer(context.Context) error {
	r.tracer = trace.New(r.cfg.Trace, r.cfg.Sender.Version, r.log)
	r.cfg.Sender.Tracer = r.tracer
	r.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "hookline_dropped_spans_total",
		Help: "Spans that were lost: their queue was full, or the collector did not take them.",
	}, func() float64 { return float64(r.tracer.Dropped()) }))
	return nil
}

func (r *runner) openHealth(context.Context) (err error) {
	r.health, err = admin.Listen(r.cfg.HealthAddr, r.process, r.metrics, r.log)
	return err
}

func (r *runner) openBackend(context.Context) error {
	r.backend = operate.New(r.cfg, r.process)
	return nil
}

func (r *runner) openOperators(context.Context) (err error) {
	r.operators, err = operate.Serve(r.cfg.Admin, r.backend, r.log)
	if err == nil && r.operators.Addr() != "" {
		r.cfg.Sender.Watch = r.backend.Recent.Add
	}
	return err
}

// newProcessMetrics returns a registry with what is known of the process itself.
func newProcessMetrics(version string) *prometheus.Registry {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hookline_build_info", Help: "Always 1; the labels tell what runs.",
			ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
		}, func() float64 { return 1 }))
	return metrics
}

// sessions runs one session after the other.
func (r *runner) sessions(ctx context.Context) error {
	defer context.AfterFunc(ctx, r.process.end)()
	reached := false // the database, once: from then on it is waited for
	for {
		own := prometheus.NewRegistry() // each session counts from zero
		r.health.ServeMetrics(prometheus.Gatherers{r.metrics, own})
		s := &session{
			cfg: r.cfg, log: r.log, metrics: own, process: r.process, attend: r.backend.Attend,
		}
		if r.operators.Addr() != "" {
			s.decisions = r.backend.Chosen
		}
		err := s.run(ctx)
		switch {
		case isHalt(err):
			r.process.declare(err)
		case r.process.halted() && cdc.Transient(err): // the server has gone away meanwhile
		case bus.IsAway(err):
			r.busAway(ctx, err)
		case errors.Is(err, errAway), reached && cdc.Transient(err):
			r.log.Warn("starting over", "next_in", restartPause, "error", err)
			wait(ctx, restartPause)
		case errors.Is(err, crm.ErrTenants):
			r.log.Warn("starting over", "error", err)
		case errors.Is(err, sender.ErrBehind):
			r.log.Error("starting over from what the spool has: deliveries may come again",
				"error", err)
		case isDiverged(err):
			r.log.Error("starting over from what this server has: "+
				"receivers have heard of changes that it lacks", "error", err)
		case errors.Is(err, cdc.ErrTakenOver), errors.Is(err, cdc.ErrStale),
			errors.Is(err, sender.ErrFenced):
			r.log.Warn("starting over, as a standby", "error", err)
		default:
			return err
		}
		reached = true // or nothing of this could be known
		if r.process.halted() {
			r.process.untilMended(ctx, r.cfg)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // whoever asked for the end does not want to hear of it
		}
	}
}

func isDiverged(err error) bool {
	_, is := errors.AsType[*cdc.DivergedError](err)
	return is
}

// closeSoon closes what listens, and gives the answers in hand a second to get out.
func closeSoon(ctx context.Context, closing func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = closing(ctx)
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
