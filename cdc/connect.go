package cdc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hookline/internal/pg"
)

// reconnect connects until it works, Close is called, or the database turns out to be unusable. It
// waits for a pause before the first try. The stream has to begin at held already, unless that is
// 0.
func (s *Source) reconnect(pause time.Duration, held LSN) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.stop:
			cancel(ErrStopped)
		case <-s.halted:
			cancel(s.halt)
		case <-ended:
		}
	}()
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	retry := pg.Retry{
		First: max(pause, firstPause), Max: s.cfg.ReconnectWait, Permanent: permanent,
		Failing: func(err error, next time.Duration) {
			s.log.Warn("cannot connect to the database yet", "error", err, "next_in", next)
		},
	}
	var conn *pgconn.PgConn
	err := retry.Do(ctx, func() (err error) {
		start := s.ledger.settled().End
		if held != 0 {
			start = min(start, held)
		}
		conn, err = s.connect(ctx, start)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.Info("replication stream is back", "slot", s.cfg.Slot, "settled", s.ledger.settled().End)
	return conn, nil
}

// connect opens a replication connection and starts the stream, from start or wherever the slot
// stands if that is later. While another process holds the slot it waits.
func (s *Source) connect(ctx context.Context, start LSN) (*pgconn.PgConn, error) {
	config, err := pg.ReplicationConfig(s.cfg.URL)
	if err != nil {
		return nil, err
	}
	for {
		conn, err := s.try(ctx, config, start)
		if err == nil {
			return conn, nil
		}
		switch {
		case pg.Is(err, pg.ObjectInUse):
			if s.enter(Standby, nil) != Standby {
				s.log.Info("another process holds the slot, standing by", "slot", s.cfg.Slot)
			}
		// it outlives restarts of the server, as the active one does
		case s.State() == Standby && Transient(err):
			s.log.Debug("standing by, and the server is away", "error", err)
		default:
			return nil, err
		}
		select {
		case <-time.After(s.cfg.StandbyWait):
		case <-s.stop:
			return nil, ErrStopped
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

const (
	readBuffer = 64 << 10 // bytes that are read at once, at most: the server sends many small messages
	inputKey   = "input"  // where a connection keeps the reader that its messages come from
)

// try opens a replication connection and starts the stream on it.
func (s *Source) try(
	ctx context.Context, config *pgconn.Config, start LSN,
) (*pgconn.PgConn, error) {
	config = config.Copy()
	var input *bufio.Reader
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		input = bufio.NewReaderSize(r, readBuffer)
		return pgproto3.NewFrontend(input, w)
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", ExplainPooler(err))
	}
	conn.CustomData()[inputKey] = input
	if err := s.start(ctx, conn, start); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (s *Source) start(ctx context.Context, conn *pgconn.PgConn, start LSN) error {
	found, err := identify(ctx, conn, s.cfg)
	if err != nil {
		return err
	}
	if err := s.checkResumable(found); err != nil {
		return err
	}
	if s.ledger != nil {
		if err := s.checkTimeline(found); err != nil {
			return err
		}
	}
	if found.blocked() {
		return s.explainBlocked(ctx)
	}
	trees, err := queryTrees(ctx, conn, s.cfg)
	if err != nil {
		return err
	}
	start = max(start, found.slot.settled)
	err = startStream(ctx, conn, s.cfg, start, "messages 'true'") // for annotations
	if err != nil {
		return fmt.Errorf("start replication from slot %q: %w", s.cfg.Slot, err)
	}
	s.system, s.trees = found, trees
	s.history.Store(&found.history)
	s.conn.Store(conn)
	s.heardAt(time.Now())
	s.enter(Starting, nil)
	s.activate()
	s.log.Info("replication stream started", "slot", s.cfg.Slot, "from", start, "timeline",
		found.timeline)
	return nil
}

// startStream has the server send what the publication has, from a position on; options are more of
// pgoutput's. The error says what the server refuses, which may be a Gap.
func startStream(
	ctx context.Context, conn *pgconn.PgConn, cfg Config, from LSN, options ...string,
) error {
	err := pglogrepl.StartReplication(ctx, conn, cfg.Slot, from, pglogrepl.StartReplicationOptions{
		Mode: pglogrepl.LogicalReplication,
		PluginArgs: append([]string{
			"proto_version '1'", "publication_names " + pg.Literal(pg.Identifier(cfg.Publication)),
		}, options...),
	})
	if err != nil {
		return refusedStart(err, cfg)
	}
	return nil
}

// checkResumable returns an error unless found is where this process left off.
func (s *Source) checkResumable(found system) error {
	if s.ledger == nil {
		// how it compares with the checkpoint can be told once the slot is held: see resume
		return found.check(s.cfg, nil)
	}
	saved := LSN(s.saved.Load())
	here := s.origin.checkpoint(Position{End: saved}, 0)
	err := found.check(s.cfg, &here)
	if gap, ok := errors.AsType[*Gap](err); ok && gap.Reason == SlotMoved {
		return fmt.Errorf("%w: it has moved to %s, and this process had settled %s", ErrTakenOver,
			found.slot.settled, saved)
	}
	return err
}

// watchForShutdown closes down when the server no longer lets anybody in because it is shutting
// down. Who does not read its stream cannot hear it ask, and it would wait for us for ever.
func (s *Source) watchForShutdown(ctx context.Context, down chan<- struct{}) {
	tick := time.NewTicker(shutdownCheckInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		config, err := pg.PoolConfig(s.cfg.URL, 1)
		if err != nil {
			return
		}
		conn, err := pgconn.ConnectConfig(ctx, &config.ConnConfig.Config)
		if pg.Is(err, pg.CannotConnectNow) {
			close(down)
			return
		}
		if err == nil {
			_ = conn.Close(ctx)
		}
	}
}
