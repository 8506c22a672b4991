package pg

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
)

// Slot is the status of a replication slot. The zero value: there is none of the name.
//
// https://www.postgresql.org/docs/current/view-pg-replication-slots.html
type Slot struct {
	Name     string
	Type     string // physical or logical
	Plugin   string // of a logical one, likewise Database
	Database string
	Failover bool // it waits for standbys; false before Postgres 17

	Active    bool   // a process reads it, or is making it
	ActivePID uint32 // of that process; 0: none

	Confirmed *pglogrepl.LSN `json:"confirmed_flush"` // nil: it is still being made, or physical
	Restart   *pglogrepl.LSN // from where on the server keeps WAL; nil: it keeps none
	SafeWAL   *int64         `json:"safe_wal_size"` // bytes; nil: no limit
	WALStatus string         `json:"wal_status"`    // reserved, extended, unreserved or lost

	// Invalidation is why the server no longer serves it, "" while it does; always "" before
	// Postgres 17.
	Invalidation string `json:"invalidation_reason"`

	Current pglogrepl.LSN `json:"current_wal"` // the server's own position; 0 on a standby
	Here    bool          `json:"here"`        // Database is the one that was asked
}

// Exists reports whether there is a slot.
func (s *Slot) Exists() bool { return s.Name != "" }

// Making reports whether a logical slot is being made.
func (s *Slot) Making() bool { return s.Type == "logical" && s.Confirmed == nil }

// Lag returns the bytes of WAL that are not acknowledged; 0 when that is not known.
func (s *Slot) Lag() int64 { return s.behind(s.Confirmed) }

// Retained returns the bytes of WAL that the server keeps for the slot; 0 when that is not known.
func (s *Slot) Retained() int64 { return s.behind(s.Restart) }

func (s *Slot) behind(at *pglogrepl.LSN) int64 {
	if at == nil || s.Current == 0 {
		return 0
	}
	return int64(s.Current) - int64(*at)
}

// SlotSQL returns an expression for the slot of a name, a literal or a parameter: JSON that reads
// as a Slot, null where there is none.
func SlotSQL(name string) string {
	return `(SELECT row_to_json(slot) FROM (
		SELECT slot_name AS name, slot_type AS type, plugin, database,
			(to_jsonb(s)->>'failover')::boolean AS failover, active, active_pid AS "activepid",
			confirmed_flush_lsn - '0/0' AS confirmed_flush, restart_lsn - '0/0' AS restart,
			safe_wal_size, wal_status, to_jsonb(s)->>'invalidation_reason' AS invalidation_reason,
			CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() - '0/0' END AS current_wal,
			database IS NOT DISTINCT FROM current_database() AS here
		FROM pg_replication_slots s WHERE slot_name = ` + name + `) slot)`
}

// QuerySlot asks for a slot. db is a connection, a pool or a transaction.
func QuerySlot(ctx context.Context, db Querier, name string) (slot Slot, err error) {
	var text []byte
	err = db.QueryRow(ctx, "SELECT "+SlotSQL("$1"), name).Scan(&text)
	if err == nil && text != nil {
		err = json.Unmarshal(text, &slot)
	}
	if err != nil {
		return slot, fmt.Errorf("look slot %q up: %w", name, err)
	}
	return slot, nil
}

// Querier is what a connection, a pool and a transaction have in common.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
