package cdc_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// TestPlanWhileATableIsDropped drops a table after the snapshot in which the plan looks for tables:
// it is left alone, and the others are published.
func TestPlanWhileATableIsDropped(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE passing (id int PRIMARY KEY);
			CREATE TABLE lasting (id int PRIMARY KEY)`, "passing", "lasting")
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
		if got := p.query(`SELECT string_agg(tablename, ' ' ORDER BY 1) FROM pg_publication_tables
			WHERE schemaname = 'public'`); got != "lasting" {
			t.Errorf("published is %q, want lasting", got)
		}
		if len(plan.Skipped) > 0 {
			t.Errorf("skipped: %v", plan.Skipped)
		}
	})
}

// TestAttachLocksAncestorsFirst has the CRM lock a partitioned table, as for a detach, while rows
// of a partition are to be announced. Hookline waits for it without a lock on the partition, which
// the CRM locks next: holding one, each would wait for the other.
func TestAttachLocksAncestorsFirst(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`CREATE TABLE log_1 (id int, y int, PRIMARY KEY (id, y));
			ALTER TABLE log_1 REPLICA IDENTITY FULL;
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
		p.scan() // in case that the lock was held for too long
		expect(t, p.brought(), "insert log -→(1,1)")
	})
}

// TestReplaceDoesNotWaitTwice has the CRM lock the old table while the new one is to be published.
// Hookline, which has locked the new one, gives up at once: the CRM may lock that next.
func TestReplaceDoesNotWaitTwice(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, contactsSQL)
		p.scan()
		p.exec(rebuild + `; BEGIN; ALTER TABLE contacts RENAME TO contacts_old;
			ALTER TABLE contacts_new RENAME TO contacts; COMMIT`)
		p.want("contacts", "contacts_old", "done")
		plan := p.plan()
		crm := connect(t, p.cfg.URL)
		if _, err := crm.Exec(t.Context(),
			`BEGIN; LOCK TABLE contacts_old IN ACCESS EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(plan.Steps, func(s cdc.Step) bool { return s.Kind == cdc.Replace })
		if i < 0 {
			t.Fatalf("nothing is replaced: %v", plan.SQL())
		}
		p.exec(`SET lock_timeout = '2s'`)
		_, err := p.conn.Exec(t.Context(), plan.Steps[i].SQL)
		if err == nil ||
			!strings.Contains(err.Error(), `could not obtain lock on relation "public.contacts_old"`) {
			t.Errorf("while the old table is locked: %v", err)
		}
		p.exec(`ROLLBACK`)
		if _, err := crm.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
		p.scan()
	})
}

// TestPlanWhileATableIsRenamed renames a table after those that are wanted were looked up: it stays
// published, and nothing of it is missed.
func TestPlanWhileATableIsRenamed(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.want("done", "log")
		p.exec(`ALTER TABLE log RENAME TO journal; CREATE TABLE journal_1 (LIKE journal INCLUDING ALL);
			INSERT INTO journal_1 VALUES (1, 1);
			ALTER TABLE journal ATTACH PARTITION journal_1 FOR VALUES IN (1)`)
		plan := p.plan()
		if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if !plan.Pending() {
			t.Error("the table is not looked at again")
		}
		p.exec(`UPDATE journal SET id = 2 WHERE y = 0`)
		p.scan()
		p.exec(`UPDATE journal SET id = 3 WHERE y = 0`)
		expect(t, p.brought(), "update journal (1,0)→(2,0)", "insert journal -→(1,1)",
			"update journal (2,0)→(3,0)")
	})
}
