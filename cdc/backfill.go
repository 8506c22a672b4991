package cdc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A table that is made while there is a slot may have rows before it is published. The transaction that publishes it therefore locks out
// writers, copies those rows into the table backfill, which is published, and empties that again. So they are part of the stream, at the
// commit that publishes the table: later changes of theirs come behind them, and a crash repeats them like any other change.

// backfill returns the transaction that publishes t. Whoever runs it, rows are printed as the stream prints them.
func (p *Plan) backfill(t published) string {
	slot, known, own := quoteLiteral(p.cfg.Slot), p.own(knownTable).String(), p.own(backfillTable).String()
	table := quoteLiteral(t.String()) + "::regclass"
	lines := []string{"-- publish " + t.String() + " with the rows that it has\nBEGIN"}
	for _, name := range []string{"DateStyle", "IntervalStyle", "TimeZone", "extra_float_digits", "bytea_output"} {
		lines = append(lines, fmt.Sprintf("SET LOCAL %s = %s", name, quoteLiteral(SessionSettings()[name])))
	}
	sent := "attgenerated = ''"
	if p.version >= 18 {
		sent = "attgenerated <> 'v'" // see options
	}
	return strings.Join(append(lines,
		"SET LOCAL row_security = off", // rows that the role must not see are an error, not left out
		"LOCK TABLE "+t.String()+" IN SHARE MODE",
		"ALTER PUBLICATION "+quoteIdentifier(p.cfg.Publication)+" ADD TABLE "+t.String(),
		"INSERT INTO "+known+" VALUES ("+slot+", "+table+")",
		"INSERT INTO "+own+" (slot, relation, columns) SELECT "+slot+", "+table+", "+
			"jsonb_build_object('schema', n.nspname, 'name', c.relname, 'columns', (\n"+
			"    SELECT jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::bigint, 'modifier', atttypmod, 'sent', "+sent+",\n"+
			"      'key', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND attnum = ANY (i.indkey))) ORDER BY attnum)\n"+
			"    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))\n"+
			"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "+table,
		"INSERT INTO "+own+" (slot, relation, record) SELECT "+slot+", "+table+", (t.*)::text FROM "+t.String()+" t",
		"DELETE FROM "+own+" WHERE slot = "+slot,
		"COMMIT",
	), ";\n")
}

// own returns one of this package's tables.
func (p *Plan) own(table string) Table { return Table{Schema: p.cfg.Schema, Name: table} }

// lookUpKnown finds out whether this package's tables are there, and whether they hold the baseline. Where they are missing the plan makes
// them.
func (p *Plan) lookUpKnown(ctx context.Context, conn *pgx.Conn) error {
	err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NULL OR to_regclass($2) IS NULL`, p.own(knownTable).String(), p.own(backfillTable).String()).Scan(&p.Makes)
	if p.Makes {
		p.Statements = append(p.Statements, strings.TrimSuffix(strings.TrimSpace(SchemaSQL(p.cfg.Schema)), ";"))
	} else if err == nil {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+p.own(knownTable).String()+" WHERE slot = $1)", p.cfg.Slot).Scan(&p.knows)
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		schema, role := pgx.Identifier{p.cfg.Schema}.Sanitize(), pgx.Identifier{conn.Config().User}.Sanitize()
		return &Problem{
			What: "the role may not use Hookline's own tables: " + refused.Message,
			Mend: fmt.Sprintf("as a superuser: GRANT USAGE, CREATE ON SCHEMA %s TO %s; "+
				"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s TO %[2]s;", schema, role),
		}
	}
	if err != nil {
		return fmt.Errorf("look up which tables are known: %w", err)
	}
	return nil
}

// baseline returns the statement that makes all tables known that there are.
func (p *Plan) baseline() string {
	return fmt.Sprintf("INSERT INTO %s SELECT %s, oid FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= %d ON CONFLICT DO NOTHING",
		p.own(knownTable), quoteLiteral(p.cfg.Slot), firstUserOID)
}

// know returns the statement that makes tables known of which no rows are announced.
func (p *Plan) know(tables []published) string {
	rows := make([]string, len(tables))
	for i, t := range tables {
		rows[i] = "(" + quoteLiteral(p.cfg.Slot) + ", " + quoteLiteral(t.String()) + "::regclass)"
	}
	return "INSERT INTO " + p.own(knownTable).String() + " VALUES " + strings.Join(rows, ", ") + " ON CONFLICT DO NOTHING"
}

// firstUserOID is the first OID that the server gives to what users make.
//
// https://github.com/postgres/postgres/blob/master/src/include/access/transam.h
const firstUserOID = 16384

// NewTables returns the OIDs of the tables that no plan for cfg.Slot has dealt with yet, sorted. Those that a plan leaves out stay among
// them.
func NewTables(ctx context.Context, conn *pgx.Conn, cfg Config) ([]uint32, error) {
	cfg = cfg.withDefaults()
	rows, err := conn.Query(ctx, fmt.Sprintf(`
		SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND c.oid >= %d AND n.nspname <> $2
		  AND NOT EXISTS (SELECT FROM %s k WHERE k.slot = $1 AND k.relation = c.oid)
		ORDER BY 1`, firstUserOID, Table{Schema: cfg.Schema, Name: knownTable}), cfg.Slot, cfg.Schema)
	if err != nil {
		return nil, fmt.Errorf("look for new tables: %w", err)
	}
	oids, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	if err != nil {
		return nil, fmt.Errorf("look for new tables: %w", err)
	}
	return oids, nil
}
