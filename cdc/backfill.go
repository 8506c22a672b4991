package cdc

import (
	"fmt"
	"strings"
)

// A table that is made while there is a slot may have rows before it is published. The transaction that publishes it therefore locks out
// writers, copies those rows into the table backfill, which is published, and empties that again. So they are part of the stream, at the
// commit that publishes the table: later changes of theirs come behind them, and a crash repeats them like any other change.

// backfill returns the transaction that publishes t. Whoever runs it, rows are printed as the stream prints them.
func (p *Plan) backfill(t *candidate) string {
	slot, known, own := quoteLiteral(p.cfg.Slot), p.cfg.own(knownTable).String(), p.cfg.own(backfillTable).String()
	table := quoteLiteral(t.String()) + "::regclass"
	lines := []string{"-- publish " + t.String() + " with the rows that it has\nBEGIN"}
	for _, name := range []string{"DateStyle", "IntervalStyle", "TimeZone", "extra_float_digits", "bytea_output"} {
		lines = append(lines, fmt.Sprintf("SET LOCAL %s = %s", name, quoteLiteral(SessionSettings()[name])))
	}
	sent := "attgenerated = ''"
	if p.found.version >= 18 {
		sent = "attgenerated <> 'v'" // see found.options
	}
	from := t.String() // a root's own rows are none: they lie in its partitions
	if !t.partitioned {
		from = "ONLY " + from // rows of children by inheritance are the children's
	}
	return strings.Join(append(lines,
		"SET LOCAL row_security = off", // rows that the role must not see are an error, not left out
		"LOCK TABLE "+from+" IN SHARE MODE",
		"ALTER PUBLICATION "+quoteIdentifier(p.cfg.Publication)+" ADD TABLE ONLY "+t.String(),
		"INSERT INTO "+known+" VALUES ("+slot+", "+table+")",
		"INSERT INTO "+own+" (slot, relation, columns) SELECT "+slot+", "+table+", "+
			"jsonb_build_object('schema', n.nspname, 'name', c.relname, 'columns', (\n"+
			"    SELECT jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::bigint, 'modifier', atttypmod, 'sent', "+sent+",\n"+
			"      'key', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND attnum = ANY (i.indkey))) ORDER BY attnum)\n"+
			"    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))\n"+
			"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "+table,
		"INSERT INTO "+own+" (slot, relation, record) SELECT "+slot+", "+table+", (t.*)::text FROM "+from+" t",
		"DELETE FROM "+own+" WHERE slot = "+slot,
		"COMMIT",
	), ";\n")
}

// own returns one of this package's tables.
func (c Config) own(table string) Table { return Table{Schema: c.Schema, Name: table} }

// baseline returns the statement that makes all tables known that there are.
func (p *Plan) baseline() string {
	return fmt.Sprintf("INSERT INTO %s SELECT %s, oid FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= %d ON CONFLICT DO NOTHING",
		p.cfg.own(knownTable), quoteLiteral(p.cfg.Slot), firstUserOID)
}

// know returns the statement that makes tables known of which no rows are announced.
func (p *Plan) know(tables []*candidate) string {
	rows := make([]string, len(tables))
	for i, t := range tables {
		rows[i] = "(" + quoteLiteral(p.cfg.Slot) + ", " + quoteLiteral(t.String()) + "::regclass)"
	}
	return "INSERT INTO " + p.cfg.own(knownTable).String() + " VALUES " + strings.Join(rows, ", ") + " ON CONFLICT DO NOTHING"
}
