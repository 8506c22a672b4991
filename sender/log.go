package sender

import (
	"context"
	"log/slog"
	"time"

	"hookline/sender/queue"
)

// logFailed tells all of a failed attempt in one line. The host stands for the URL, which may hold
// credentials.
func (s *Sender) logFailed(d *queue.Delivery, a attempted, decision queue.Decision) {
	v, next := a.verdict, slog.Duration("next_in", decision.Wait.Round(time.Millisecond))
	if decision.Dead {
		next = slog.Bool("dead_letter", true)
	}
	what := slog.Int("status", v.Status)
	if v.Status == 0 {
		what = slog.String("error", v.Reason)
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "attempt failed",
		slog.String("event", d.Event.ID), slog.String("name", d.Told().Name),
		slog.String("webhook", d.Tried.Key), slog.String("host", d.Tried.Host),
		slog.Int("attempt", d.Attempts), what, slog.Duration("duration", a.took),
		slog.String("verdict", v.Outcome.String()), next)
}

func (s *Sender) logDelivered(d *queue.Delivery, a attempted) {
	s.log.LogAttrs(context.Background(), slog.LevelDebug, "delivered",
		slog.String("event", d.Event.ID), slog.String("name", d.Told().Name),
		slog.String("webhook", d.Tried.Key), slog.String("host", d.Tried.Host), slog.Int("attempt",
			d.Attempts), slog.Int("status", a.verdict.Status), slog.Duration("duration", a.took))
}
