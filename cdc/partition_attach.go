package cdc

import (
	"fmt"

	"hookline/internal/pg"
)

// A table that is attached as a partition may have rows, which no stream has brought under the name
// of the partitioned table. Those that were written later come in the stream. Which is which the
// server keeps: each row has the transaction that wrote it, and the command within it (xmin, cmin).
// So has the row of pg_inherits that makes the table a partition. A table that was made as a
// partition has no row from before. That is no proof: others may have written to the table before
// it was attached by a transaction that is older than theirs. What the stream has brought since the
// partition first showed in it decides (see windows); only where that is not known, the server's
// word counts.
//
// A table that was a partition before, and was detached, has told its rows: but for those that were
// written in between. They may be new or not, and are announced as updated.
//
// The catalog scan sees that it was detached. Where it is a partition again by then, the row of
// pg_inherits tells, which is another one. Since when it was apart is not known then: all that the
// slot has not let go of yet counts.
//
// A row that was updated since it was attached is not announced: the stream has brought the update.

// writtenBefore is SQL for whether a row was written before a mark: a transaction x and a command c
// of it.
func writtenBefore(row string) string {
	return fmt.Sprintf("(%[2]s > %[3]s OR %[1]s.xmin = mark.x AND %[1]s.cmin::text::bigint < mark.c)",
		row, pg.XIDAge(row+".xmin"), pg.XIDAge("mark.x"))
}

// attach plans the steps that announce the rows of partitions which were attached.
func (p *Plan) attach(t *candidate) {
	if t.pending {
		return
	}
	for _, m := range t.members {
		if p.scan.announceStateOf(t, m) == unannounced {
			p.add(Step{
				Kind: Attach, Table: t.Table, Part: m.name.String(), Needs: ownTable | readRows, table: t,
				SQL: p.attachment(t, m), keepaliveSQL: p.describeStep(t, keeps),
			})
		}
	}
}

// attachment returns the transactions that announce the rows that m had before it was attached
// under t. They are in nobody's way who writes: between the two the table is watched (see windows).
func (p *Plan) attachment(t *candidate, m member) string {
	own, slot := p.cfg.own(backfillTable).String(), pg.Literal(p.cfg.Slot)
	// A partition at some depth is one of t from when the last table between them was attached.
	with := "WITH RECURSIVE " + chainOf(m.name.regclass())
	// A savepoint has a higher id than its transaction, and so looks like a later one. Where the
	// table was made by the transaction that attached it, nobody else has written to it before; and
	// commands are counted on through savepoints. Others, later, may have as many. To attach a
	// table changes its columns; one that is made as a partition has no row from before.
	doubt := fmt.Sprintf("t.cmin::text::bigint < mark.c AND EXISTS (SELECT FROM pg_attribute a "+
		"WHERE attrelid = %s AND attnum = -1\n"+
		"      AND %s <= %s AND a.cmin::text::bigint < t.cmin::text::bigint\n"+
		"      AND EXISTS (SELECT FROM pg_attribute c WHERE c.attrelid = a.attrelid AND c.attnum > 0 "+
		"AND NOT c.attisdropped\n"+
		"        AND NOT (c.xmin = a.xmin AND c.cmin = a.cmin)))",
		m.name.regclass(), pg.XIDAge("a.xmin"), pg.XIDAge("mark.x"))
	with += fmt.Sprintf(", attached AS (SELECT EXISTS (SELECT FROM pg_attribute a JOIN "+
		"pg_attribute c USING (attrelid) WHERE attrelid = %s AND a.attnum = -1\n"+
		"    AND c.attnum > 0 AND NOT c.attisdropped AND NOT (c.xmin = a.xmin AND c.cmin = a.cmin)) "+
		"AS was)", m.name.regclass())
	rows := fmt.Sprintf(
		"FROM ONLY %s t CROSS JOIN mark CROSS JOIN attached LEFT JOIN %s k ON "+
			"k.slot = %s AND k.relation = %s AND k.root = %s AND k.left_x IS NOT NULL\n"+
			"  WHERE (%s OR %s OR k.left_x IS NULL AND attached.was)\n"+
			"    AND (k.left_x IS NULL OR %s < %s OR t.xmin = k.left_x AND t.cmin::text::bigint > k.left_c)",
		m.name,
		p.cfg.own(knownTable),
		slot,
		m.name.regclass(),
		t.regclass(),
		writtenBefore("t"),
		doubt,
		pg.XIDAge("t.xmin"),
		pg.XIDAge("k.left_x"),
	)
	part := fmt.Sprintf(allParts, "jsonb_build_array("+m.name.regclass()+"::oid::bigint)")
	watch := []string{p.describeAs(t, opens+part)}
	if k := p.scan.known.relations[m.oid]; k != nil && k.root == t.oid && k.returned(m) {
		watch = append(watch, fmt.Sprintf("UPDATE %s SET left_c = -1, left_x =\n"+
			"    (SELECT catalog_xmin FROM pg_replication_slots WHERE slot_name = %s)\n"+
			"  WHERE slot = %[2]s AND relation = %[3]s AND left_x IS NULL",
			p.cfg.own(knownTable), slot, m.name.regclass()))
	}
	return p.transaction(
		"watch "+t.String()+" while its rows are read",
		watch...) + ";\n" + p.transaction(
		"announce the rows that "+m.name.String()+" had before it was attached to "+t.String(),
		// The server locks a partition's ancestors whenever it reads the partition, and DDL locks
		// them first. In the other order both would wait for each other, and the server might end
		// the DDL.
		"DO "+pg.Literal("DECLARE ancestor regclass; BEGIN\n"+
			"  FOR ancestor IN SELECT relid FROM pg_partition_ancestors("+m.name.regclass()+")"+
			" WITH ORDINALITY a (relid, n)\n"+
			"    WHERE n > 1 AND has_table_privilege(relid, 'SELECT') ORDER BY n DESC\n"+
			"  LOOP EXECUTE 'LOCK TABLE ONLY ' || ancestor || ' IN ACCESS SHARE MODE'; END LOOP; END"),
		p.describe(t.regclass(), closes+part),
		"INSERT INTO "+own+" (slot, relation, action, record)\n  "+with+"\n"+
			"  SELECT "+slot+", "+t.regclass()+
			", CASE WHEN k.left_x IS NOT NULL THEN '"+backfillUpdate+"'\n"+
			"    WHEN "+writtenBefore("t")+" THEN '"+backfillAttached+
			"' WHEN "+doubt+" THEN '"+backfillUncertain+"' ELSE '"+backfillLater+"' END,\n"+
			"    (t::"+t.String()+")::text\n  "+rows,
		p.noteSQL([]note{{name: m.name, root: t.regclass()}}),
	)
}
