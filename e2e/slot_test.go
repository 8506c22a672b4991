package e2e

import (
	"errors"
	"strings"
)

// position is how much WAL the server has written, or a slot has acknowledged.
func (db *database) position() string {
	db.t.Helper()
	return value[string](db, `SELECT pg_current_wal_insert_lsn()::text`)
}

// acknowledged tells whether the slot has been acknowledged beyond the position.
func (db *database) acknowledged(position string) bool {
	db.t.Helper()
	return value[bool](db, `SELECT confirmed_flush_lsn > $2::pg_lsn FROM pg_replication_slots WHERE slot_name = $1`,
		db.name, position)
}

// untilAcknowledged waits until the slot has been acknowledged beyond the position.
func (db *database) untilAcknowledged(position string) {
	db.t.Helper()
	eventually(db.t, func() error {
		if !db.acknowledged(position) {
			return errors.New("the slot does not move")
		}
		return nil
	})
}

// dropSlot drops the slot, from under whoever reads it.
func (db *database) dropSlot() {
	db.t.Helper()
	db.seizeSlot(`SELECT pg_drop_replication_slot($1)`)
}

// seizeSlot runs the statement while nobody reads the slot.
func (db *database) seizeSlot(sql string) {
	db.t.Helper()
	eventually(db.t, func() error {
		db.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active`, db.name)
		_, err := db.conn.Exec(db.t.Context(), sql, db.name)
		return err
	})
}

// acceptGap does what the operator is told to.
func (db *database) acceptGap(settings ...string) {
	db.t.Helper()
	p := run(db.t, db.env(settings...), "setup", "--accept-gap")
	if p.wait() != 0 {
		db.t.Fatalf("setup --accept-gap: exit code %d:\n%s", p.wait(), p.log.String())
	}
	for _, want := range []string{"gap accepted", "from=", "to="} {
		if !strings.Contains(p.log.String(), want) {
			db.t.Errorf("setup --accept-gap does not print %q:\n%s", want, p.log.String())
		}
	}
}

// prepared tells all that setup has to do with.
func (db *database) prepared() string {
	db.t.Helper()
	return value[string](db, `SELECT concat_ws('; ',
		(SELECT string_agg(slot_name, ',') FROM pg_replication_slots WHERE database = current_database()),
		(SELECT string_agg(p::text, ',' ORDER BY p::text) FROM pg_publication_tables p),
		(SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace),
		(SELECT string_agg(concat_ws(' ', oid::regclass, relreplident, relacl), ',' ORDER BY oid) FROM pg_class
			WHERE relkind = 'r' AND relnamespace <> ALL ('{pg_catalog,information_schema}'::regnamespace[])))`)
}

// statements splits what setup prints, as psql would: at each semicolon that ends a line, unless it is within a string.
func statements(text string) (list []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line)
		if strings.HasSuffix(line, ";\n") && strings.Count(b.String(), "'")%2 == 0 {
			list = append(list, b.String())
			b.Reset()
		}
	}
	return append(list, b.String())
}
