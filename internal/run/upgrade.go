package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/internal/doctor"
	"hookline/internal/operate"
	"hookline/spool"
)

const (
	drainLook     = 200 * time.Millisecond // between two looks whether everything is settled
	drainTell     = 10 * time.Second       // between two words of how much is left
	prepareRounds = 3                      // how often somebody may write in the meantime
)

// errDrained ends the session of upgrade prepare.
var errDrained = errors.New("everything that was committed is delivered, or safe in the spool")

// FindRefused returns what pg_upgrade would refuse.
func FindRefused(ctx context.Context, db *crm.Database) (found []cdc.Finding, err error) {
	err = db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		found, err = doctor.CheckUpgrade(ctx, conn.Conn(), db.Config.CDC)
		return err
	})
	return found, err
}

// ReadyForUpgrade is what there is to know of a slot that is ready for pg_upgrade.
type ReadyForUpgrade struct {
	Confirmed cdc.LSN
	Needs     string // settings of the new server
	KeepsSlot bool   // pg_upgrade brings it along
}

// PrepareUpgrade delivers what is left, and confirms the slot behind it. The error is a *cdc.Gap or
// a *cdc.Problem when the slot is not there to be prepared, or the CRM goes on writing.
func PrepareUpgrade(ctx context.Context, db *crm.Database, store *spool.Spool) (
	ready ReadyForUpgrade, err error,
) {
	if err := checkSlotIsFree(ctx, db, store); err != nil {
		return ready, err
	}
	for round := 1; ; round++ {
		if err := drainForUpgrade(ctx, db); err != nil {
			return ready, err
		}
		to, err := cdc.ConfirmAll(ctx, db.Config.CDC, store)
		switch {
		case err == nil:
			ready.Confirmed = to
			err = db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
				ready.Needs, ready.KeepsSlot, err = doctor.NewServer(ctx, conn.Conn())
				return err
			})
			return ready, err
		case !cdc.IsWritten(err):
			return ready, err
		case round == prepareRounds:
			return ready, &cdc.Problem{
				What: "the CRM goes on writing, so the slot cannot be made ready",
				Hint: "stop the CRM; this shows who writes: SELECT * FROM pg_stat_activity WHERE " +
					"backend_type = 'client backend';",
			}
		}
		db.Log.Info("something was committed in the meantime, delivering that, too")
	}
}

// checkSlotIsFree returns an error when there is a gap, or when a process reads the slot.
func checkSlotIsFree(ctx context.Context, db *crm.Database, store *spool.Spool) error {
	return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if gap, err := cdc.FindGap(ctx, conn.Conn(), db.Config.CDC, store); err != nil {
			return err
		} else if gap != nil {
			return gap
		}
		slot, err := crm.ReadSlot(ctx, conn.Conn(), db.Config.CDC.Slot)
		if err != nil {
			return err
		}
		if slot.Active {
			return &cdc.Problem{
				What: fmt.Sprintf("a process reads replication slot %q at this moment", db.Config.CDC.Slot),
				Hint: "stop Hookline, all of its processes; this shows where they run: SELECT * FROM " +
					"pg_stat_replication;",
			}
		}
		return nil
	})
}

// drainForUpgrade delivers all that is committed by now, as hookline run does.
func drainForUpgrade(ctx context.Context, db *crm.Database) error {
	var end cdc.LSN
	if err := db.Pool.QueryRow(ctx, `SELECT pg_current_wal_flush_lsn()`).Scan(&end); err != nil {
		return fmt.Errorf("ask how far the server has come: %w", err)
	}
	until, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	process := newProcess(db.Log, prometheus.NewRegistry())
	go process.untilSettled(until, end, stop)
	s := &session{
		cfg: db.Config, log: db.Log, metrics: prometheus.NewRegistry(), process: process,
		attend: func(*cdc.Source, operate.Delivering) {},
	}
	err := s.run(until)
	if err == nil && !errors.Is(context.Cause(until), errDrained) {
		err = context.Cause(until)
	}
	return err
}

// untilSettled calls stop with errDrained as soon as the present session has settled everything up
// to end.
func (p *process) untilSettled(ctx context.Context, end cdc.LSN,
	stop context.CancelCauseFunc,
) {
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	told := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if p.State() != cdc.Active {
			continue
		}
		settled := p.settled()
		if settled >= end {
			stop(errDrained)
			return
		}
		if time.Since(told) >= drainTell {
			told = time.Now()
			p.log.Info("delivering what is left", "settled", settled, "to", end)
		}
	}
}

func (p *process) settled() cdc.LSN {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.source.Settled().End
}

// Finished is how FinishUpgrade has ended.
type Finished int

const (
	UpgradeFinished Finished = iota
	NothingToFinish
	slotMadeAnew // of which accepting a gap has told
)

// FinishUpgrade goes on after an upgrade that was prepared; with a new slot where that has not come
// along and newSlot says so.
func FinishUpgrade(ctx context.Context, db *crm.Database, store *spool.Spool, newSlot bool) (
	done Finished, err error,
) {
	cfg := db.Config.CDC
	err = db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return cdc.WithPrepareLockIdle(ctx, conn.Conn(), func() error {
			before, to, err := cdc.FinishUpgrade(ctx, cfg, store)
			switch {
			case errors.Is(err, cdc.ErrFinished):
				done = NothingToFinish
				return nil
			case errors.Is(err, cdc.ErrNoSlot) && newSlot:
				done = slotMadeAnew
				return operate.RenewSlot(ctx, db, conn.Conn(), store, "", operate.KeepSpool)
			case errors.Is(err, cdc.ErrNoSlot):
				return &cdc.Problem{
					What: fmt.Sprintf("the upgrade has not brought slot %q along; changes after %s were not "+
						"announced", cfg.Slot, before.Settled.End),
					Hint: "hookline upgrade finish --new-slot, to go on from now without them",
				}
			case err != nil:
				return err
			}
			// What the new version wants of the publication, before the CRM writes: see docs/security.md.
			if _, err := db.PrepareOn(ctx, conn.Conn(), store); err != nil {
				return err
			}
			db.Log.Info("upgrade finished", "slot", cfg.Slot, "before", before.Settled.End, "now", to)
			return nil
		})
	})
	return done, err
}
