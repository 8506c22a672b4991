package cdc_test

import (
	"testing"

	"hookline/cdc"
)

// scanChunks is scanChunksOf readings.
func (p *planned) scanChunks() { p.scanChunksOf("readings") }

// scanChunksOf is scan with the tables of schema chunks, which are announced under the name of a
// table.
func (p *planned) scanChunksOf(parent string) {
	p.t.Helper()
	p.want("done", parent)
	rows, err := p.conn.Query(p.t.Context(), `SELECT tablename FROM pg_tables
		WHERE schemaname = 'chunks' ORDER BY 1`)
	for err == nil && rows.Next() {
		table := cdc.Table{Schema: "chunks", Full: true, ParentSchema: "public", Parent: parent}
		err = rows.Scan(&table.Name)
		p.tables = append(p.tables, table)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.apply()
}

// TestRowsInChunks tells the changes of rows that lie in children, in another schema, under the
// name of their parent: in those that were there before the slot, in later ones with the rows that
// they have, on every connection, and also once a child is gone.
func TestRowsInChunks(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `
			CREATE TABLE done (id int PRIMARY KEY);
			CREATE TABLE readings (id int PRIMARY KEY, n int); CREATE SCHEMA chunks;
			CREATE TABLE chunks.c1 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO chunks.c1 VALUES (1,
			    1)`)
		p.scanChunks()
		p.open()
		p.exec(`UPDATE chunks.c1 SET n = 2`)
		p.exec(`CREATE TABLE chunks.c2 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO chunks.c2
			VALUES (2, 1); UPDATE chunks.c2 SET n = 2`)
		p.scanChunks()
		p.exec(`UPDATE chunks.c2 SET n = 3`)
		expect(t, p.brought(), "update readings (1,1)→(1,2)", "insert readings -→(2,2)",
			"update readings (2,2)→(2,3)")

		p.close()
		p.exec(`DELETE FROM chunks.c1; UPDATE chunks.c2 SET n = 4; DROP TABLE chunks.c1`)
		p.open()
		p.exec(`INSERT INTO done VALUES (2)`)
		var changes []cdc.Change
		// what was not settled comes again
		for c := p.take(); text(c) != "insert done -→(2)"; c = p.take() {
			if c.Relation.Name != "done" {
				changes = append(changes, c)
			}
		}
		if len(changes) > 2 {
			changes = changes[len(changes)-2:]
		}
		expect(t, changes, "delete readings (1,2)→-", "update readings (2,3)→(2,4)")
	})
}

// TestChunksOfAnEarlierVersion publishes children that are known already: their rows are none to
// announce, their changes are.
func TestChunksOfAnEarlierVersion(t *testing.T) {
	p := newPlanned(t, `
		CREATE TABLE done (id int PRIMARY KEY);
		CREATE TABLE readings (id int PRIMARY KEY, n int); CREATE SCHEMA chunks;
		CREATE TABLE chunks.c1 (PRIMARY KEY (id)) INHERITS (readings); INSERT INTO chunks.c1 VALUES (1,
		    1)`, "done", "readings")
	p.apply()
	p.open()
	p.scanChunks()
	p.exec(`UPDATE chunks.c1 SET n = 2`)
	expect(t, p.brought(), "update readings (1,1)→(1,2)")
}
