package sender

import (
	"context"
	"log/slog"
	"time"
)

// logFailed tells all of a failed attempt in one line. The host stands for the URL, which may hold credentials.
func (s *Sender) logFailed(j *job, a attempted, wait time.Duration, more bool) {
	v, next := a.verdict, slog.Duration("next_in", wait.Round(time.Millisecond))
	if !more {
		next = slog.Bool("dead_letter", true)
	}
	what := slog.Int("status", v.Status)
	if v.Status == 0 {
		what = slog.String("error", v.Reason)
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "attempt failed",
		slog.String("event", j.Event.ID),
		slog.String("name", j.Event.Name),
		slog.String("webhook", j.tried.Key),
		slog.String("host", j.tried.Host),
		slog.Int("attempt", j.attempts),
		what,
		slog.Duration("duration", a.took),
		slog.String("verdict", v.Outcome.String()),
		next,
	)
}

func (s *Sender) logDelivered(j *job, a attempted) {
	s.log.LogAttrs(context.Background(), slog.LevelDebug, "delivered",
		slog.String("event", j.Event.ID),
		slog.String("name", j.Event.Name),
		slog.String("webhook", j.tried.Key),
		slog.String("host", j.tried.Host),
		slog.Int("attempt", j.attempts),
		slog.Int("status", a.verdict.Status),
		slog.Duration("duration", a.took),
	)
}
