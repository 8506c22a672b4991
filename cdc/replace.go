package cdc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A migration may build a table anew beside the old one, copy the rows, and give the new one the name of
// the old. To those who hear of it, it is one table: what has only moved is no news. What was committed
// to the new one since it got the name, and before it is published, no stream has brought. So the
// transaction that publishes it compares the two, and announces what differs. Where the old one is gone,
// or there is too much to compare, it announces the rows that were written since.

// compareLimit bounds the time for which writers are locked out while two tables are compared.
const compareLimit = "5s"

// sameColumn is a column of a table, and how the table that it replaces had it.
type sameColumn struct {
	name string // quoted
	old  string // SQL; "" where it had none of that name
	key  bool

	equals string // the operator
}

// lookAtOthers looks at what stands beside the tables: their partitions, and the tables whose names they
// have taken over.
func (f *found) lookAtOthers(ctx context.Context, conn *pgx.Conn) error {
	for i := range f.tables {
		t := &f.tables[i]
		t.replaces = f.memory.replaced(t)
		if k := t.replaces; k != nil && k.now != (tableName{}) && !t.listed {
			if err := t.lookAtColumns(ctx, conn); err != nil {
				return err
			}
		}
	}
	return lookAtTrees(ctx, conn, f.tables)
}

// lookAtColumns looks up which columns t has in common with the table that it replaces. A value of
// another type counts as the same where a cast that Postgres itself would use makes it so, or else where
// it prints alike.
func (t *candidate) lookAtColumns(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT quote_ident(a.attname), EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1 AND i.indisprimary AND a.attnum = ANY (i.indkey)),
		       CASE WHEN o.attname IS NULL THEN ''
		            WHEN (o.atttypid, o.attcollation) = (a.atttypid, a.attcollation) THEN 'o.' || quote_ident(o.attname)
		            WHEN EXISTS (SELECT FROM pg_cast WHERE castsource = o.atttypid AND casttarget = a.atttypid AND castcontext <> 'e')
		            THEN 'o.' || quote_ident(o.attname) || '::' || format_type(a.atttypid, a.atttypmod)
		            ELSE 'o.' || quote_ident(o.attname) || '::text' END, `+EqualsSQL("a.atttypid")+`
		FROM pg_attribute a LEFT JOIN pg_attribute o ON o.attrelid = $2 AND o.attname = a.attname AND o.attnum > 0 AND NOT o.attisdropped
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, t.oid, t.replaces.oid)
	if err == nil {
		t.columns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c sameColumn, err error) {
			return c, row.Scan(&c.name, &c.key, &c.old, &c.equals)
		})
	}
	if err != nil {
		return fmt.Errorf("look up the columns of %s: %w", t, err)
	}
	return nil
}

// replace plans the step that publishes t in the place of the table whose name it has taken over.
func (p *Plan) replace(t *candidate, s *Step) {
	k := t.replaces
	notes := []string{fmt.Sprintf("UPDATE %s SET successor = %s WHERE slot = %s AND relation = %d",
		p.cfg.own(knownTable), t.regclass(), quoteLiteral(p.cfg.Slot), k.oid)}
	if k.now != (tableName{}) {
		n := note{name: k.now}
		if p.found.memory.givesWay(k) {
			n.successor = t.regclass()
		}
		notes = []string{p.noteSQL([]note{n})}
	}
	title := "publish " + t.String() + ", which has taken the name of another table"
	start := append(p.publication(t), append(notes, p.describe(t.regclass(), ""))...)
	s.Kind, s.SQL = Replace, p.transaction(title, append(start, p.since(t))...)
	if differing := p.differing(t); differing != "" {
		s.less = s.SQL
		// The other one has to be free at once: whoever has it may wait for t, and the server would end one of both.
		start = slices.Insert(start, 1, "LOCK TABLE ONLY "+t.replaces.now.String()+" IN ACCESS SHARE MODE NOWAIT")
		s.SQL = p.transaction(title, append(start, "SET LOCAL statement_timeout = '"+compareLimit+"'", differing)...)
	}
}

// from returns what the relation's own rows are read from, as candidate.from does.
func (k *knownRelation) from() string {
	if k.tree {
		return k.now.String()
	}
	return "ONLY " + k.now.String()
}

// differing returns the statement that announces how the rows of t differ from those of the table that it
// replaces; "" when the two cannot be compared. Tables without a record in common are two objects: the
// old one's rows are not announced as deleted.
func (p *Plan) differing(t *candidate) string {
	var match, old, record []string
	var key, oldKey string
	for _, c := range t.columns {
		is, was := "n."+c.name, c.old
		if c.key && was == "" {
			return ""
		}
		if c.key {
			key, oldKey, match = is, was, append(match, is+" "+c.equals+" "+was)
		}
		if was == "" {
			was = is // what it has got since makes no difference
		}
		old, record = append(old, was), append(record, is)
	}
	if match == nil {
		return ""
	}
	both := func(join string) string {
		return fmt.Sprintf("%s n %s %s o ON %s", t.from(), join, t.replaces.from(), strings.Join(match, " AND "))
	}
	return fmt.Sprintf("INSERT INTO %[1]s (slot, relation, action, old, record)\n"+
		"  SELECT %[2]s, %[3]s, action, CASE WHEN action IS NOT NULL THEN old END, CASE WHEN action IS DISTINCT FROM '%[4]s' THEN record END\n"+
		"  FROM (\n"+
		"    SELECT CASE WHEN %[5]s IS NULL THEN '%[4]s' WHEN %[6]s IS NOT NULL THEN '%[7]s' END AS action,\n"+
		"      ROW(%[8]s)::text AS old, ROW(%[9]s)::text AS record\n"+
		"    FROM %[10]s\n"+
		"  ) compared WHERE old IS DISTINCT FROM record\n"+
		"    AND (action IS DISTINCT FROM '%[4]s' OR EXISTS (SELECT FROM %[11]s))",
		p.cfg.own(backfillTable), quoteLiteral(p.cfg.Slot), t.regclass(), fillDelete, key, oldKey, fillUpdate,
		strings.Join(old, ", "), strings.Join(record, ", "), both("FULL JOIN"), both("JOIN"))
}

// since returns the statement that announces the rows of t that were written since it has its name: as
// updated where it had others before, which may be the same records. The server keeps when that was: a
// table that is renamed has its row type renamed. A table that was made under its name has no row from
// before.
func (p *Plan) since(t *candidate) string {
	mark := fmt.Sprintf("WITH mark (x, c) AS (\n"+
		"    SELECT * FROM (SELECT xmin, cmin::text::bigint FROM pg_type WHERE oid = (SELECT reltype FROM pg_class WHERE oid = %[1]s)\n"+
		"      UNION ALL SELECT xmin, cmin::text::bigint FROM pg_namespace WHERE oid = (SELECT relnamespace FROM pg_class WHERE oid = %[1]s)) named (x, c)\n"+
		"    ORDER BY age(x), c DESC LIMIT 1)", t.regclass())
	return fmt.Sprintf("INSERT INTO %s (slot, relation, action, record)\n  %s\n"+
		"  SELECT %s, %s, CASE WHEN EXISTS (SELECT FROM %[5]s t, mark WHERE %[6]s) THEN '%[7]s' END, (t.*)::text\n"+
		"  FROM %[5]s t, mark WHERE NOT %[6]s",
		p.cfg.own(backfillTable), mark, quoteLiteral(p.cfg.Slot), t.regclass(), t.from(), writtenBefore, fillUpdate)
}
