package run

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/sender"
)

const (
	spoolInterval = 2 * time.Second // between two looks whether the spool is the one of before
	spoolLimit    = 5 * time.Second
)

// watchSpool ends the stream when the spool is not the one any more with which the session began:
// it is another one, was emptied, or was set back. What was put into it is lost then, and whoever
// looks from outside finds the gap.
func (s *session) watchSpool(ctx context.Context) {
	tick := s.cfg.CDC.Schedule.Every(spoolInterval)
	defer tick.Stop()
	checkpoint := "" // the ID of it, once it is known
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		look, cancel := context.WithTimeout(ctx, spoolLimit)
		gap, err := s.findSpool(look, &checkpoint)
		cancel()
		switch {
		case gap != nil:
			s.source.Halt(gap)
			return
		case err != nil && ctx.Err() == nil:
			s.log.Debug("it cannot be told whether the spool is the one of before", "error", err)
		}
	}
}

// findSpool returns the gap that another spool makes, or one that was set back; nil when it is the
// one with the checkpoint of that ID, which is set where it is "".
func (s *session) findSpool(ctx context.Context, checkpoint *string) (gap *cdc.Gap, err error) {
	saved := s.source.Saved()
	c, err := s.store.LoadCheckpoint(ctx, s.cfg.CDC.Slot)
	if err != nil || c != nil && c.ID == *checkpoint && c.Settled.End >= saved {
		return nil, err
	}
	if gap, err = s.findSpoolGap(ctx); err != nil {
		return nil, err
	}
	if gap != nil && gap.Reason == cdc.SlotMoved {
		gap, err = s.judgeSetBack(ctx, gap)
	}
	if err == nil && gap == nil && c != nil {
		*checkpoint = c.ID
	}
	return gap, err
}

// judgeSetBack returns the gap of a checkpoint that is behind, nil when it is none. A spool that
// takes no writes may be a standby that has yet to get what the primary has: it is not judged. A
// checkpoint that alone is set back does no harm: where the spool has all that this process has put
// into it, it is saved anew.
func (s *session) judgeSetBack(ctx context.Context, gap *cdc.Gap) (*cdc.Gap, error) {
	unwritable, err := s.store.CheckWrites(ctx)
	if err != nil {
		return nil, err
	}
	if unwritable != nil {
		return nil, unwritable
	}
	if s.out == nil { // of a reader: what senders have put into it nobody knows
		return gap, nil
	}
	err = s.source.SaveAgain(ctx)
	if errors.Is(err, sender.ErrBehind) {
		return gap, nil
	}
	if err != nil {
		return nil, err
	}
	if gap, err = s.findSpoolGap(ctx); err == nil && gap == nil {
		s.log.Warn("the checkpoint was set back by somebody else, and is saved again", "slot",
			s.cfg.CDC.Slot)
	}
	return gap, err
}

// findSpoolGap looks for a gap as commands do, for one that the spool makes. All others the stream
// finds by itself.
func (s *session) findSpoolGap(ctx context.Context) (gap *cdc.Gap, err error) {
	err = s.db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		gap, err = cdc.FindGap(ctx, conn.Conn(), s.cfg.CDC, s.store)
		return err
	})
	if gap != nil && gap.Reason != cdc.OtherSpool && gap.Reason != cdc.SlotMoved {
		gap = nil
	}
	return gap, err
}
