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
	Unsent   Unsent    // what the server could not send when it was asked last; SaveCheckpoint leaves it alone
}

// Checkpoints keeps the checkpoints of slots.
type Checkpoints interface {
	// LoadCheckpoint returns nil when there is none.
	LoadCheckpoint(ctx context.Context, slot string) (*Checkpoint, error)
	// SaveCheckpoint is durable when it returns.
	SaveCheckpoint(ctx context.Context, slot string, c Checkpoint) error
	// SaveUnsent adds to the checkpoint of a slot what the server cannot send.
	SaveUnsent(ctx context.Context, slot string, u Unsent) error
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
	if settled == s.saved || src.State() == InGap && !s.valid() {
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

// valid reports whether the checkpoint is still this process's to save in a gap. Once the gap is accepted there is none, and one saved late
// would make the new slot look as if it had been moved.
func (s *saver) valid() bool {
	src := s.source
	if src.checkpoints == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	c, err := src.checkpoints.LoadCheckpoint(ctx, src.cfg.Slot)
	return err == nil && c != nil && c.System == src.origin.id && c.Database == src.origin.database
}

// resume returns where to take up from, or a Gap. The slot is held: nobody else moves it or the checkpoint.
func (s *Source) resume(ctx context.Context) (Position, error) {
	s.origin.id, s.origin.database = s.system.id, s.system.database
	s.origin.timeline.Store(s.system.timeline)
	if s.checkpoints == nil {
		return Position{End: s.system.slot.settled}, nil
	}
	var c *Checkpoint
	err := Persist(ctx, s.log, func() (err error) {
		c, err = s.checkpoints.LoadCheckpoint(ctx, s.cfg.Slot)
		return err
	})
	if err != nil {
		return Position{}, err
	}
	if err := s.system.check(s.cfg, c); err != nil {
		return Position{}, err
	}
	position := Position{End: s.system.slot.settled}
	if c != nil {
		if shared := s.system.shared(c.Settled, c.Timeline); shared.End >= position.End {
			position = shared
		}
		if c.Timeline != s.system.timeline { // a failover: the slot may have been brought over later than the checkpoint
			s.log.Warn("the server is on another timeline than at the last checkpoint", "before", c.Timeline, "now", s.system.timeline,
				"checkpoint", c.Settled.End, "taking_up_from", position.End)
		}
	}
	return position, s.checkpoints.SaveCheckpoint(ctx, s.cfg.Slot, s.origin.checkpoint(position, time.Time{}))
}
