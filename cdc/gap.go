package cdc

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// Reason tells one kind of gap from another.
type Reason string

const (
	// the slot was dropped, or did not come along with a copy of the database
	SlotMissing Reason = "slot_missing"
	// the slot is there, but the server no longer serves it
	SlotLost Reason = "slot_lost"
	// somebody has moved the slot beyond what was announced
	SlotMoved Reason = "slot_moved"
	// the publication was dropped, or made anew: the slot cannot read what lies before it
	PublicationMissing Reason = "publication_missing"
	// a clone or a restore of the database that was announced
	OtherSystem Reason = "other_system"
	// a copy of the database that was announced under another name
	OtherEnvironment Reason = "other_environment"
	// the checkpoint that was saved is not there: see NoteSpool
	OtherSpool Reason = "other_spool"
	// the server cannot send a transaction: see UnreadableChange
	Unreadable Reason = "unreadable"
	// the bus has lost deliveries that were acknowledged to Postgres
	BusLost Reason = "bus_lost"
)

// Reasons are all there are.
var Reasons = [...]Reason{
	SlotMissing, SlotLost, SlotMoved, PublicationMissing, OtherSystem,
	OtherEnvironment, OtherSpool, Unreadable, BusLost,
}

// Gap is a Problem that has cost changes: some that were committed can no longer be announced, or
// must not be. It lasts until an operator has accepted it, or fixed it otherwise; nothing may be
// announced before.
type Gap struct {
	Reason Reason
	Problem
}

// Unwrap makes every Gap a Problem.
func (g *Gap) Unwrap() error { return &g.Problem }

const (
	acceptHint     = "hookline setup --accept-gap, to go on from now without them"
	acceptFromSlot = "hookline setup --accept-gap, to go on from there without them"
	switchBackHint = "if the server that was the primary before is a standby now, and still has the " +
		"slot, switch back: nothing is lost then. Else "
)

// FindGap looks for a gap between the database and what checkpoints, which may be nil, tell of it.
// It returns nil when there is none. A slot that does not exist is a gap even without a checkpoint:
// before the very first start the caller knows better. The error is a Problem when the slot is
// somebody else's.
func FindGap(
	ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints,
) (*Gap, error) {
	cfg = cfg.withDefaults()
	now, checkpoint, err := queryState(ctx, conn, cfg, checkpoints)
	if err != nil {
		return nil, err
	}
	if checkpoints != nil {
		err = now.checkNotes(cfg, checkpoint)
		if err == nil && checkpoint == nil && now.unusable() {
			return nil, nil // the slot is made anew: see Plan.slot
		}
	}
	if err == nil {
		err = now.check(cfg, checkpoint)
	}
	if gap, ok := errors.AsType[*Gap](err); ok {
		return gap, nil
	}
	if err == nil && checkpoint != nil && checkpoint.Unreadable.Commit != 0 &&
		now.slot.settled <= checkpoint.Unreadable.Commit {
		return checkpoint.Unreadable.gap(), nil // whoever reads the slot tries again all the same
	}
	return nil, err
}

// EnsureCheckpoint returns the checkpoint from which on changes are given up. Where there is none
// but a slot, it is made of where the slot stands, so that a kill does not lose it; nil when there
// is neither.
func EnsureCheckpoint(
	ctx context.Context, cfg Config, checkpoints Checkpoints,
) (*Checkpoint, error) {
	cfg = cfg.withDefaults()
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil || c != nil {
		return c, err
	}
	config, err := pg.ReplicationConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	// any role that may replicate can ask it for the cluster's identifier
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	now, err := identify(ctx, conn, cfg)
	if err != nil || !now.slot.exists {
		return nil, err
	}
	c = &Checkpoint{
		System: now.id, Database: now.database, Timeline: now.timeline,
		Settled: Position{End: now.slot.settled},
	}
	return c, checkpoints.SaveCheckpoint(ctx, cfg.Slot, *c)
}

// queryState looks at the database first and at the checkpoint then: in the other order a process
// at work could move the slot beyond the checkpoint in between. That would look like a gap.
func queryState(
	ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints,
) (system, *Checkpoint, error) {
	now, err := querySystem(ctx, conn.PgConn(), cfg)
	if err != nil || checkpoints == nil {
		return now, nil, err
	}
	checkpoint, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil || checkpoint == nil {
		return now, nil, err
	}
	if checkpoint.Timeline < now.timeline && now.slot.exists {
		if now.history, err = queryHistory(ctx, cfg, now.timeline); err != nil {
			return now, nil, err
		}
	}
	err = conn.QueryRow(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&now.id)
	if pg.Is(err, pg.InsufficientPrivilege) {
		// the stream can tell, and is asked before anything is announced
		now.id, err = checkpoint.System, nil
	}
	if err != nil {
		return now, nil, fmt.Errorf("identify system: %w", err)
	}
	return now, checkpoint, nil
}

// check returns a Gap when the stream cannot be taken up where the checkpoint, which may be nil,
// tells that it was left; and a Problem when the slot is not ours.
func (s *system) check(cfg Config, c *Checkpoint) error {
	if err := s.checkEnvironment(cfg); err != nil {
		return err
	}
	if gap := s.checkOrigin(c); gap != nil {
		return gap
	}
	if !s.slot.exists {
		return s.slotMissing(cfg, c)
	}
	after := s.slot.settled
	if c != nil {
		after = c.Settled.End
	}
	switch {
	case s.slot.plugin != "pgoutput" || s.slot.database != s.name:
		return &Problem{
			What: fmt.Sprintf("replication slot %q is of plugin %q in database %q, want pgoutput in %q",
				cfg.Slot, s.slot.plugin, s.slot.database, s.name),
			Hint: "set HOOKLINE_SLOT to another name",
		}
	case s.slot.lost != "":
		return &Gap{
			SlotLost,
			Problem{
				What: fmt.Sprintf("replication slot %q is lost: %s; changes after %s were not announced",
					cfg.Slot, s.slot.lost, after),
				Hint: acceptHint,
			},
		}
	case !s.published:
		return &Gap{PublicationMissing, Problem{
			What: fmt.Sprintf("replication slot %q exists, but publication %q does not: a slot cannot "+
				"read what lies before its publication; "+
				"changes after %s were not announced", cfg.Slot, cfg.Publication, after),
			Hint: acceptHint,
		}}
	// on another timeline it is a failover
	case c != nil && s.slot.settled > max(after, c.Prepared.Until) && c.Timeline == s.timeline:
		return &Gap{SlotMoved, Problem{
			What: fmt.Sprintf("replication slot %q was moved to %s by somebody else, or the "+
				"checkpoint was set back; changes after %s were not announced",
				cfg.Slot, s.slot.settled, after),
			Hint: acceptFromSlot,
		}}
	case s.jumped(c):
		return &Gap{SlotMoved, Problem{
			What: fmt.Sprintf("another server has taken over (timeline %d, before %d), and replication "+
				"slot %q was made there afterwards, at %s; changes after %s were not announced",
				s.timeline, c.Timeline, cfg.Slot, s.slot.settled, after),
			Hint: switchBackHint + acceptFromSlot,
		}}
	}
	return nil
}

// checkOrigin returns a Gap when this is another database than that of the checkpoint, which may be
// nil.
func (s *system) checkOrigin(c *Checkpoint) *Gap {
	switch {
	case c == nil:
		return nil
	case c.Prepared.Major != 0 && s.upgraded(c):
		return &Gap{OtherSystem, Problem{
			What: fmt.Sprintf("the server was upgraded from Postgres %d to %d, and has a new system "+
				"identifier (%s; before %s)",
				c.Prepared.Major, s.major, s.id, c.System),
			Hint: s.finish(),
		}}
	case c.System != s.id || c.Database != s.database:
		gap := &Gap{OtherSystem, Problem{
			What: fmt.Sprintf("this is not the database that Hookline has announced before (system %s, "+
				"database %s; now %s, %s): "+
				"a clone or a restore must not announce the original's changes",
				c.System, c.Database, s.id, s.database),
			Hint: "hookline setup --accept-gap, to announce this one's changes from now on",
		}}
		if c.Database == s.database { // pg_upgrade keeps it
			gap.Hint += "\nafter pg_upgrade, which hookline upgrade prepare was not run before: hookline " +
				"setup --accept-gap --spool=keep, and what waits is kept; see docs/failover.md"
		}
		return gap
	}
	return nil
}

// slotMissing returns the Gap of a slot that does not exist. The checkpoint may be nil.
func (s *system) slotMissing(cfg Config, c *Checkpoint) *Gap {
	switch {
	case c == nil:
		return &Gap{
			SlotMissing,
			Problem{What: fmt.Sprintf("replication slot %q does not exist", cfg.Slot), Hint: acceptHint},
		}
	case c.Timeline < s.timeline:
		return &Gap{SlotMissing, Problem{
			What: fmt.Sprintf("another server has taken over (timeline %d, before %d), and replication "+
				"slot %q has not come along; "+
				"changes after %s were not announced", s.timeline, c.Timeline, cfg.Slot, c.Settled.End),
			Hint: switchBackHint + acceptHint,
		}}
	default:
		return &Gap{
			SlotMissing,
			Problem{
				What: fmt.Sprintf(
					"replication slot %q is gone; changes after %s were not announced", cfg.Slot, c.Settled.End),
				Hint: acceptHint,
			},
		}
	}
}

// lostReason says why the server no longer serves a slot, "" when it does.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
func lostReason(walStatus, invalidation string) string {
	switch {
	case walStatus != "lost" && invalidation == "":
		return ""
	case invalidation == "" || invalidation == "wal_removed":
		return "the server has removed WAL that it needs, see max_slot_wal_keep_size"
	case invalidation == "idle_timeout":
		return "nobody has read it for longer than idle_replication_slot_timeout"
	}
	return "the server has invalidated it (" + invalidation + ")"
}

// refusedStart turns the server's refusal to start the stream into a Gap where it is one: the slot
// has gone since it was looked at.
func refusedStart(err error, cfg Config) error {
	refused := pg.Refused(err)
	switch {
	case pg.Is(err, pg.UndefinedObject):
		return &Gap{
			SlotMissing,
			Problem{
				What: fmt.Sprintf("replication slot %q is gone: %s", cfg.Slot, refused.Message),
				Hint: acceptHint,
			},
		}
	case pg.Is(err, pg.ObjectNotInPrerequisiteState):
		return &Gap{
			SlotLost,
			Problem{
				What: fmt.Sprintf("replication slot %q can no longer be read: %s", cfg.Slot,
					cmp.Or(refused.Detail, refused.Message)),
				Hint: acceptHint,
			},
		}
	}
	return err
}

// refusedStream is refusedStart for an error inside the stream. What the output plugin misses there
// is the publication.
func refusedStream(err error, cfg Config) error {
	if pg.Is(err, pg.UndefinedObject) {
		return noPublication(cfg, pg.Refused(err).Message)
	}
	return refusedStart(err, cfg)
}

func noPublication(cfg Config, message string) *Gap {
	return &Gap{
		PublicationMissing,
		Problem{
			What: fmt.Sprintf("publication %q was dropped, or is younger than slot %q: %s", cfg.Publication,
				cfg.Slot, message),
			Hint: acceptHint,
		},
	}
}
