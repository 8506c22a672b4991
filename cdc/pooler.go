package cdc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// ExplainPooler returns a *Problem in place of an error that only a pooler such as PgBouncer brings
// about: it takes no settings with a connection, and hands the statements that one connection has
// prepared to another. Any other error it returns as it is.
func ExplainPooler(err error) error {
	refused := pg.Refused(err)
	switch {
	case IsProblem(err):
	case pg.Is(err, pg.ProtocolViolation) && strings.Contains(refused.Message, "startup parameter"),
		pg.Is(err, pg.DuplicatePreparedStatement):
		return pooler(refused.Message)
	}
	return err
}

// IsProblem reports whether err says already how it is fixed.
func IsProblem(err error) bool {
	_, ok := errors.AsType[*Problem](err)
	return ok
}

func pooler(symptom string) *Problem {
	return &Problem{
		What: "the connection goes through a pooler, such as PgBouncer, not to Postgres itself: " +
			symptom,
		Hint: "give the address of the server itself in HOOKLINE_DATABASE_URL, and in " +
			"HOOKLINE_SPOOL_DATABASE_URL if that is set: " +
			"a stream of changes cannot be pooled",
	}
}

// TryReplication opens a replication connection and closes it: where that cannot be, nothing need
// be changed in the database. The error is a *Problem when a pooler is in the way.
func TryReplication(ctx context.Context, url string) error {
	config, err := pg.ReplicationConfig(url)
	if err != nil {
		return err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("open a replication connection: %w", ExplainPooler(err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = pglogrepl.IdentifySystem(ctx, conn)
	if pg.Is(err, pg.SyntaxError) {
		return pooler("a replication connection takes SQL only, as if replication had not been asked for")
	}
	if err != nil {
		return fmt.Errorf("try a replication connection: %w", ExplainPooler(err))
	}
	return nil
}
