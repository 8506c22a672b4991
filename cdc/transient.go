package cdc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// permanent reports whether err tells of something that trying again does not cure.
func permanent(err error) bool {
	var one *Problem
	var many Problems
	if _, diverged := errors.AsType[*DivergedError](err); diverged {
		return true
	}
	return errors.Is(err, ErrTakenOver) || errors.Is(err, ErrStale) || errors.As(err, &one) ||
		errors.As(err, &many)
}

// Transient reports whether err says that the server is away or busy, so that the same may work a
// little later.
func Transient(err error) bool {
	return pg.IsTransient(err) && !permanent(err) && !errors.Is(err, context.Canceled)
}

// DescribeFailure says in a few words what kind of error ended a statement, for a log that has the
// error itself beside it.
func DescribeFailure(err error) string {
	if refused := pg.Refused(err); refused != nil {
		switch {
		case pg.Is(err, pg.ReadOnlyTransaction):
			return "the server takes no writes"
		case Transient(err):
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

// Retry calls f until it succeeds, fails for a reason that time does not cure, or ctx ends. It
// logs that f fails, once for each reason.
func Retry(ctx context.Context, log *slog.Logger, f func() error) error {
	return pg.Retry{
		Permanent: func(err error) bool { return !Transient(err) },
		Failing: func(err error, next time.Duration) {
			log.Warn(DescribeFailure(err)+", trying again", "error", err, "next_in", next)
		},
	}.Do(ctx, f)
}
