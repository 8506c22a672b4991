package cdc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Checkpoint is how far the stream of a slot is settled, as it is kept apart from the slot. The
// slot alone knows whole transactions only, and says nothing of the database that it is in: a clone
// has the same.
type Checkpoint struct {
	// given to the first one that was saved for the slot, at random; saving leaves it alone
	ID       string `json:"-"`
	System   string // system identifier of the cluster
	Database string // OID of the database
	Timeline int32
	Settled  Position
	// Time is the latest of the commit times of transactions without an origin up to Settled; before
	// the first of them, when the slot was taken for the first time. Zero when unknown.
	Time time.Time
	// what the server could not send when it was asked last; SaveCheckpoint leaves it alone
	Unreadable UnreadableChange
	// set while the slot is ready for pg_upgrade; what SaveCheckpoint saves is not
	Prepared Prepared
}

// Checkpoints keeps the checkpoints of slots.
type Checkpoints interface {
	// LoadCheckpoint returns nil when there is none.
	LoadCheckpoint(ctx context.Context, slot string) (*Checkpoint, error)
	// SaveCheckpoint is durable when it returns.
	SaveCheckpoint(ctx context.Context, slot string, c Checkpoint) error
	// ReplaceCheckpoint is SaveCheckpoint, but does nothing, and returns false, when another one than
	// before is stored by now.
	ReplaceCheckpoint(ctx context.Context, slot string, before, c Checkpoint) (bool, error)
	// SaveUnreadable adds to the checkpoint of a slot what the server cannot send.
	SaveUnreadable(ctx context.Context, slot string, u UnreadableChange) error
	// SavePrepared adds to the checkpoint of a slot that it is ready for pg_upgrade.
	SavePrepared(ctx context.Context, slot string, p Prepared) error
}

const (
	saveInterval = 250 * time.Millisecond // between two checkpoints while changes come
	saveTimeout  = 10 * time.Second
	// progress without changes that is worth a checkpoint: each one is WAL itself
	idleBytes    = 1 << 20
	idleInterval = time.Minute // after which any progress is
)

// origin holds what never changes about a system.
type origin struct {
	id, database string
	timeline     atomic.Int32
}

func (o *origin) checkpoint(settled Position, latest int64) Checkpoint {
	return Checkpoint{
		System: o.id, Database: o.database, Timeline: o.timeline.Load(), Settled: settled,
		Time: time.UnixMicro(latest).UTC(),
	}
}

// wrote reports whether a checkpoint is of this database, on whichever timeline.
func (o *origin) wrote(c *Checkpoint) bool {
	return c != nil && c.System == o.id && c.Database == o.database
}

// saver writes checkpoints. The slot is acknowledged only up to what is saved, so it is never
// ahead.
type saver struct {
	source *Source
	saved  Position
	work   uint64 // see ledger.Progress
	at     time.Time
	failed int // times in a row
}

// run saves until stop is closed, and then for the last time.
func (s *saver) run(stop <-chan struct{}) {
	tick := s.source.cfg.Schedule.Every(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.save(false)
		case <-stop:
			s.save(true)
			return
		}
	}
}

// save writes a checkpoint when there is progress that is worth it.
func (s *saver) save(last bool) {
	src := s.source
	settled, latest, work := src.ledger.progress()
	if settled == s.saved || src.State() == InGap && src.checkpoints == nil {
		return
	}
	if src.checkpoints != nil {
		if work == s.work && !last && settled.End-s.saved.End < idleBytes &&
			time.Since(s.at) < idleInterval {
			return
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), saveTimeout,
			fmt.Errorf("no answer within %s", saveTimeout))
		stored, err := s.store(ctx, src.origin.checkpoint(settled, latest))
		cancel()
		if err != nil {
			src.metrics.checkpointFailures.Inc()
			switch s.failed++; s.failed {
			case 1: // a connection that has vanished without a word fails a statement
				src.log.Debug("the checkpoint could not be saved, trying again", "slot", src.cfg.Slot,
					"error", err)
			case 2:
				src.log.Warn("the checkpoint cannot be saved; the slot waits", "slot", src.cfg.Slot, "error",
					err)
			}
			return
		}
		if !stored {
			return
		}
		if s.failed > 1 {
			src.log.Info("the checkpoint is saved again", "slot", src.cfg.Slot)
		}
		s.failed = 0
	}
	news := settled.End != s.saved.End
	s.saved, s.work, s.at = settled, work, time.Now()
	if news {
		src.saved.Store(uint64(settled.End))
		src.interrupt()
	}
}

// store stores a checkpoint. In a gap it replaces one of this database, and does nothing, and
// returns false, where there is none any more: once the gap is accepted, one that is saved late
// would make the new slot look as if it had been moved. In one of the spool it does nothing either:
// what made the position settled may be lost with the spool of before.
func (s *saver) store(ctx context.Context, c Checkpoint) (stored bool, err error) {
	src := s.source
	if gap, ok := errors.AsType[*Gap](src.haltedBy()); ok &&
		(gap.Reason == OtherSpool || gap.Reason == SlotMoved) {
		return false, nil
	}
	if src.State() != InGap {
		return true, src.checkpoints.SaveCheckpoint(ctx, src.cfg.Slot, c)
	}
	before, err := src.checkpoints.LoadCheckpoint(ctx, src.cfg.Slot)
	if err != nil || !src.origin.wrote(before) || before.Timeline != c.Timeline ||
		!c.Settled.behind(before.Settled) {
		return false, err
	}
	return src.checkpoints.ReplaceCheckpoint(ctx, src.cfg.Slot, *before, c)
}

// resume returns where to take up from, with the decoder.latest of there, or a Gap. The slot is
// held: nobody else moves it.
func (s *Source) resume(ctx context.Context) (Position, int64, error) {
	now := time.Now().UnixMicro()
	s.origin.id, s.origin.database = s.system.id, s.system.database
	s.origin.timeline.Store(s.system.timeline)
	if s.checkpoints == nil {
		return Position{End: s.system.slot.settled}, now, nil
	}
	for {
		var c *Checkpoint
		err := Retry(ctx, s.log, func() (err error) {
			c, err = s.checkpoints.LoadCheckpoint(ctx, s.cfg.Slot)
			return err
		})
		if err != nil {
			return Position{}, now, err
		}
		if err := s.system.checkNotes(s.cfg, c); err != nil {
			return Position{}, now, err
		}
		if err := s.system.check(s.cfg, c); err != nil {
			return Position{}, now, err
		}
		position := s.after(c)
		latest := now
		if c != nil && !c.Time.IsZero() {
			latest = c.Time.UnixMicro()
		}
		next := s.origin.checkpoint(position, latest)
		if c == nil || c.Timeline == s.system.timeline {
			return position, latest, s.checkpoints.SaveCheckpoint(ctx, s.cfg.Slot, next)
		}
		// The process before, which knows the old timeline only, may still finish what it has in hand.
		last, err := s.checkpoints.ReplaceCheckpoint(ctx, s.cfg.Slot, *c, next)
		if err != nil {
			return Position{}, now, err
		}
		if last {
			s.tellFailover(c, position)
			return position, latest, nil
		}
	}
}

// after returns where to take up behind a checkpoint, which may be nil: as far as the server shares
// it, and not before what its slot still has.
func (s *Source) after(c *Checkpoint) Position {
	position := Position{End: s.system.slot.settled}
	if c == nil {
		return position
	}
	if shared := s.system.shared(c.Settled, c.Timeline); shared.End >= position.End {
		return shared
	}
	return position
}

// SkipSettled has Changes pass over what whoever held the slot before has settled by now: that may
// have had deliveries in hand when the slot was taken from it. What of a transaction is settled in
// part comes as Repeated, as at a start in the middle of it. It returns how far that is, zero where
// this Source has begun behind it. Call it after Acquire and before Changes, once nobody else can
// settle anything.
func (s *Source) SkipSettled(ctx context.Context) (until Position, err error) {
	if s.checkpoints == nil {
		return Position{}, nil
	}
	c, err := s.checkpoints.LoadCheckpoint(ctx, s.cfg.Slot)
	if err != nil || !s.origin.wrote(c) || c.Timeline != s.origin.timeline.Load() ||
		!c.Settled.behind(s.Settled()) {
		return Position{}, err
	}
	s.skip = *c
	s.log.Info("the process before has settled more since the stream began: it is passed over",
		"slot", s.cfg.Slot, "settled", c.Settled.End)
	return c.Settled, nil
}

// passes reports whether all of a change that has been read is settled. What of its transaction is
// settled in part is marked, as the reader does it where it begins. That goes for a Sole change,
// too: the process before may have had it with an End, by how it came over the connection, and have
// settled the change alone. Then it is Sole no more, and has to get an End.
//
// What was committed on a later timeline is not passed over: a server that has taken over may have
// other transactions before that position.
func (done *Checkpoint) passes(c *Change) bool {
	p := done.Settled
	switch {
	case c.Tx.Timeline > done.Timeline:
		return false
	case c.Tx.Commit < p.End:
		return true
	case c.Tx.Commit != p.Commit || c.Index >= p.Index:
		return false
	case c.Kind == End:
		changes := c.Index - c.Settled
		c.Settled = p.Index - changes
		c.Index, c.Repeated = p.Index, p.Index == afterTransaction
		return false
	default:
		c.Repeated = true
		if c.Sole && p.Index == c.Index+1 {
			c.Sole = false
		}
		return c.Sole
	}
}

// tellFailover tells that the stream goes on from a position on another timeline than that of the
// checkpoint.
func (s *Source) tellFailover(c *Checkpoint, from Position) {
	s.log.Warn("the server is on another timeline than at the last checkpoint", "before", c.Timeline,
		"now", s.system.timeline, "checkpoint", c.Settled.End, "from", from.End)
	if shared := s.system.shared(c.Settled, c.Timeline); shared.End < from.End {
		s.log.Error("the slot has come to this server later than the checkpoint: what was in the spool "+
			"of the changes between them may be lost", "slot", s.cfg.Slot, "checkpoint", shared.End,
			"from", from.End)
	}
}
