package e2e

import (
	"errors"
	"strings"
)

// Position is how much WAL the server has written, or a slot has acknowledged.
func (db *Database) Position() string {
	db.T.Helper()
	return Value[string](db, `SELECT pg_current_wal_insert_lsn()::text`)
}

// acknowledged tells whether the slot has been acknowledged beyond the position.
func (db *Database) acknowledged(position string) bool {
	db.T.Helper()
	return Value[bool](db,
		`SELECT confirmed_flush_lsn > $2::pg_lsn FROM pg_replication_slots WHERE slot_name = $1`,
		db.Name, position)
}

// UntilAcknowledged waits until the slot has been acknowledged beyond the position.
func (db *Database) UntilAcknowledged(position string) {
	db.T.Helper()
	Eventually(db.T, func() error {
		if !db.acknowledged(position) {
			return errors.New("the slot does not move")
		}
		return nil
	})
}

// DropSlot drops the slot, from under whoever reads it.
func (db *Database) DropSlot() {
	db.T.Helper()
	db.SeizeSlot(`SELECT pg_drop_replication_slot($1)`)
}

// SeizeSlot runs the statement while nobody reads the slot.
func (db *Database) SeizeSlot(sql string) {
	db.T.Helper()
	Eventually(db.T, func() error {
		db.Exec(
			`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active`, db.Name)
		_, err := db.Conn.Exec(db.T.Context(), sql, db.Name)
		return err
	})
}

// AcceptGap does what the operator is told to.
func (db *Database) AcceptGap(settings ...string) {
	db.T.Helper()
	db.AcceptGapWith("", settings...)
}

// AcceptGapWith is AcceptGap that says what becomes of the spool, keep or discard, unless that is
// "".
func (db *Database) AcceptGapWith(spool string, settings ...string) {
	db.T.Helper()
	args := []string{"setup", "--accept-gap"}
	if spool != "" {
		args = append(args, "--spool="+spool)
	}
	p := Run(db.T, db.Env(settings...), args...)
	if p.Wait() != 0 {
		db.T.Fatalf("setup --accept-gap: exit code %d:\n%s", p.Wait(), p.Log.String())
	}
	for _, want := range []string{"gap accepted", "from=", "to="} {
		if !strings.Contains(p.Log.String(), want) {
			db.T.Errorf("setup --accept-gap does not print %q:\n%s", want, p.Log.String())
		}
	}
}

// Prepared tells all that setup has to do with.
func (db *Database) Prepared() string {
	db.T.Helper()
	return Value[string](db, `SELECT concat_ws('; ',
		(SELECT string_agg(slot_name, ',') FROM pg_replication_slots WHERE database = current_database()),
		(SELECT string_agg(p::text, ',' ORDER BY p::text) FROM pg_publication_tables p),
		(SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace),
		(SELECT string_agg(concat_ws(' ', oid::regclass, relreplident, relacl), ',' ORDER BY oid)
		  FROM pg_class
			WHERE relkind = 'r' AND relnamespace <> ALL ('{pg_catalog,information_schema}'::regnamespace[])))`)
}

// Statements splits what setup prints, as psql would: at each semicolon that ends a line, unless it
// is within a string.
func Statements(text string) (list []string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line)
		quoted := strings.Count(b.String(), "'")%2 != 0 || strings.Count(b.String(), "$$")%2 != 0
		if strings.HasSuffix(line, ";\n") && !quoted {
			list = append(list, b.String())
			b.Reset()
		}
	}
	return append(list, b.String())
}
