package cdc_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

const logSQL = `
	CREATE TABLE done (id int PRIMARY KEY);
	CREATE TABLE log (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
	CREATE TABLE log_0 PARTITION OF log FOR VALUES IN (0);
	INSERT INTO log VALUES (1, 0)`

// scan plans and applies what one catalog scan would: public tables that are no partitions.
func (p *planned) scan() *cdc.Plan {
	p.t.Helper()
	names := p.query(`SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class
		WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace`)
	p.want(strings.Fields(names)...)
	return p.apply()
}

// brought ends what the test has done, and returns the changes since the last time.
func (p *planned) brought() []cdc.Change {
	p.t.Helper()
	p.exec(`INSERT INTO done VALUES (1); DELETE FROM done`)
	changes := p.takeUntilDone()
	for p.take().Kind != cdc.Delete {
	}
	return changes
}

// TestDetachedPartition detaches partitions, of before the slot and of after it: nothing is
// announced for the rows in them, and what is done to them later comes under their own names.
// Attached again, they have nothing to tell.
func TestDetachedPartition(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
			CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2, 3) PARTITION BY LIST (y);
			CREATE TABLE log_2_2 PARTITION OF log_2 FOR VALUES IN (2);
			INSERT INTO log VALUES (1, 1), (1, 2)`)
		p.scan()
		expect(t, p.brought(), "insert log -→(1,1)", "insert log -→(1,2)")

		p.exec(`ALTER TABLE log DETACH PARTITION log_0`)
		p.exec(`ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY`)
		p.exec(`ALTER TABLE log DETACH PARTITION log_2`)
		p.scan()
		expect(t, p.brought())
		p.exec(`INSERT INTO log_0 VALUES (2, 0); INSERT INTO log_1 VALUES (2, 1); INSERT INTO log_2
			VALUES (2, 2)`)
		expect(t, p.brought(), "insert log_0 -→(2,0)", "insert log_1 -→(2,1)", "insert log_2 -→(2,2)")

		p.exec(`ALTER TABLE log ATTACH PARTITION log_0 FOR VALUES IN (0);
			ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1);
			ALTER TABLE log ATTACH PARTITION log_2 FOR VALUES IN (2, 3)`)
		p.scan()
		// Written while they were apart. Since when the rows of a branch are, nobody has noted.
		expect(t, p.brought(), "update log -→(2,0)", "update log -→(2,1)", "update log -→(1,2)",
			"update log -→(2,2)")
		p.exec(`UPDATE log SET id = 3 WHERE id = 2`)
		expect(t, p.brought(), "update log key(2,0)→(3,0)", "update log key(2,1)→(3,1)", "update log "+
			"(2,2)→(3,2)")

		p.exec(`CREATE TABLE archive (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
			ALTER TABLE log DETACH PARTITION log_1`)
		p.scan()
		p.exec(`ALTER TABLE archive ATTACH PARTITION log_1 FOR VALUES IN (1)`)
		p.scan()
		expect(t, p.brought(), "insert archive -→(1,1)", "insert archive -→(3,1)")
	})
}

// TestReturnedPartition detaches partitions, writes to them, and attaches them again before anybody
// has looked: what was written comes as updates. What the slot has not let go of comes with it, and
// what is older does not.
func TestReturnedPartition(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL+`;
			CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
			CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2, 3) PARTITION BY LIST (y);
			CREATE TABLE log_2_2 PARTITION OF log_2 FOR VALUES IN (2)`)
		p.exec(`INSERT INTO log VALUES (1, 1), (1, 2), (2, 1)`)
		p.scan()
		p.open()
		p.exec(`BEGIN; ALTER TABLE log DETACH PARTITION log_0; INSERT INTO log_0 VALUES (3, 0);
			ALTER TABLE log ATTACH PARTITION log_0 FOR VALUES IN (0); COMMIT`)
		p.exec(`ALTER TABLE log DETACH PARTITION log_1`)
		p.exec(`INSERT INTO log_1 VALUES (3, 1); UPDATE log_1 SET id = 4 WHERE id = 2`)
		p.exec(`ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1)`)
		p.exec(`BEGIN; ALTER TABLE log DETACH PARTITION log_2; INSERT INTO log_2 VALUES (3, 2);
			ALTER TABLE log ATTACH PARTITION log_2 FOR VALUES IN (2, 3); COMMIT`)
		p.exec(`INSERT INTO log VALUES (5, 0)`)
		p.scan()
		expect(t, p.brought(), "insert log -→(5,0)", "update log -→(3,0)",
			"update log -→(3,1)", "update log -→(4,1)", "update log -→(3,2)")
		p.scan()
		p.exec(`INSERT INTO log VALUES (6, 1)`)
		expect(t, p.brought(), "insert log -→(6,1)")
	})
}

// TestAttachedPartition attaches tables with rows: those are announced once, under the name of the
// root, and what was written through the root, before the catalog scan or after it, comes once too.
func TestAttachedPartition(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.asOwner()
		p.scan()
		p.open()
		p.exec(`BEGIN;
			CREATE TABLE log_1 (y int NOT NULL, dropped int, id int NOT NULL, PRIMARY KEY (id, y));
			    ALTER TABLE log_1 DROP COLUMN dropped;
			INSERT INTO log_1 VALUES (1, 11), (1, 12), (1, 13); DELETE FROM log_1 WHERE id = 13;
			ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1);
			INSERT INTO log VALUES (14, 1);
			COMMIT`)
		p.exec(`INSERT INTO log VALUES (15, 1)`)
		p.exec(`UPDATE log SET id = 16 WHERE id = 12`)
		p.exec(`CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2); INSERT INTO log VALUES (21, 2)`)
		p.scan()
		p.exec(`UPDATE log SET id = 17 WHERE id = 11; INSERT INTO log VALUES (22, 2)`)
		expect(t, p.brought(), "insert log -→(14,1)", "insert log -→(15,1)", "update log "+
			"key(12,1)→(16,1)", "insert log -→(21,2)",
			"insert log -→(11,1)", "update log key(11,1)→(17,1)", "insert log -→(22,2)")

		// A savepoint of the transaction that made and attached a table looks like a later
		// transaction of several statements: the stream has brought what that wrote.
		p.exec(`BEGIN; CREATE TABLE log_9 (LIKE log INCLUDING ALL); SAVEPOINT s; INSERT INTO log_9
			VALUES (91, 9); RELEASE s;
			ALTER TABLE log ATTACH PARTITION log_9 FOR VALUES IN (9); COMMIT`)
		p.exec(`INSERT INTO log VALUES (92, 9)`)
		p.exec(`CREATE TABLE log_8 PARTITION OF log FOR VALUES IN (8)`) // has none from before
		p.exec(`BEGIN; INSERT INTO log VALUES (93, 8); INSERT INTO log VALUES (94, 8); INSERT INTO log
			VALUES (93, 9); COMMIT`)
		p.scan()
		expect(t, p.brought(), "insert log -→(92,9)", "insert log -→(93,8)", "insert log -→(94,8)",
			"insert log -→(93,9)", "insert log -→(91,9)")

		// One that was announced under its own name has records that are new under that of the root.
		p.exec(
			`CREATE TABLE log_3 (id int, y int, PRIMARY KEY (id, y)); INSERT INTO log_3 VALUES (31, 3)`)
		p.scan()
		p.exec(`INSERT INTO log_3 VALUES (32, 3)`)
		p.exec(`ALTER TABLE log ATTACH PARTITION log_3 FOR VALUES IN (3); INSERT INTO log VALUES (33, 3)`)
		p.scan()
		expect(t, p.brought(), "insert log_3 -→(31,3)", "insert log_3 -→(32,3)", "insert log -→(33,3)",
			"insert log -→(31,3)", "insert log -→(32,3)")

		// A tree counts from when its branch was attached.
		p.exec(`CREATE TABLE log_4 (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (id);
			CREATE TABLE log_4_1 PARTITION OF log_4 FOR VALUES IN (1);
			    CREATE TABLE log_4_2 PARTITION OF log_4 FOR VALUES IN (2);
			INSERT INTO log_4 VALUES (1, 4)`)
		p.exec(`ALTER TABLE log ATTACH PARTITION log_4 FOR VALUES IN (4); INSERT INTO log VALUES (2, 4)`)
		p.scan()
		expect(t, p.brought(), "insert log -→(2,4)", "insert log -→(1,4)")
		if n := p.query(
			`SELECT count(*)::text FROM pg_publication_tables WHERE tablename LIKE 'log%'`); n != "1" {
			t.Errorf("%s tables of the log are published, want the root alone", n)
		}
	})
}

// TestAttachedBesideOthers has transactions overlap with the one that attaches a table: others
// commit rows to it before, under higher ids, and write through the root later, under lower ones.
// Each row is told once, also when Hookline is killed before the catalog scan; and so is one of a
// partition that comes, goes and comes back.
func TestAttachedBesideOthers(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		for _, killed := range []bool{false, true} {
			p := newPlannedOn(t, major, logSQL)
			p.scan()
			p.open()
			const id = `SELECT pg_current_xact_id()`
			older, attaches := p.begin(id), p.begin(id)
			run := func(tx pgx.Tx, sql string) {
				t.Helper()
				_, err := tx.Exec(t.Context(), sql)
				if err == nil {
					err = tx.Commit(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			p.exec(`CREATE TABLE log_5 (LIKE log INCLUDING ALL); ALTER TABLE log_5 REPLICA IDENTITY FULL`)
			p.exec(`INSERT INTO log_5 VALUES (51, 5), (52, 5), (53, 5)`)
			run(attaches, `ALTER TABLE log ATTACH PARTITION log_5 FOR VALUES IN (5)`)
			p.exec(`INSERT INTO log VALUES (54, 5); UPDATE log SET id = 55 WHERE id = 52`)
			run(older, `INSERT INTO log VALUES (56, 5); DELETE FROM log WHERE id = 53`)
			p.exec(`CREATE TABLE log_6 PARTITION OF log FOR VALUES IN (6);
				ALTER TABLE log_6 REPLICA IDENTITY FULL`)
			p.exec(`INSERT INTO log VALUES (61, 6); ALTER TABLE log DETACH PARTITION log_6`)
			p.exec(`ALTER TABLE log ATTACH PARTITION log_6 FOR VALUES IN (6)`)
			streamed := []string{
				"insert log -→(54,5)", "update log (52,5)→(55,5)", "insert log -→(56,5)", "delete log " +
					"(53,5)→-", "insert log -→(61,6)",
			}
			if killed {
				expect(t, p.brought(), streamed...)
				p.close() // the slot is acknowledged up to where it may be
				p.open()
				expect(t, p.takeUntilDone(), streamed...) // once more, as there is no checkpoint
				for p.take().Kind != cdc.Delete {
				}
				streamed = nil
			}
			p.scan()
			expect(t, p.brought(), append(streamed, "insert log -→(51,5)")...)
			p.exec(`UPDATE log SET id = 57 WHERE id = 51`)
			expect(t, p.brought(), "update log (51,5)→(57,5)")
		}
	})
}

// TestPartitionsOfANewSlot begins anew on a server whose catalogs were made by other transactions
// than those that are noted, as pg_upgrade makes them: no partition has been away.
func TestPartitionsOfANewSlot(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.exec(`SELECT pg_drop_replication_slot('` + p.cfg.Slot + `');
			UPDATE hookline.known_table SET attached_x = '999' WHERE root IS NOT NULL`)
		p.apply() // and nothing is left to do
	})
}

// TestKnownTablesOfAnEarlierVersion brings up to date what a version has made that noted no names
// and roots: its partitions are known.
func TestKnownTablesOfAnEarlierVersion(t *testing.T) {
	const earlier = `ALTER TABLE hookline.known_table DROP COLUMN schema_name, DROP COLUMN table_name,
		DROP COLUMN was_schema, DROP COLUMN was_table,
		DROP COLUMN renamed_at, DROP COLUMN root, DROP COLUMN left_x, DROP COLUMN left_c,
		    DROP COLUMN successor, DROP COLUMN predecessor, DROP COLUMN apart, DROP COLUMN unread;
		        DROP TABLE hookline.moved_record;
		ALTER TABLE hookline.backfill DROP COLUMN action, DROP COLUMN old`
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		admin := *p.stream
		p.asOwner()
		p.scan()
		p.open()
		p.exec(`CREATE TABLE log_1 (LIKE log INCLUDING ALL); INSERT INTO log_1 VALUES (1, 1);
			ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1)`)
		p.exec(earlier) // which has nothing noted of later partitions
		admin.exec(`ALTER TABLE hookline.known_table OWNER TO postgres; GRANT SELECT, INSERT, UPDATE,
			DELETE ON hookline.known_table TO PUBLIC`)
		err := p.plan().Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler))
		if problem, ok := errors.AsType[*cdc.Problem](err); !ok ||
			!strings.Contains(problem.Hint, "--print-sql") {
			t.Errorf("%v, want the way to bring a table up to date that the role does not own", err)
		}
		admin.exec(p.plan().SQL()[0])
		plan, err := cdc.Prepare(t.Context(), p.conn, p.cfg, p.tables, nil, slog.New(slog.DiscardHandler))
		if err != nil || !p.plan().Ready() {
			t.Fatalf("%v; skipped: %v", err, plan.Skipped)
		}
		expect(t, p.brought())
		if noted := p.query(`SELECT table_name || ' of ' || root::regclass FROM hookline.known_table
			WHERE relation = 'log_0'::regclass`); noted != "log_0 of log" {
			t.Errorf("noted is %s", noted)
		}
	})
}
