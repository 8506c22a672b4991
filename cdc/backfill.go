package cdc

import (
	"fmt"
	"strings"

	"hookline/internal/pg"
)

// A table that is made while there is a slot may have rows before it is published. They are read in
// a second transaction, after the one that publishes the table. They are copied into the table
// backfill, which is published, and is emptied again. So they are part of the stream, and a crash
// repeats them like any other change. Neither transaction is in the way of writers: between the two
// the table is watched (see windows). That the rows have yet to be read is written down, with the
// table, by the first one.

// What a row of backfill stands for; none is an insert.
const (
	backfillUpdate    = "update"
	backfillDelete    = "delete"
	backfillAttached  = "attach" // an insert of a row that a table had when it was attached
	backfillUncertain = "doubt"  // likewise, or it was written later: an update, unless one can tell
	backfillLater     = "later"  // it looks as if written later: nothing, unless one can tell
)

// backfill returns the transactions that publish t, and announce the rows that it has.
func (p *Plan) backfill(t *candidate) string {
	n := t.note()
	n.unread = !t.known || t.unread
	says, fresh := "", ""
	if n.unread && t.Full {
		fresh = isFresh
	}
	if n.unread {
		says = opens + fresh
	}
	publish := p.transaction(
		"publish "+t.String(),
		append(p.publication(t, n), p.describeAs(t, says))...)
	switch {
	case !n.unread: // a chunk, of whose parent the stream has to be told
		return publish
	case t.listed:
		publish = p.describeStep(t, says)
	}
	read := []string{
		p.awaitWriters(t),
		p.coverageSQL(t.regclass()),
		t.lockToRead(),
		p.describeAs(t, closes+fresh+t.saysParts()),
		"INSERT INTO " + p.cfg.own(backfillTable).String() + " (slot, relation, record) " +
			"SELECT " + pg.Literal(p.cfg.Slot) + ", " + t.regclass() +
			", (t.*)::text FROM " + t.from() + " t",
		fmt.Sprintf("UPDATE %s SET unread = false WHERE slot = %s AND relation = %s",
			p.cfg.own(knownTable), pg.Literal(p.cfg.Slot), t.regclass()),
	}
	if t.partitioned {
		read = append(read, p.noteTree(t))
	}
	return publish + ";\n" + p.transaction("announce the rows that "+t.String()+" has", read...)
}

// What a description may say besides, as SQL.
const (
	opens = ` || '{"opens": true}'` // that the table is watched from now on
	// likewise, as this transaction publishes it in the place of another one
	publishes = ` || '{"opens": true, "publishes": true}'`
	keeps     = ` || '{"keeps": true}'`  // its rows are still to be read
	closes    = ` || '{"closes": true}'` // and until the end of this transaction
	isFresh   = ` || '{"fresh": true}'`  // nobody has heard of the table
	// partitions that are noted by this transaction
	allParts = ` || jsonb_build_object('parts', %s)`
)

// startWatch returns the transaction from which on a table is watched.
func (p *Plan) startWatch(t *candidate) string { return p.describeStep(t, opens) }

// describeStep returns a transaction that says something of a table whose rows are read.
func (p *Plan) describeStep(t *candidate, what string) string {
	return p.transaction("watch "+t.String()+" while its rows are read", p.describeAs(t, what))
}

// transaction returns one that puts rows into the table backfill. Whoever runs it, rows are printed
// as the stream prints them.
func (p *Plan) transaction(title string, statements ...string) string {
	lines := []string{"-- " + title + "\nBEGIN"}
	for _, name := range []string{
		"DateStyle", "IntervalStyle", "TimeZone", "lc_monetary", "extra_float_digits", "bytea_output",
	} {
		lines = append(lines, fmt.Sprintf("SET LOCAL %s = %s", name,
			pg.Literal(pg.SessionSettings()[name])))
	}
	// rows that the role must not see are an error, not left out
	lines = append(lines, "SET LOCAL row_security = off")
	lines = append(lines, statements...)
	return strings.Join(append(lines, "DELETE FROM "+p.cfg.own(backfillTable).String()+
		" WHERE slot = "+pg.Literal(p.cfg.Slot), "COMMIT"), ";\n")
}

// publication returns the statements that publish t and note it. Where the server loses changes of
// those who write to a table while that is published, they are locked out for that moment.
func (p *Plan) publication(t *candidate, n note) []string {
	list := []string{
		"LOCK TABLE " + t.from() + " IN SHARE MODE",
		pg.DatabasePathSQL,
		"ALTER PUBLICATION " + pg.Identifier(p.cfg.Publication) + " ADD TABLE ONLY " + t.String(),
		pg.OwnPathSQL,
		p.noteSQL([]note{n}),
	}
	if p.scan.sendsOpenWriters() {
		return list[1:]
	}
	return list
}

// noteTree returns the statement that notes the partitions of t.
func (p *Plan) noteTree(t *candidate) string {
	return "INSERT INTO " + p.cfg.own(knownTable).String() + " (slot, relation, schema_name, " +
		"table_name, root, attached_x)\n" +
		"SELECT " + pg.Literal(p.cfg.Slot) + ", c.oid, n.nspname, c.relname, " + t.regclass() + ", " +
		attachedBy("c.oid") + " FROM " + treeOf(t.regclass()) + " p\n" +
		"  JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " +
		"c.oid <> " + t.regclass() + "\n" +
		"ON CONFLICT (slot, relation) DO UPDATE SET root = EXCLUDED.root, attached_x = " +
		"EXCLUDED.attached_x"
}

// lockToRead returns the statement that keeps t as it is while its rows are read. Of a partitioned
// table that is which partitions it has, too, as those are noted; nobody who writes to them waits.
func (t *candidate) lockToRead() string {
	if !t.partitioned {
		return "LOCK TABLE " + t.from() + " IN ACCESS SHARE MODE"
	}
	return "DO " + pg.Literal("DECLARE branch regclass; locked oid[]; BEGIN LOOP\n"+
		"  SELECT relid INTO branch FROM "+treeOf(t.regclass())+" tree JOIN pg_class ON oid = relid\n"+
		"    WHERE relkind = 'p' AND relid <> ALL (coalesce(locked, '{}')) LIMIT 1;\n"+
		"  EXIT WHEN NOT FOUND;\n"+
		"  EXECUTE 'LOCK TABLE ONLY ' || branch || ' IN SHARE UPDATE EXCLUSIVE MODE'; locked := "+
		"locked || branch::oid;\n"+
		"END LOOP; END")
}

// describe returns the statement that says of which table the rows are that follow. extra is SQL
// that is added to its description.
func (p *Plan) describe(table, extra string) string {
	sent := "attgenerated = ''"
	if p.scan.version >= 18 {
		sent = "attgenerated <> 'v'" // see found.options
	}
	return "INSERT INTO " + p.cfg.own(backfillTable).
		String() +
		" (slot, relation, columns) SELECT " + pg.Literal(p.cfg.Slot) + ", " + table + ", " +
		"jsonb_build_object('schema', n.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p', " +
		"'columns', (\n" +
		"    SELECT jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::bigint, " +
		"'modifier', atttypmod, 'sent', " + sent + ",\n" +
		"      'key', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND " +
		"attnum = ANY (i.indkey))) ORDER BY attnum)\n" +
		"    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))" +
		extra + "\n" +
		"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " + table
}

// saysParts returns what a description says of the partitions that are noted, as SQL.
func (t *candidate) saysParts() string {
	if !t.partitioned {
		return ""
	}
	return fmt.Sprintf(allParts, "(SELECT jsonb_agg(relid::bigint) FROM "+treeOf(t.regclass())+
		" tree)")
}

// from returns what the table's own rows are read from.
func (t *candidate) from() string {
	if t.partitioned { // a root's own rows are none: they lie in its partitions
		return t.String()
	}
	return "ONLY " + t.String() // rows of children by inheritance are the children's
}

// note returns what is written down of the table when it is published.
func (t *candidate) note() note {
	n := note{name: t.name(), webhooks: t.Webhooks}
	if t.Parent != "" {
		n.root = tableName{t.ParentSchema, t.Parent}.regclass()
	}
	return n
}

func (t *candidate) regclass() string { return t.name().regclass() }

// own returns one of this package's tables.
func (c Config) own(table string) Table { return Table{Schema: c.Schema, Name: table} }
