package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/spool"
)

// LeaveBus removes what the bus has of this database, so that one process does all from the next
// start on. The error is a *cdc.Problem while the slot is read, or deliveries are in the stream.
func LeaveBus(ctx context.Context, db *crm.Database, store *spool.Spool) error {
	if !db.Config.Bus.On() {
		return errors.New("HOOKLINE_NATS_URL is not set: it tells where the stream is that is to be left")
	}
	err := db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		slot, err := crm.ReadSlot(ctx, conn.Conn(), db.Config.CDC.Slot)
		if err == nil && slot.Active {
			err = &cdc.Problem{
				What: fmt.Sprintf("a process reads slot %q, and puts what it brings into the bus", slot.Name),
				Hint: "stop it first, and the senders once hookline status says that nothing is left",
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	report, err := bus.ReadReport(ctx, db.Config.Bus, store, db.Log)
	if err != nil {
		return err
	}
	if report != nil && report.Messages > 0 {
		return &cdc.Problem{
			What: fmt.Sprintf("%d messages are left in stream %s", report.Messages, report.Stream),
			Hint: "hookline run --role sender, until hookline status says that there are none",
		}
	}
	if err := store.FenceParts(ctx); err != nil {
		return err
	}
	memo, err := store.LoadMemo(ctx)
	if err == nil && memo != nil {
		err = bus.Remove(ctx, db.Config.Bus, memo, db.Log)
	}
	if err != nil {
		return err
	}
	db.Log.Info("the bus is left: hookline run does all from now on, without HOOKLINE_NATS_URL")
	return store.ForgetMemo(ctx)
}
