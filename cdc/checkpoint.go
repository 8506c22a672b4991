package cdc

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Checkpoint is how far the stream of a slot is settled, as it is kept apart from the slot. The slot alone knows whole transactions
// only, and says nothing of the database that it is in: a clone has the same.
type Checkpoint struct {
	System   string // system identifier of the cluster
	Database string // OID of the database
	Timeline int32
	Settled  Position
	Time     time.Time // commit time of the last change that was taken; zero when unknown
}

// Checkpoints keeps the checkpoints of slots.
type Checkpoints interface {
	// LoadCheckpoint returns nil when there is none.
	LoadCheckpoint(ctx context.Context, slot string) (*Checkpoint, error)
	// SaveCheckpoint is durable when it returns.
	SaveCheckpoint(ctx context.Context, slot string, c Checkpoint) error
}

const (
	saveInterval = 250 * time.Millisecond // between two checkpoints while changes come
	saveTimeout  = 10 * time.Second
	idleBytes    = 1 << 20     // progress without changes that is worth a checkpoint: each one is WAL itself
	idleInterval = time.Minute // after which any progress is
)

// origin is what never changes of a system.
type origin struct {
	id, database string
	timeline     atomic.Int32
}

func (o *origin) checkpoint(settled Position, at time.Time) Checkpoint {
	return Checkpoint{System: o.id, Database: o.database, Timeline: o.timeline.Load(), Settled: settled, Time: at}
}

// saver writes checkpoints. The slot is acknowledged only up to what is saved, so it is never ahead.
type saver struct {
	source *Source
	saved  Position
	work   uint64 // see Ledger.Progress
	at     time.Time
	failed bool
}

// run saves until stop is closed, and then for the last time.
func (s *saver) run(stop <-chan struct{}) {
	tick := time.NewTicker(saveInterval)
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
	settled, at, work := src.ledger.Progress()
	if settled == s.saved {
		return
	}
	if src.checkpoints != nil {
		if work == s.work && !last && settled.End-s.saved.End < idleBytes && time.Since(s.at) < idleInterval {
			return
		}
		ctx, cancel := context.WithTimeoutCause(context.Background(), saveTimeout, fmt.Errorf("no answer within %s", saveTimeout))
		err := src.checkpoints.SaveCheckpoint(ctx, src.cfg.Slot, src.origin.checkpoint(settled, at))
		cancel()
		if err != nil {
			src.metrics.checkpointFailures.Inc()
			if !s.failed {
				src.log.Warn("the checkpoint cannot be saved; the slot waits", "slot", src.cfg.Slot, "error", err)
			}
			s.failed = true
			return
		}
		if s.failed {
			src.log.Info("the checkpoint is saved again", "slot", src.cfg.Slot)
		}
		s.failed = false
	}
	news := settled.End != s.saved.End
	s.saved, s.work, s.at = settled, work, time.Now()
	if news {
		src.saved.Store(uint64(settled.End))
		src.interrupt()
	}
}

// resume returns the position to take up from, given what the slot and the checkpoint say of themselves, or a Problem.
func (c *Checkpoint) resume(slot string, now system) (Position, error) {
	switch {
	case c == nil:
		return Position{End: now.settled}, nil
	case c.System != now.id || c.Database != now.database:
		return Position{}, &Problem{
			What: fmt.Sprintf("this is not the database that Hookline has announced before (system %s, database %s; now %s, %s): "+
				"a clone or a restore must not announce the original's changes", c.System, c.Database, now.id, now.database),
			Mend: "to announce this one's changes from now on: hookline setup --accept-gap",
		}
	case now.settled > c.Settled.End && c.Timeline == now.timeline:
		return Position{}, &Problem{
			What: fmt.Sprintf("replication slot %q was moved to %s by somebody else; changes after %s were not announced", slot, now.settled, c.Settled.End),
			Mend: "to go on without them: hookline setup --accept-gap",
		}
	case now.settled > c.Settled.End: // a failover: the slot was brought over later than the checkpoint
		return Position{End: now.settled}, nil
	}
	return c.Settled, nil
}

// resume returns where to take up from. The slot is held: nobody else moves it or the checkpoint.
func (s *Source) resume(ctx context.Context) (Position, error) {
	s.origin.id, s.origin.database = s.system.id, s.system.database
	s.origin.timeline.Store(s.system.timeline)
	if s.checkpoints == nil {
		return Position{End: s.system.settled}, nil
	}
	var c *Checkpoint
	err := Persist(ctx, s.log, func() (err error) {
		c, err = s.checkpoints.LoadCheckpoint(ctx, s.cfg.Slot)
		return err
	})
	if err != nil {
		return Position{}, err
	}
	position, err := c.resume(s.cfg.Slot, s.system)
	if err != nil {
		return Position{}, err
	}
	if c != nil && c.Timeline != s.system.timeline {
		s.log.Warn("the server is on another timeline than at the last checkpoint", "before", c.Timeline, "now", s.system.timeline,
			"checkpoint", c.Settled.End, "taking_up_from", position.End)
	}
	return position, s.checkpoints.SaveCheckpoint(ctx, s.cfg.Slot, s.origin.checkpoint(position, time.Time{}))
}
