package cdc

import (
	"fmt"
	"strings"
)

// A table that is made while there is a slot may have rows before it is published. The transaction that publishes it therefore locks out
// writers, copies those rows into the table backfill, which is published, and empties that again. So they are part of the stream, at the
// commit that publishes the table: later changes of theirs come behind them, and a crash repeats them like any other change. The same
// transaction writes down that the table is known.

// What a row of backfill stands for; none is an insert.
const (
	fillUpdate = "update"
	fillDelete = "delete"
	fillAttach = "attach" // an insert of a row that a table had when it was attached
	fillDoubt  = "doubt"  // likewise, unless the stream has brought it already
)

// backfill returns the transaction that publishes t with the rows that it has.
func (p *Plan) backfill(t *candidate) string {
	described := p.describe(t.regclass(), "")
	if t.Parent != "" {
		described = p.describeChunk(t)
	}
	statements := append(p.publication(t), p.listing(t.regclass()), described)
	if !t.known {
		statements = append(statements, "INSERT INTO "+p.cfg.own(backfillTable).String()+" (slot, relation, record) "+
			"SELECT "+quoteLiteral(p.cfg.Slot)+", "+t.regclass()+", (t.*)::text FROM "+t.from()+" t")
	}
	return p.transaction("publish "+t.String()+" with the rows that it has", statements...)
}

// What a description may say besides, as SQL.
const (
	opens     = ` || '{"opens": true}'`                    // that the table is watched from now on
	publishes = ` || '{"opens": true, "publishes": true}'` // likewise, as this transaction publishes it
	closes    = ` || '{"closes": true}'`                   // and until the end of this transaction
)

// mark returns the transaction from which on a table is watched.
func (p *Plan) mark(t *candidate) string {
	return p.transaction("watch "+t.String()+" while its rows are read", p.describe(t.regclass(), opens))
}

// transaction returns one that puts rows into the table backfill. Whoever runs it, rows are printed as the stream prints them.
func (p *Plan) transaction(title string, statements ...string) string {
	lines := []string{"-- " + title + "\nBEGIN"}
	for _, name := range []string{"DateStyle", "IntervalStyle", "TimeZone", "extra_float_digits", "bytea_output"} {
		lines = append(lines, fmt.Sprintf("SET LOCAL %s = %s", name, quoteLiteral(SessionSettings()[name])))
	}
	lines = append(lines, "SET LOCAL row_security = off") // rows that the role must not see are an error, not left out
	lines = append(lines, statements...)
	return strings.Join(append(lines,
		"DELETE FROM "+p.cfg.own(backfillTable).String()+" WHERE slot = "+quoteLiteral(p.cfg.Slot),
		"COMMIT",
	), ";\n")
}

// publication returns the statements that lock out writers of t, publish it and note it and its partitions.
func (p *Plan) publication(t *candidate) []string {
	list := []string{
		"LOCK TABLE " + t.from() + " IN SHARE MODE",
		"ALTER PUBLICATION " + quoteIdentifier(p.cfg.Publication) + " ADD TABLE ONLY " + t.String(),
		p.noteSQL([]note{t.note()}),
	}
	if t.partitioned {
		list = append(list, "INSERT INTO "+p.cfg.own(knownTable).String()+" (slot, relation, schema_name, table_name, root)\n"+
			"SELECT "+quoteLiteral(p.cfg.Slot)+", c.oid, n.nspname, c.relname, "+t.regclass()+" FROM "+treeOf(t.regclass())+" p\n"+
			"  JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid <> "+t.regclass()+"\n"+
			"ON CONFLICT (slot, relation) DO UPDATE SET root = EXCLUDED.root")
	}
	return list
}

// describe returns the statement that says of which table the rows are that follow. extra is SQL that is added to its description.
func (p *Plan) describe(table, extra string) string {
	sent := "attgenerated = ''"
	if p.found.version >= 18 {
		sent = "attgenerated <> 'v'" // see found.options
	}
	return "INSERT INTO " + p.cfg.own(backfillTable).String() + " (slot, relation, columns) SELECT " + quoteLiteral(p.cfg.Slot) + ", " + table + ", " +
		"jsonb_build_object('schema', n.nspname, 'name', c.relname, 'columns', (\n" +
		"    SELECT jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::bigint, 'modifier', atttypmod, 'sent', " + sent + ",\n" +
		"      'key', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND attnum = ANY (i.indkey))) ORDER BY attnum)\n" +
		"    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))" + extra + "\n" +
		"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = " + table
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
