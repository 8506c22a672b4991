package cdc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hookline/internal/pg"
)

// FindStreamGap looks for a gap that shows in the stream alone, as of a publication that somebody
// has made anew: the server refuses changes that lie before it. It reads what the server has by now
// behind a position, for ten seconds at most, and confirms nothing. It returns nil when all of that
// was sent, or another process reads the slot.
func FindStreamGap(ctx context.Context, cfg Config, behind LSN) (*Gap, error) {
	cfg = cfg.withDefaults()
	config, err := pg.ReplicationConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errNoAnswer)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	now, err := querySystem(ctx, conn, cfg)
	if err != nil {
		return nil, err
	}
	if err = startStream(ctx, conn, cfg, max(behind, now.slot.settled)); err == nil {
		err = readTo(ctx, conn, cfg, now.slot.settled, now.end)
	}
	gap, ok := errors.AsType[*Gap](err)
	if ok || pg.Is(err, pg.ObjectInUse) ||
		errors.Is(context.Cause(ctx), errNoAnswer) && pgconn.Timeout(err) {
		return gap, nil
	}
	return nil, err
}

// readTo reads the stream to end, and confirms nothing beyond at.
func readTo(ctx context.Context, conn *pgconn.PgConn, cfg Config, at, end LSN) error {
	err := pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: at, WALFlushPosition: at, WALApplyPosition: at, ReplyRequested: true,
	})
	if err != nil {
		return fmt.Errorf("report position %s: %w", at, err)
	}
	for {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			return refusedStream(pgconn.ErrorResponseToPgError(m), cfg)
		case *pgproto3.CopyData:
			if m.Data[0] == pglogrepl.PrimaryKeepaliveMessageByteID &&
				LSN(binary.BigEndian.Uint64(m.Data[1:])) >= end {
				return nil
			}
		}
	}
}
