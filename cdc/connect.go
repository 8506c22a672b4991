package cdc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// reconnect connects until it works, Close is called, or the database turns out to be unusable. It waits for a pause before the first try.
func (s *Source) reconnect(pause time.Duration) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.stop:
			cancel(ErrStopped)
		case <-ended:
		}
	}()
	for wait := max(pause, firstPause); ; wait = min(2*wait, s.cfg.ReconnectWait) {
		select {
		case <-time.After(pause):
			pause = wait
		case <-ctx.Done():
			return nil, ErrStopped
		}
		conn, err := s.connect(ctx, s.ledger.Settled().End)
		switch {
		case err == nil:
			s.log.Info("replication stream is back", "slot", s.cfg.Slot, "settled", s.ledger.Settled().End)
			return conn, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case isPermanent(err):
			return nil, err
		}
		s.log.Warn("cannot connect to the database yet", "error", err, "next_try", wait)
	}
}

// connect opens a replication connection and starts the stream, from start or wherever the slot stands if that is later. While another
// process holds the slot it waits.
func (s *Source) connect(ctx context.Context, start LSN) (*pgconn.PgConn, error) {
	config, err := replicationConfig(s.cfg.URL)
	if err != nil {
		return nil, err
	}
	for {
		conn, err := s.try(ctx, config, start)
		if err == nil {
			return conn, nil
		}
		refused, _ := errors.AsType[*pgconn.PgError](err)
		switch {
		case refused != nil && refused.Code == slotInUse:
			if State(s.state.Swap(int32(Standby))) != Standby {
				s.log.Info("another process holds the slot, standing by", "slot", s.cfg.Slot)
			}
		case s.State() == Standby && Transient(err): // it outlives restarts of the server, as the active one does
			s.log.Debug("standing by, and the server is away", "error", err)
		default:
			return nil, permanent(err, s.cfg)
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

// try opens a replication connection and starts the stream on it.
func (s *Source) try(ctx context.Context, config *pgconn.Config, start LSN) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	if err := s.start(ctx, conn, start); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (s *Source) start(ctx context.Context, conn *pgconn.PgConn, start LSN) error {
	found, err := identify(ctx, conn, s.cfg.Slot)
	if err != nil {
		return err
	}
	if s.system.id != "" && (found.id != s.system.id || found.database != s.system.database) {
		return permanentError{fmt.Errorf("the database is not the one it was: system identifier %s, was %s. "+
			"A clone or a restore must not announce its rows; start Hookline anew if this is meant", found.id, s.system.id)}
	}
	if s.ledger != nil && found.settled > LSN(s.saved.Load()) && found.timeline == s.system.timeline {
		return permanentError{fmt.Errorf("%w: it has moved to %s, and this process had settled %s", ErrTakenOver, found.settled, LSN(s.saved.Load()))}
	}
	start = max(start, found.settled)
	err = pglogrepl.StartReplication(ctx, conn, s.cfg.Slot, start, pglogrepl.StartReplicationOptions{
		Mode:       pglogrepl.LogicalReplication,
		PluginArgs: []string{"proto_version '1'", "publication_names " + quoteLiteral(quoteIdentifier(s.cfg.Publication))},
	})
	if err != nil {
		return fmt.Errorf("start replication from slot %q: %w", s.cfg.Slot, err)
	}
	s.system = found
	s.conn.Store(conn)
	s.state.Store(int32(Starting))
	if s.pumped.Load() {
		s.state.Store(int32(Active))
	}
	s.contact.Store(time.Now().UnixNano())
	s.log.Info("replication stream started", "slot", s.cfg.Slot, "from", start, "timeline", found.timeline)
	return nil
}

// replicationConfig returns the configuration of a replication connection to the database at url. Its errors hold no password.
func replicationConfig(url string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, errBadURL // err may quote the password
	}
	for name, value := range SessionSettings() {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["replication"] = "database"
	return config, nil
}
