package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A table that is made while there is a slot may have rows before it is published. The transaction that publishes it therefore locks out
// writers, copies those rows into the table backfill, which is published, and empties that again. So they are part of the stream, at the
// commit that publishes the table: later changes of theirs come behind them, and a crash repeats them like any other change.

// backfill returns the transaction that publishes t. Whoever runs it, rows are printed as the stream prints them.
func (p *Plan) backfill(t published) string {
	slot, known, own := quoteLiteral(p.cfg.Slot), p.own(knownTable).String(), p.own(backfillTable).String()
	table := quoteLiteral(t.String()) + "::regclass"
	lines := []string{"BEGIN"}
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
			"    SELECT jsonb_agg(jsonb_build_object('name', attname, 'type', atttypid::bigint, 'modifier', atttypmod, 'sent', "+sent+") ORDER BY attnum)\n"+
			"    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))\n"+
			"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "+table,
		"INSERT INTO "+own+" (slot, relation, record) SELECT "+slot+", "+table+", (t.*)::text FROM "+t.String()+" t",
		"DELETE FROM "+own+" WHERE slot = "+slot,
		"COMMIT",
	), ";\n")
}

// own returns one of this package's tables.
func (p *Plan) own(table string) Table { return Table{Schema: p.cfg.Schema, Name: table} }

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

// filling turns the changes of the table backfill into those that they stand for.
type filling struct {
	cfg      Config
	relation *Relation // whose rows come
	sent     []bool    // for each of its columns today: whether the stream has it
}

// holds reports whether rel is the table backfill.
func (f *filling) holds(rel *Relation) bool {
	return rel.Name == backfillTable && rel.Schema == f.cfg.Schema
}

// turn makes change, which is one of the table backfill, the change that it stands for, and reports whether it stands for one.
func (f *filling) turn(change *Change) (bool, error) {
	if change.Kind != Insert {
		return false, nil
	}
	value := func(column string) Value {
		if i := change.Relation.Column(column); i >= 0 {
			return change.New[i]
		}
		return Value{}
	}
	if value("slot").String() != f.cfg.Slot {
		return false, nil
	}
	if columns := value("columns"); !columns.IsNull() {
		return false, f.describe(value("relation").String(), columns.Bytes())
	}
	if f.relation == nil {
		return false, errors.New("a row comes before its table is described")
	}
	row, err := parseRow(value("record").Bytes(), f.sent)
	if err != nil {
		return false, fmt.Errorf("a row of %s.%s: %w", f.relation.Schema, f.relation.Name, err)
	}
	change.Relation, change.New = f.relation, row
	return true, nil
}

// describe takes a table's description.
func (f *filling) describe(oid string, description []byte) error {
	var table struct {
		Schema, Name string
		Columns      []struct {
			Name     string
			Type     uint32
			Modifier int32
			Sent     bool
		}
	}
	if err := json.Unmarshal(description, &table); err != nil {
		return fmt.Errorf("the description of table %s: %w", oid, err)
	}
	f.relation = &Relation{Schema: table.Schema, Name: table.Name, Identity: 'd'}
	if _, err := fmt.Sscan(oid, &f.relation.OID); err != nil {
		return fmt.Errorf("the OID %q of table %s.%s: %w", oid, table.Schema, table.Name, err)
	}
	f.sent = f.sent[:0]
	for _, c := range table.Columns {
		f.sent = append(f.sent, c.Sent)
		if c.Sent {
			f.relation.Columns = append(f.relation.Columns, Column{Name: c.Name, Type: c.Type, Modifier: c.Modifier})
		}
	}
	return nil
}

var errRow = errors.New("the text is not one of a row")

// parseRow reads the text of a row and returns its columns, those without that are not sent. The values keep src, which is overwritten.
//
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
func parseRow(src []byte, sent []bool) (Tuple, error) {
	if len(src) < 2 || src[0] != '(' || src[len(src)-1] != ')' {
		return nil, errRow
	}
	src = src[1:]
	row := make(Tuple, 0, len(sent))
	for i, wanted := range sent {
		v, rest, err := parseColumn(src)
		if err != nil {
			return nil, err
		}
		end := byte(',')
		if i == len(sent)-1 {
			end = ')'
		}
		if len(rest) == 0 || rest[0] != end || (end == ')') != (len(rest) == 1) {
			return nil, fmt.Errorf("%w of %d columns", errRow, len(sent))
		}
		if src = rest[1:]; wanted {
			row = append(row, v)
		}
	}
	return row, nil
}

// parseColumn reads one column's text, up to the comma or bracket that follows. An empty one without quotes is null.
func parseColumn(src []byte) (v Value, rest []byte, err error) {
	if len(src) == 0 || src[0] != '"' {
		n := slices.IndexFunc(src, func(c byte) bool { return c == ',' || c == ')' })
		if n <= 0 {
			return Value{}, src, nil
		}
		return Text(src[:n:n]), src[n:], nil
	}
	n := 0 // of the text, which is written over what was read of src
	for i := 1; i+1 < len(src); i++ {
		c := src[i]
		if c == '"' || c == '\\' {
			if c == '"' && src[i+1] != '"' {
				return Text(src[:n:n]), src[i+1:], nil
			}
			i++
		}
		src[n] = src[i]
		n++
	}
	return Value{}, nil, errRow
}
