package cdc

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// From Postgres 17 on, a slot with failover is sent only what the standbys in
// synchronized_standby_slots have got. So none of them is behind the slot's reader when it takes
// over. A standby that is gone, or has never been there, holds the stream back for as long as it
// is.
//
// https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONIZED-STANDBY-SLOTS

const (
	standbySlots  = "synchronized_standby_slots"
	awaitsStandby = "WaitForStandbyConfirmation" // wait event of a sender that is held back so
)

// Held is a Problem for whose sake the server sends nothing, though the slot is read and nothing is
// lost. The stream goes on by itself once that is fixed.
type Held struct{ Problem }

// Unwrap makes every Held a Problem.
func (h *Held) Unwrap() error { return &h.Problem }

// standbySlot is what the server has under a name of the setting.
type standbySlot struct {
	name               string
	kind               string // "" when there is no such slot
	active, lost, late bool
}

// fault is what keeps the slot from confirming anything, "" when nothing does.
func (s *standbySlot) fault() string {
	switch {
	case s.kind == "":
		return "does not exist"
	case s.kind != "physical":
		return "is a slot of a subscriber, not of a standby"
	case s.lost:
		return "has lost WAL that its standby needs"
	case !s.active:
		return "is not used by any standby"
	default:
		return ""
	}
}

// standbySlotsFound is how the setting and what it names stand.
type standbySlotsFound struct {
	setting  *string // nil before Postgres 17
	failover bool    // our slot waits for standbys
	slots    []standbySlot
}

func queryStandbySlots(
	ctx context.Context, conn *pgx.Conn, slot string,
) (f standbySlotsFound, err error) {
	err = conn.QueryRow(ctx, `SELECT current_setting('`+standbySlots+`', true)`).Scan(&f.setting)
	if err != nil || f.setting == nil {
		return f, wrapStandbySlotsError(err)
	}
	own, err := pg.QuerySlot(ctx, conn, slot)
	if err != nil {
		return f, err
	}
	f.failover = own.Failover
	rows, err := conn.Query(ctx, `
		SELECT name, coalesce(slot_type, ''), coalesce(active, false), coalesce(wal_status = 'lost',
		    false),
		    coalesce(coalesce(restart_lsn, '0/0') <
		        CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END, false)
		FROM unnest($1::text[]) WITH ORDINALITY list (name, n) LEFT JOIN pg_replication_slots
		    ON slot_name = name
		ORDER BY n`, standbySlotNames(*f.setting))
	if err != nil {
		return f, wrapStandbySlotsError(err)
	}
	var s standbySlot
	_, err = pgx.ForEachRow(rows, []any{&s.name, &s.kind, &s.active, &s.lost, &s.late}, func() error {
		f.slots = append(f.slots, s)
		return nil
	})
	return f, wrapStandbySlotsError(err)
}

func wrapStandbySlotsError(err error) error {
	if err != nil {
		return fmt.Errorf("look at %s: %w", standbySlots, err)
	}
	return nil
}

// standbySlotNames splits a value of the setting. The server has checked it, and names of slots
// have neither commas nor quotes in them.
func standbySlotNames(setting string) (names []string) {
	for name := range strings.SplitSeq(setting, ",") {
		if name = strings.ToLower(strings.Trim(name, " \t\n\"")); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// finding tells what of the setting holds our slot back. Standbys that are only behind do so while
// the sender waits.
func (f *standbySlotsFound) finding(slot string, on *platformFacts, waits bool) Finding {
	var faults, stay []string
	missing := ""
	for _, s := range f.slots {
		fault := s.fault()
		if fault == "" {
			stay = append(stay, s.name)
			continue
		}
		if s.kind == "" {
			missing = cmp.Or(missing, s.name)
		}
		faults = append(faults, fmt.Sprintf("%q, which %s", s.name, fault))
	}
	if late := f.late(); f.failover && waits && len(faults) == 0 && len(late) > 0 {
		return Finding{
			Level: Wrong, Check: standbySlots,
			Found: fmt.Sprintf("the server waits for the standbys of %s, which are behind",
				strings.Join(late, ", ")),
			Hint: "look at pg_stat_replication why they are behind, or take them out of the setting",
		}
	}
	if len(faults) == 0 || !f.failover {
		return OK(standbySlots, "%s", cmp.Or(*f.setting, "none"))
	}
	found := Finding{
		Level: Wrong, Check: standbySlots,
		Found: fmt.Sprintf(
			"it names %s: until that changes the server sends nothing to slot %q of what is committed",
			strings.Join(faults, ", and "), slot),
	}
	var set string
	set, found.SQL = on.set(standbySlots, strings.Join(stay, ", "), false)
	found.Hint = "start the standby that uses it, or take it out of the setting; " + set
	if missing != "" {
		found.Hint = fmt.Sprintf("make the slot for its standby, SELECT "+
			"pg_create_physical_replication_slot(%s), and start that with primary_slot_name = %s; "+
			"or take it out of the setting; %s", pg.Literal(missing), pg.Literal(missing), set)
	}
	return found
}

// late returns the slots, quoted, that have not confirmed all that was written.
func (f *standbySlotsFound) late() (names []string) {
	for _, s := range f.slots {
		if s.late {
			names = append(names, fmt.Sprintf("%q", s.name))
		}
	}
	return names
}

// FindHeld looks for what has the server hold the stream of the slot back; nil when nothing does.
// While the server waits for standbys it takes some seconds, to see whether it goes on.
func FindHeld(ctx context.Context, conn *pgx.Conn, cfg Config) (*Held, error) {
	cfg = cfg.withDefaults()
	waits, err := standsStill(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, err
	}
	return findHeld(ctx, conn, cfg, waits)
}

// findHeld is FindHeld by what has been seen of the sender.
func findHeld(ctx context.Context, conn *pgx.Conn, cfg Config, waits bool) (*Held, error) {
	f, err := queryStandbySlots(ctx, conn, cfg.Slot)
	if err != nil || f.setting == nil || !f.failover {
		return nil, err
	}
	facts, err := queryPlatform(ctx, conn)
	if err != nil {
		return nil, err
	}
	found := f.finding(cfg.Slot, &facts, waits)
	if found.Level != Wrong {
		return nil, nil
	}
	return &Held{Problem{What: standbySlots + ": " + found.Found, Hint: found.hintWithSQL()}}, nil
}

// standsStill reports whether the slot's sender waits for standbys, and has sent nothing from one
// look to the next. It waits for every commit, so a single look does not tell.
func standsStill(ctx context.Context, conn *pgx.Conn, slot string) (bool, error) {
	before, err := waitingAt(ctx, conn, slot)
	if err != nil || before == 0 {
		return false, err
	}
	select {
	case <-time.After(monitorInterval):
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	now, err := waitingAt(ctx, conn, slot)
	return now == before, err
}

// waitingAt returns how far the server has sent the slot's reader what it waits for standbys with;
// 0 when it does not wait.
func waitingAt(ctx context.Context, conn *pgx.Conn, slot string) (at LSN, err error) {
	err = conn.QueryRow(ctx, `SELECT coalesce(max(sent_lsn), '0/0') FROM pg_replication_slots
		JOIN pg_stat_get_wal_senders() sender ON sender.pid = active_pid
		JOIN LATERAL pg_stat_get_activity(active_pid) activity ON true
		WHERE slot_name = $1 AND wait_event = '`+awaitsStandby+`'`, slot).Scan(&at)
	return at, wrapStandbySlotsError(err)
}
