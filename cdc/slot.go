package cdc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// unusable reports whether the slot is Hookline's, and there is nothing wrong with it but that it is older than its publication, which does
// not exist.
func (s *system) unusable() bool {
	return s.slot.exists && !s.published && s.slot.plugin == "pgoutput" && s.slot.database == s.name && s.slot.lost == ""
}

const (
	slotTick      = time.Second     // between two looks for whom the slot waits
	cancelTimeout = 5 * time.Second // for the server to take back a slot in the making
)

// dropSlot returns the statement that drops the slot.
func dropSlot(name string) string {
	return "SELECT pg_drop_replication_slot(" + quoteLiteral(name) + ")"
}

// makeSlot returns the statement that makes the slot.
func (f *found) makeSlot(name string) string {
	failover := ""
	if f.version >= 17 {
		failover = ", failover => true"
	}
	return fmt.Sprintf("SELECT pg_create_logical_replication_slot(%s, 'pgoutput'%s)", quoteLiteral(name), failover)
}

// makeSlot runs the statement that makes the slot. It waits for every transaction of the server that has written something by then, prepared
// ones too, for as long as they take, and says for whom. When ctx ends there is no slot. A slot of ours that has been made since the plan looked
// may be older than the publication; nobody has read it, so it is made anew.
//
// https://www.postgresql.org/docs/current/logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS
func (a *application) makeSlot(ctx context.Context, sql string) error {
	conn := a.conn
	// Without the second a server that waits would not notice that this process is gone, and leave a slot that nobody knows of.
	for _, set := range []string{"SET lock_timeout = 0", "SET client_connection_check_interval = '2s'"} {
		if _, err := conn.Exec(ctx, set); err != nil && conn.IsClosed() {
			return err
		}
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "RESET client_connection_check_interval") }()
	told := waiting{log: a.log, what: "the slot is being made, which waits for transactions that have begun before"}
	for {
		err := attend(ctx, conn, sql, &told)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != duplicateObject {
			return err
		}
		if _, err := conn.Exec(ctx, dropSlot(a.cfg.Slot)); err != nil {
			return fmt.Errorf("somebody has made slot %q at the same time: %w", a.cfg.Slot, err)
		}
	}
}

// attend runs the statement, and looks every second for whom it waits.
func attend(ctx context.Context, conn *pgx.Conn, sql string, told *waiting) error {
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
	tick := time.NewTicker(slotTick)
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
			if blockers, err := waitedFor(ctx, watch, conn.PgConn().PID()); err == nil && len(blockers) > 0 {
				told.tell(blockers)
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
func SlotInTheMaking(ctx context.Context, conn *pgx.Conn, name string) (making bool, waitsFor string, err error) {
	var pid *uint32
	err = conn.QueryRow(ctx, `SELECT active_pid FROM pg_replication_slots
		WHERE slot_name = $1 AND slot_type = 'logical' AND confirmed_flush_lsn IS NULL`, name).Scan(&pid)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, "", nil
	}
	if err != nil {
		return false, "", fmt.Errorf("look slot %q up: %w", name, err)
	}
	if pid == nil {
		return true, "", nil
	}
	blockers, err := waitedFor(ctx, conn, *pid)
	if err != nil {
		return true, "", fmt.Errorf("look for whom slot %q waits: %w", name, err)
	}
	if len(blockers) == 0 {
		return true, "", nil
	}
	who, sql := describe(blockers)
	return true, strings.TrimSpace(who + "; what ends it: " + sql), nil
}
