package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/spool"
)

// FindGap looks for a gap.
func (d *Database) FindGap(ctx context.Context, store *spool.Spool) (gap *cdc.Gap, err error) {
	err = d.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		gap, err = cdc.FindGap(ctx, conn.Conn(), d.Config.CDC, store)
		return err
	})
	if _, ok := errors.AsType[*cdc.Problem](err); ok {
		return nil, nil // of a slot that is somebody else's; DropSlot tells
	}
	return gap, err
}

// CheckDrop returns a *cdc.Problem when the slot is not Hookline's to drop, or when a process reads
// it; and whether there is one.
func (d *Database) CheckDrop(ctx context.Context) (exists bool, err error) {
	var name, here, plugin string
	var active bool
	err = d.Pool.QueryRow(ctx, `SELECT coalesce(database, ''), current_database(),
			coalesce(plugin, ''), active_pid IS NOT NULL
		FROM pg_replication_slots WHERE slot_name = $1`, d.Config.CDC.Slot).
		Scan(&name, &here, &plugin, &active)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look slot %q up: %w", d.Config.CDC.Slot, err)
	case name != here:
		return true, &cdc.Problem{
			What: fmt.Sprintf("replication slot %q belongs to database %q, not to %q, and is left alone",
				d.Config.CDC.Slot, name, here),
			Hint: "set HOOKLINE_SLOT to another name",
		}
	case plugin != "pgoutput":
		return true, &cdc.Problem{
			What: fmt.Sprintf("replication slot %q is of plugin %q, not of pgoutput, and is left alone",
				d.Config.CDC.Slot, plugin),
			Hint: "set HOOKLINE_SLOT to another name",
		}
	case active:
		return true, d.slotInUse()
	}
	return true, nil
}

func (d *Database) slotInUse() error {
	return &cdc.Problem{
		What: fmt.Sprintf("a process reads replication slot %q at this moment, so there is no gap to "+
			"accept", d.Config.CDC.Slot),
		Hint: "if what it brings is to be given up all the same, stop that process first, and drop the " +
			"slot; this shows where it runs: SELECT * FROM pg_stat_replication;",
	}
}

// DropSlot drops the slot if there is one. The error is as that of CheckDrop.
func (d *Database) DropSlot(ctx context.Context) error {
	exists, err := d.CheckDrop(ctx)
	if err != nil || !exists {
		return err
	}
	_, err = d.Pool.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, d.Config.CDC.Slot)
	if pg.Is(err, pg.ObjectInUse) {
		return d.slotInUse()
	}
	if err != nil {
		return fmt.Errorf("drop slot %q: %w", d.Config.CDC.Slot, err)
	}
	return nil
}

// SlotPosition returns how far the slot has come.
func (d *Database) SlotPosition(ctx context.Context) (at cdc.LSN, err error) {
	err = d.Pool.QueryRow(ctx,
		`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1`,
		d.Config.CDC.Slot).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("look slot %q up: %w", d.Config.CDC.Slot, err)
	}
	return at, nil
}

// SlotStatus is how the replication slot stands.
type SlotStatus struct {
	Name          string `json:"name"`
	Exists        bool   `json:"exists"`
	Making        bool   `json:"making,omitempty"`   // it is being made, and does not exist yet
	WaitsFor      string `json:"waitsFor,omitempty"` // while it is being made
	Active        bool   `json:"active"`
	WALStatus     string `json:"walStatus"`
	Confirmed     string `json:"confirmed"`
	LagBytes      int64  `json:"lagBytes"`
	RetainedBytes int64  `json:"retainedBytes"`
	// SafeBytes are those until the slot is lost; nil without max_slot_wal_keep_size.
	SafeBytes *int64 `json:"safeBytes,omitempty"`
}

// ReadSlot asks how a slot stands.
func ReadSlot(ctx context.Context, conn *pgx.Conn, name string) (SlotStatus, error) {
	s := SlotStatus{Name: name}
	var err error
	if s.Making, s.WaitsFor, err = cdc.SlotInTheMaking(ctx, conn, name); err != nil || s.Making {
		return s, err
	}
	slot, err := pg.QuerySlot(ctx, conn, name)
	if err != nil || !slot.Exists() {
		return s, err
	}
	s.Exists, s.Active, s.WALStatus, s.SafeBytes = true, slot.Active, slot.WALStatus, slot.SafeWAL
	s.LagBytes, s.RetainedBytes = slot.Lag(), slot.Retained()
	if slot.Confirmed != nil {
		s.Confirmed = slot.Confirmed.String()
	}
	return s, nil
}

// BeingMade tells that the slot is being made.
func (s *SlotStatus) BeingMade() string {
	if s.WaitsFor == "" {
		return fmt.Sprintf("slot %q is being made", s.Name)
	}
	return fmt.Sprintf("slot %q is being made, and waits for %s", s.Name, s.WaitsFor)
}
