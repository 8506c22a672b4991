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

// pg_upgrade makes a new cluster of the files of an old one. The new one has another system
// identifier, which a clone has, too. From Postgres 17 on the slots come along, if nothing that was
// committed in their databases lies behind what they have confirmed; not even Hookline's own
// checkpoint.
//
// https://www.postgresql.org/docs/current/logical-replication-upgrade.html

// Prepared is what was noted of a server when the slot was made ready for pg_upgrade. The zero
// value: it is not.
type Prepared struct {
	Major int    // version
	XID   uint64 // the next transaction
	Until LSN    // the slot was confirmed beyond what is settled, but not beyond this
}

// keepsSlots is the first major version from which pg_upgrade brings logical slots along.
const keepsSlots = 17

// upgraded reports whether pg_upgrade has made this system of the one of the checkpoint: the same
// database, of a later major version, whose transactions and WAL have gone on from there. A
// restored dump begins anew; a copy of the files has the same version, and the same identifier.
func (s *system) upgraded(c *Checkpoint) bool { return s.notUpgraded(c) == "" }

// notUpgraded says what speaks against an upgrade, "" when nothing does.
func (s *system) notUpgraded(c *Checkpoint) string {
	switch {
	case c.Prepared.Major == 0:
		return "`hookline upgrade prepare` was not run before"
	case c.System == s.id:
		return fmt.Sprintf("it is still system %s", s.id)
	case s.major <= c.Prepared.Major:
		return fmt.Sprintf("it is Postgres %d, and it was %d before", s.major, c.Prepared.Major)
	case c.Database != s.database:
		return fmt.Sprintf("the database has OID %s, and had %s before, which pg_upgrade keeps",
			s.database, c.Database)
	case s.xid < c.Prepared.XID:
		return fmt.Sprintf("its next transaction is %d, and was %d before: pg_upgrade does not set it "+
			"back", s.xid, c.Prepared.XID)
	case s.end < c.Settled.End:
		return fmt.Sprintf("its WAL ends at %s, and was at %s before: pg_upgrade does not set it back",
			s.end, c.Settled.End)
	}
	return ""
}

// finish is what there is to do after an upgrade.
func (s *system) finish() string {
	if s.slot.exists {
		return "hookline upgrade finish, to go on with the slot that has come along"
	}
	return "hookline upgrade finish --new-slot, as the slot has not come along; " +
		"or else hookline setup --accept-gap"
}

// errWritten says that something that is to be announced lies behind what was to be confirmed.
var errWritten = errors.New("something was committed in the meantime")

// IsWritten reports whether ConfirmAll has found something to announce.
func IsWritten(err error) bool { return errors.Is(err, errWritten) }

const (
	// bytes of WAL that an idle server may write between the note and the confirmation
	confirmMargin = 1 << 20
	confirmTries  = 3
)

// ConfirmAll notes that the slot is ready for pg_upgrade, and confirms all that the server has, so
// that nothing lies behind it: not the checkpoint either. The stream proves that there is nothing
// to announce in it; else the error is one of which IsWritten tells, and nothing is confirmed.
// Nobody may read the slot.
func ConfirmAll(ctx context.Context, cfg Config, checkpoints Checkpoints) (to LSN, err error) {
	cfg = cfg.withDefaults()
	for range confirmTries {
		var until LSN
		if to, until, err = confirm(ctx, cfg, checkpoints); err != nil || to <= until {
			return to, err
		}
	}
	return 0, errWritten
}

func confirm(ctx context.Context, cfg Config, checkpoints Checkpoints) (to, until LSN, err error) {
	config, err := pg.ReplicationConfig(cfg.URL)
	if err != nil {
		return 0, 0, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return 0, 0, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	now, err := identify(ctx, conn, cfg)
	if err != nil {
		return 0, 0, err
	}
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil {
		return 0, 0, err
	}
	if c == nil {
		return 0, 0, fmt.Errorf("there is no checkpoint of slot %q", cfg.Slot)
	}
	if err := now.check(cfg, c); err != nil {
		return 0, 0, err
	}
	until = now.end + confirmMargin
	if err := checkpoints.SavePrepared(ctx, cfg.Slot, Prepared{
		Major: now.major, XID: now.xid,
		Until: until,
	}); err != nil {
		return 0, 0, err
	}
	if now, err = querySystem(ctx, conn, cfg); err != nil { // its log ends behind the note now
		return 0, 0, err
	}
	if err := startStream(ctx, conn, cfg, max(c.Settled.End, now.slot.settled)); err != nil {
		return 0, 0, fmt.Errorf("start replication from slot %q: %w", cfg.Slot, err)
	}
	if to, err = passAll(ctx, conn, cfg, now.end); err != nil {
		return 0, 0, err
	}
	if _, err := pglogrepl.SendStandbyCopyDone(ctx, conn); err != nil {
		return 0, 0, fmt.Errorf("end the stream: %w", err)
	}
	if now, err = querySystem(ctx, conn, cfg); err == nil && now.slot.settled < to {
		err = fmt.Errorf("the server has not confirmed slot %q up to %s, only to %s", cfg.Slot, to,
			now.slot.settled)
	}
	return to, until, err
}

// passAll reads the stream up to end, and confirms that when there is nothing in it.
func passAll(ctx context.Context, conn *pgconn.PgConn, cfg Config, end LSN) (to LSN, err error) {
	ask := func() error {
		return pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{
			WALWritePosition: to, WALFlushPosition: to, WALApplyPosition: to, ReplyRequested: true,
		})
	}
	for {
		if err := ask(); err != nil {
			return 0, fmt.Errorf("report position %s: %w", to, err)
		}
		wait, cancel := context.WithTimeoutCause(ctx, time.Second, errNoAnswer)
		message, err := conn.ReceiveMessage(wait)
		cancel()
		switch {
		case err != nil && errors.Is(context.Cause(wait), errNoAnswer) && pgconn.Timeout(err):
			continue
		case err != nil:
			return 0, fmt.Errorf("receive: %w", err)
		}
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			return 0, refusedStream(pgconn.ErrorResponseToPgError(m), cfg)
		case *pgproto3.CopyData:
			const header = 1 + 8 + 8 + 8 // as in reader.message
			if m.Data[0] == pglogrepl.XLogDataByteID {
				// of a transaction without changes, before Postgres 15
				if kind := m.Data[header]; kind != 'B' && kind != 'C' {
					return 0, errWritten
				}
				continue
			}
			if at := LSN(binary.BigEndian.Uint64(m.Data[1:])); at >= end {
				to = at
				return to, ask()
			}
		}
	}
}

var errNoAnswer = errors.New("no answer")

// FinishUpgrade has the checkpoint go on with the system that pg_upgrade has made, from where the
// slot stands that has come along. It returns the checkpoint as it was, and that position. The
// error is a Problem when it cannot be proved that this was an upgrade; ErrNoSlot when it was, but
// the slot has not come along; ErrFinished when the checkpoint is of this system.
func FinishUpgrade(ctx context.Context, cfg Config, checkpoints Checkpoints) (before *Checkpoint,
	to LSN, err error,
) {
	cfg = cfg.withDefaults()
	config, err := pg.ReplicationConfig(cfg.URL)
	if err != nil {
		return nil, 0, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, 0, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	now, err := identify(ctx, conn, cfg)
	if err != nil {
		return nil, 0, err
	}
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err == nil {
		err = now.checkNotes(cfg, c)
	}
	switch {
	case err != nil:
		return nil, 0, err
	case c == nil:
		return nil, 0, &Problem{
			What: fmt.Sprintf("nothing was announced yet from slot %q", cfg.Slot), Hint: "hookline run",
		}
	case c.System == now.id && c.Database == now.database && c.Prepared.Major == 0:
		return c, c.Settled.End, ErrFinished
	}
	if why := now.notUpgraded(c); why != "" {
		return nil, 0, &Problem{
			What: "this is no upgrade of the server that was announced before: " + why,
			Hint: "hookline setup --accept-gap, if this server is to be announced from now on",
		}
	}
	if !now.slot.exists {
		return c, 0, ErrNoSlot
	}
	after := Checkpoint{
		System: now.id, Database: now.database, Timeline: now.timeline,
		Settled: Position{End: now.slot.settled},
	}
	if err := now.check(cfg, &after); err != nil {
		return nil, 0, err
	}
	if err := forgetAttachments(ctx, conn, cfg); err != nil {
		return nil, 0, err
	}
	return c, after.Settled.End, checkpoints.SaveCheckpoint(ctx, cfg.Slot, after)
}

// forgetAttachments forgets which transactions made tables partitions. pg_upgrade makes the
// catalogs anew, with other transactions, so each partition would look like one that was away.
func forgetAttachments(ctx context.Context, conn *pgconn.PgConn, cfg Config) error {
	_, err := conn.Exec(ctx, "UPDATE "+cfg.own(knownTable).String()+
		" SET attached_x = NULL WHERE slot = "+pg.Literal(cfg.Slot)).ReadAll()
	if err != nil {
		return fmt.Errorf("forget by which transactions tables were attached: %w", err)
	}
	return nil
}

var (
	// ErrNoSlot says that an upgrade has not brought the slot along.
	ErrNoSlot = errors.New("the slot has not come along")
	// ErrFinished says that there is no upgrade to finish.
	ErrFinished = errors.New("the checkpoint is of this system already")
)
