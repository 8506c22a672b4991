package cdc

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Reason tells one kind of gap from another.
type Reason string

const (
	SlotMissing        Reason = "slot_missing"        // the slot was dropped, or did not come along with a copy of the database
	SlotLost           Reason = "slot_lost"           // the slot is there, but the server no longer serves it
	SlotMoved          Reason = "slot_moved"          // somebody has moved the slot beyond what was announced
	PublicationMissing Reason = "publication_missing" // the publication was dropped, or made anew: the slot cannot read what lies before it
	OtherSystem        Reason = "other_system"        // a clone or a restore of the database that was announced
	Unreadable         Reason = "unreadable"          // the server cannot send a transaction: see Unsent
)

// Reasons are all there are.
var Reasons = [...]Reason{SlotMissing, SlotLost, SlotMoved, PublicationMissing, OtherSystem, Unreadable}

// Gap is a Problem that has cost changes: some that were committed can no longer be announced, or must not be. It lasts until an operator
// has accepted it, or mended it otherwise; nothing may be announced before.
type Gap struct {
	Reason Reason
	Problem
}

// Unwrap makes every Gap a Problem.
func (g *Gap) Unwrap() error { return &g.Problem }

const goOn = "hookline setup --accept-gap, to go on from now without them"

// FindGap looks for a gap between the database and what checkpoints, which may be nil, tell of it. It returns nil when there is none. A
// slot that does not exist is a gap even without a checkpoint: before the very first start the caller knows better. The error is a Problem
// when the slot is somebody else's.
func FindGap(ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints) (*Gap, error) {
	cfg = cfg.withDefaults()
	now, checkpoint, err := examine(ctx, conn, cfg, checkpoints)
	if err != nil {
		return nil, err
	}
	if checkpoints != nil && checkpoint == nil && now.unusable() {
		return nil, nil // the slot is made anew: see Plan.slot
	}
	err = now.check(cfg, checkpoint)
	if gap, ok := errors.AsType[*Gap](err); ok {
		return gap, nil
	}
	if err == nil && checkpoint != nil && checkpoint.Unsent.Commit != 0 && now.slot.settled <= checkpoint.Unsent.Commit {
		return checkpoint.Unsent.gap(), nil // whoever reads the slot tries again all the same
	}
	return nil, err
}

// KeepBegin returns the checkpoint from which on changes are given up. Where there is none but a slot, it is made of where the slot stands,
// so that a kill does not lose it; nil when there is neither.
func KeepBegin(ctx context.Context, cfg Config, checkpoints Checkpoints) (*Checkpoint, error) {
	cfg = cfg.withDefaults()
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil || c != nil {
		return c, err
	}
	config, err := replicationConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config) // any role that may replicate can ask it for the cluster's identifier
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	now, err := identify(ctx, conn, cfg)
	if err != nil || !now.slot.exists {
		return nil, err
	}
	c = &Checkpoint{System: now.id, Database: now.database, Timeline: now.timeline, Settled: Position{End: now.slot.settled}}
	return c, checkpoints.SaveCheckpoint(ctx, cfg.Slot, *c)
}

// examine looks at the database first and at the checkpoint then: in the other order a process that is at work would move the slot beyond
// the checkpoint in between, and that would look like a gap.
func examine(ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints) (system, *Checkpoint, error) {
	now, err := look(ctx, conn.PgConn(), cfg)
	if err != nil || checkpoints == nil {
		return now, nil, err
	}
	checkpoint, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil || checkpoint == nil {
		return now, nil, err
	}
	err = conn.QueryRow(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&now.id)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		now.id, err = checkpoint.System, nil // the stream can tell, and is asked before anything is announced
	}
	if err != nil {
		return now, nil, fmt.Errorf("identify system: %w", err)
	}
	return now, checkpoint, nil
}

// check returns a Gap when the stream cannot be taken up where the checkpoint, which may be nil, tells that it was left; and a Problem when
// the slot is not ours.
func (s *system) check(cfg Config, c *Checkpoint) error {
	after := s.slot.settled
	if c != nil {
		after = c.Settled.End
	}
	switch {
	case c != nil && (c.System != s.id || c.Database != s.database):
		return &Gap{OtherSystem, Problem{
			What: fmt.Sprintf("this is not the database that Hookline has announced before (system %s, database %s; now %s, %s): "+
				"a clone or a restore must not announce the original's changes", c.System, c.Database, s.id, s.database),
			Mend: "hookline setup --accept-gap, to announce this one's changes from now on",
		}}
	case !s.slot.exists && c == nil:
		return &Gap{SlotMissing, Problem{What: fmt.Sprintf("replication slot %q does not exist", cfg.Slot), Mend: goOn}}
	case !s.slot.exists:
		return &Gap{SlotMissing, Problem{
			What: fmt.Sprintf("replication slot %q is gone; changes after %s were not announced", cfg.Slot, after),
			Mend: goOn,
		}}
	case s.slot.plugin != "pgoutput" || s.slot.database != s.name:
		return &Problem{
			What: fmt.Sprintf("replication slot %q is of plugin %q in database %q, want pgoutput in %q",
				cfg.Slot, s.slot.plugin, s.slot.database, s.name),
			Mend: "set HOOKLINE_SLOT to another name",
		}
	case s.slot.lost != "":
		return &Gap{SlotLost, Problem{
			What: fmt.Sprintf("replication slot %q is lost: %s; changes after %s were not announced", cfg.Slot, s.slot.lost, after),
			Mend: goOn,
		}}
	case !s.published:
		return &Gap{PublicationMissing, Problem{
			What: fmt.Sprintf("replication slot %q exists, but publication %q does not: a slot cannot read what lies before its publication; "+
				"changes after %s were not announced", cfg.Slot, cfg.Publication, after),
			Mend: goOn,
		}}
	case c != nil && s.slot.settled > after && c.Timeline == s.timeline: // on another timeline it is a failover
		return &Gap{SlotMoved, Problem{
			What: fmt.Sprintf("replication slot %q was moved to %s by somebody else; changes after %s were not announced",
				cfg.Slot, s.slot.settled, after),
			Mend: goOn,
		}}
	}
	return nil
}

// loss says why the server no longer serves a slot, "" when it does.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
func loss(walStatus, invalidation string) string {
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

// refusedStart turns the server's refusal to start the stream into a Gap where it is one: the slot has gone since it was looked at.
func refusedStart(err error, cfg Config) error {
	refused, _ := errors.AsType[*pgconn.PgError](err)
	switch {
	case refused != nil && refused.Code == undefinedObject:
		return &Gap{SlotMissing, Problem{What: fmt.Sprintf("replication slot %q is gone: %s", cfg.Slot, refused.Message), Mend: goOn}}
	case refused != nil && refused.Code == slotInvalid:
		return &Gap{SlotLost, Problem{
			What: fmt.Sprintf("replication slot %q can no longer be read: %s", cfg.Slot, cmp.Or(refused.Detail, refused.Message)),
			Mend: goOn,
		}}
	}
	return err
}

// refusedStream is refusedStart for an error inside the stream. What the output plugin misses there is the publication.
func refusedStream(err error, cfg Config) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == undefinedObject {
		return noPublication(cfg, refused.Message)
	}
	return refusedStart(err, cfg)
}

func noPublication(cfg Config, message string) *Gap {
	return &Gap{PublicationMissing, Problem{
		What: fmt.Sprintf("publication %q was dropped, or is younger than slot %q: %s", cfg.Publication, cfg.Slot, message),
		Mend: goOn,
	}}
}
