package cdc_test

import (
	"log/slog"
	"testing"
)

// TestPlanWhileATableIsDropped drops a table after the snapshot in which the plan looks for tables: it is
// left alone, and the others are published.
func TestPlanWhileATableIsDropped(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE passing (id int PRIMARY KEY); CREATE TABLE lasting (id int PRIMARY KEY)`, "passing", "lasting")
		crm := connect(t, p.cfg.URL)
		p.exec(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class`)
		if _, err := crm.Exec(t.Context(), `DROP TABLE passing`); err != nil {
			t.Fatal(err)
		}
		plan := p.plan()
		p.exec(`COMMIT`)
		if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if got := p.query(`SELECT string_agg(tablename, ' ' ORDER BY 1) FROM pg_publication_tables WHERE schemaname = 'public'`); got != "lasting" {
			t.Errorf("published is %q, want lasting", got)
		}
		if len(plan.Skipped) > 0 {
			t.Errorf("skipped: %v", plan.Skipped)
		}
	})
}

// TestAttachLocksAncestorsFirst has the CRM lock a partitioned table, as for a detach, while rows of a
// partition are to be announced. Hookline waits for it without a lock on the partition, which the CRM locks
// next: holding one, each would wait for the other.
func TestAttachLocksAncestorsFirst(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.look()
		p.open()
		p.exec(`CREATE TABLE log_1 (id int, y int, PRIMARY KEY (id, y)); ALTER TABLE log_1 REPLICA IDENTITY FULL;
			INSERT INTO log_1 VALUES (1, 1); ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1)`)
		p.want("done", "log")
		plan := p.plan()
		crm, watch := connect(t, p.cfg.URL), connect(t, p.cfg.URL)
		exec := func(sql string) {
			t.Helper()
			if _, err := crm.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
		exec(`BEGIN; LOCK TABLE ONLY log IN ACCESS EXCLUSIVE MODE`)
		applied := make(chan error, 1)
		pid := p.conn.PgConn().PID()
		go func() { applied <- plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)) }()
		awaitLock(t, watch, pid)
		exec(`LOCK TABLE ONLY log_1 IN ACCESS EXCLUSIVE MODE NOWAIT; COMMIT`)
		if err := <-applied; err != nil {
			t.Fatal(err)
		}
		p.look() // in case that the lock was held for too long
		expect(t, p.brought(), "insert log -→(1,1)")
	})
}
