package cdc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// permanent reports whether err tells of something that trying again does not mend.
func permanent(err error) bool {
	var one *Problem
	var many Problems
	if _, diverged := errors.AsType[*DivergedError](err); diverged {
		return true
	}
	return errors.Is(err, ErrTakenOver) || errors.Is(err, ErrStale) || errors.As(err, &one) || errors.As(err, &many)
}

// Transient reports whether err says that the server is away or busy, so that the same may work a little later.
func Transient(err error) bool {
	if err == nil || permanent(err) || errors.Is(err, context.Canceled) {
		return false
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true // the network, or a connection that was cut
	}
	switch refused.Code[:2] {
	case "08", "53", "57": // connection exception, insufficient resources, operator intervention
		return true
	}
	return false
}

// Trouble says in a few words what kind of error keeps a statement from its end, for a log that has the
// error itself beside it.
func Trouble(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		if Transient(err) {
			return "the server is busy or going down"
		}
		return "the server refuses (SQLSTATE " + refused.Code + ")"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return "the database cannot be reached"
	}
	if Transient(err) {
		return "the connection to the database is lost"
	}
	return "it failed"
}

// Persist calls f until it succeeds, fails for a reason that time does not mend, or ctx ends.
func Persist(ctx context.Context, log *slog.Logger, f func() error) error {
	for wait := firstPause; ; wait = min(2*wait, 10*time.Second) {
		err := f()
		if err == nil || !Transient(err) || ctx.Err() != nil {
			return err
		}
		log.Warn(Trouble(err)+", trying again", "error", err, "next_try", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
