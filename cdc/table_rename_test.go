package cdc_test

import "testing"

// TestRenamedRoot renames a partitioned table, whose partitions the stream has described already:
// from the catalog scan on its changes come under the new name, also on a connection of later.
func TestRenamedRoot(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`UPDATE log SET id = 2`)
		expect(t, p.brought(), "update log (1,0)→(2,0)")
		p.exec(`ALTER TABLE log RENAME TO journal`)
		p.scan()
		p.exec(`UPDATE journal SET id = 3; CREATE TABLE journal_1 PARTITION OF journal FOR VALUES IN (1)`)
		p.scan()
		p.exec(`INSERT INTO journal VALUES (4, 1), (4, 0)`)
		expect(t, p.brought(), "update journal (2,0)→(3,0)", "insert journal -→(4,1)",
			"insert journal -→(4,0)")
		if !p.scan().Ready() {
			t.Error("the name is told more than once")
		}
		p.close()
		p.exec(`ALTER TABLE journal RENAME TO log`) // while Hookline is down
		p.scan()
		p.exec(`DELETE FROM log WHERE y = 1; INSERT INTO done VALUES (2)`)
		p.open()
		for c := p.take(); ; c = p.take() { // what was not settled comes again
			if got := text(c); c.Tx != nil && got == "delete log (4,1)→-" {
				break
			} else if got == "insert done -→(2)" {
				t.Fatal("the delete has not come under the name log")
			}
		}
	})
}

// TestRenamedAndAttached renames a partitioned table and attaches a table with rows before the
// look.
func TestRenamedAndAttached(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`ALTER TABLE log RENAME TO journal`)
		p.exec(`BEGIN; SAVEPOINT a; CREATE TABLE journal_2 (LIKE journal INCLUDING ALL); SAVEPOINT b;
			INSERT INTO journal_2 VALUES (1, 2);
			SAVEPOINT c; ALTER TABLE journal ATTACH PARTITION journal_2 FOR VALUES IN (2); COMMIT`)
		p.scan()
		expect(t, p.brought(), "insert journal -→(1,2)")
	})
}

// TestRenamedParentOfChunks renames a table whose rows lie in children of another schema.
func TestRenamedParentOfChunks(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `
			CREATE TABLE done (id int PRIMARY KEY);
			CREATE TABLE readings (id int PRIMARY KEY, n int); CREATE SCHEMA chunks;
			CREATE TABLE chunks.c1 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO chunks.c1 VALUES (1,
			    1)`)
		p.scanChunksOf("readings")
		p.open()
		p.exec(`UPDATE chunks.c1 SET n = 2`)
		expect(t, p.brought(), "update readings (1,1)→(1,2)")
		p.exec(`ALTER TABLE readings RENAME TO samples`)
		p.scanChunksOf("samples")
		p.exec(`UPDATE chunks.c1 SET n = 3`)
		expect(t, p.brought(), "update samples (1,2)→(1,3)")
	})
}

// TestMovedChild moves a table, which was one of its own, to another schema than that of the parent
// from which it inherits: it is no chunk of that, under whatever name, and is itself again when it
// is back.
func TestMovedChild(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `
			CREATE TABLE done (id int PRIMARY KEY);
			CREATE TABLE readings (id int PRIMARY KEY, n int); CREATE SCHEMA chunks;
			CREATE TABLE old (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO old VALUES (1, 1)`)
		p.scan()
		p.open()
		for _, sql := range []string{
			`ALTER TABLE old SET SCHEMA chunks`, `ALTER TABLE chunks.old RENAME TO older`,
			`UPDATE chunks.older SET n = 2`,
			`CREATE TABLE chunks.c1 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO chunks.c1 VALUES (2,
				1)`,
		} {
			p.exec(sql)
			p.scanChunksOf("readings")
		}
		p.exec(`UPDATE chunks.older SET n = 3; UPDATE chunks.c1 SET n = 2`)
		p.exec(`ALTER TABLE chunks.older SET SCHEMA public; ALTER TABLE older RENAME TO old`)
		p.scan()
		p.exec(`UPDATE old SET n = 4`)
		expect(t, p.brought(), "insert readings -→(2,1)", "update readings (2,1)→(2,2)", "update old "+
			"(1,3)→(1,4)")
	})
}
