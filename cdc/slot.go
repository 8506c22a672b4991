package cdc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// unusable reports whether the slot is Hookline's and its only fault is that it is older than its
// publication, which does not exist.
func (s *system) unusable() bool {
	return s.slot.exists && !s.published && s.slot.plugin == "pgoutput" && s.slot.database == s.name &&
		s.slot.lost == ""
}

const (
	slotPollInterval = time.Second     // between two polls for whom the slot waits
	cancelTimeout    = 5 * time.Second // for the server to take back a slot in the making
)

// dropSlot returns the statement that drops the slot.
func dropSlot(name string) string {
	return "SELECT pg_drop_replication_slot(" + pg.Literal(name) + ")"
}

// makeSlot returns the statement that makes the slot.
func (f *catalogScan) makeSlot(name string) string {
	failover := ""
	if f.version >= 17 {
		failover = ", failover => true"
	}
	return fmt.Sprintf("SELECT pg_create_logical_replication_slot(%s, 'pgoutput'%s)", pg.Literal(name),
		failover)
}

// makeSlot runs the statement that makes the slot. It waits for every transaction of the server
// that has written something by then, prepared ones too, for as long as they take. It says for
// whom. When ctx ends there is no slot. A slot of ours that has been made since the plan looked may
// be older than the publication; nobody has read it, so it is made anew.
//
// https://www.postgresql.org/docs/current/logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS
func (a *applier) makeSlot(ctx context.Context, sql string) error {
	conn := a.conn
	// Without the second a server that waits would not notice that this process is gone, and leave
	// a slot that nobody knows of.
	for _, set := range []string{"SET lock_timeout = 0", "SET client_connection_check_interval = " +
		"'2s'"} {
		if _, err := conn.Exec(ctx, set); err != nil && conn.IsClosed() {
			return err
		}
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "RESET client_connection_check_interval")
	}()
	told := blockerLog{log: a.log, what: "the slot is being made, which waits for transactions " +
		"that have begun before"}
	for {
		err := execWatched(ctx, conn, sql, &told)
		if pg.Is(err, pg.ConfigurationLimitExceeded) {
			return &Problem{
				What: "slot \"" + a.cfg.Slot + "\" cannot be made: " + pg.Refused(err).Message,
				Hint: "drop a slot that nobody needs any more, of those in pg_replication_slots, " +
					"or raise max_replication_slots: `hookline doctor` says how",
			}
		}
		if !pg.Is(err, pg.DuplicateObject) {
			return err
		}
		if _, err := conn.Exec(ctx, dropSlot(a.cfg.Slot)); err != nil {
			return fmt.Errorf("somebody has made slot %q at the same time: %w", a.cfg.Slot, err)
		}
	}
}

// execWatched runs the statement, and looks every second for whom it waits.
func execWatched(ctx context.Context, conn *pgx.Conn, sql string, told *blockerLog) error {
	made := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.WithoutCancel(ctx), sql)
		made <- err
	}()
	var watch *pgx.Conn
	defer func() {
		if watch != nil {
			_ = watch.Close(context.WithoutCancel(ctx))
		}
	}()
	tick := time.NewTicker(slotPollInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-made:
			return err
		case <-tick.C:
			if watch == nil {
				watch, _ = pgx.ConnectConfig(ctx, conn.Config().Copy())
			}
			if watch == nil {
				continue
			}
			if blockers, err := queryWaitedFor(ctx, watch, conn.PgConn().PID()); err == nil &&
				len(blockers) > 0 {
				told.report(blockers)
			}
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
			defer cancel()
			err := conn.PgConn().CancelRequest(bye)
			if err == nil {
				select {
				case err = <-made:
				case <-bye.Done():
					err = bye.Err()
				}
			}
			told.log.Debug("the slot is not made after all", "error", err)
			return context.Cause(ctx)
		}
	}
}

// SlotInTheMaking reports whether a slot is being made, and for whom that waits.
func SlotInTheMaking(
	ctx context.Context, conn *pgx.Conn, name string,
) (making bool, waitsFor string, err error) {
	slot, err := pg.QuerySlot(ctx, conn, name)
	if err != nil || !slot.Making() {
		return false, "", err
	}
	if slot.ActivePID == 0 {
		return true, "", nil
	}
	blockers, err := queryWaitedFor(ctx, conn, slot.ActivePID)
	if err != nil {
		return true, "", fmt.Errorf("look for whom slot %q waits: %w", name, err)
	}
	if len(blockers) == 0 {
		return true, "", nil
	}
	who, sql := describe(blockers)
	return true, strings.TrimSpace(who + "; what ends it: " + sql), nil
}
