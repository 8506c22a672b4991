package cdc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// A migration may build a table anew beside the old one, copy the rows, and give the new one the
// name of the old. To those who hear of it, it is one table: what has only moved is no news. What
// was committed to the new one since it got the name, and before it is published, no stream has
// brought. So the two are compared once it is published, and what differs is announced. Where the
// old one is gone, or there is too much to compare, the rows that were written since are announced.

// compareLimit bounds the time for which two tables are compared.
const compareLimit = "5min"

// sameColumn is a column of a table, and how the table that it replaces had it.
type sameColumn struct {
	name string // quoted
	old  string // SQL; "" where it had none of that name
	key  bool

	equals string // the operator
}

// queryReplaced looks at what stands beside the tables: their partitions, and the tables whose
// names they have taken over.
func (f *catalogScan) queryReplaced(ctx context.Context, conn *pgx.Conn) error {
	for i := range f.tables {
		t := &f.tables[i]
		t.replaces, t.pending = f.known.replaced(t)
		if k := t.replaces; k != nil && k.now != (tableName{}) && (!t.listed || t.pending) {
			if err := t.queryColumns(ctx, conn); err != nil {
				return err
			}
		}
	}
	return queryPartitions(ctx, conn, f.tables)
}

// queryColumns looks up which columns t has in common with the table that it replaces. A value of
// another type counts as the same where a cast of Postgres' own makes it so. Without such a cast it
// does where it prints alike.
func (t *candidate) queryColumns(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT quote_ident(a.attname), EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1
		    AND i.indisprimary AND a.attnum = ANY (i.indkey)),
		       CASE WHEN o.attname IS NULL THEN ''
		            WHEN (o.atttypid, o.attcollation) = (a.atttypid, a.attcollation)
		            THEN 'o.' || quote_ident(o.attname)
		            WHEN EXISTS (SELECT FROM pg_cast WHERE castsource = o.atttypid
		                AND casttarget = a.atttypid AND castcontext <> 'e')
		            THEN 'o.' || quote_ident(o.attname) || '::' || format_type(a.atttypid, a.atttypmod)
		            ELSE 'o.' || quote_ident(o.attname) || '::text' END, `+pg.EqualsSQL("a.atttypid")+`
		FROM pg_attribute a LEFT JOIN pg_attribute o ON o.attrelid = $2 AND o.attname = a.attname
		    AND o.attnum > 0 AND NOT o.attisdropped
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
		t.oid, t.replaces.oid)
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

// replace plans the step that publishes t in the place of the table whose name it has taken over,
// and announces what differs. It does so in two transactions, neither of which is in the way of
// writers: from the first one on the stream brings the changes of t, and the table is watched (see
// windows). Those who write to t meanwhile may have begun before it, so they are waited for until
// what they did can be read.
func (p *Plan) replace(t *candidate, s *Step) {
	s.Kind, s.keepaliveSQL = Replace, p.describeStep(t, keeps)
	title := "publish " + t.String() + ", which has taken the name of another table"
	first := p.startWatch(t)
	if !t.pending {
		first = p.transaction(title, append(p.takeOver(t), p.describe(t.regclass(), publishes))...)
	}
	compare := "announce how the rows of " + t.String() + " differ from those of the table whose " +
		"name it has taken"
	start := []string{p.awaitWriters(t), "LOCK TABLE " + t.from() + " IN ACCESS SHARE MODE"}
	end := []string{fmt.Sprintf("UPDATE %s SET predecessor = NULL WHERE slot = %s AND relation = %s",
		p.cfg.own(knownTable), pg.Literal(p.cfg.Slot), t.regclass()), p.coverageSQL(t.regclass())}
	announce := func(statements ...string) string {
		return ";\n" + p.transaction(compare, slices.Concat(start, statements, end)...)
	}
	closing, since := p.describe(t.regclass(), closes), p.since(t)
	s.SQL = first + announce(closing, since)
	if differing := p.differing(t); differing != "" {
		s.fallbackSQL = p.startWatch(t) + s.SQL[len(first):]
		// The other one has to be free at once: whoever has it may wait for t, and the server would
		// end one of both.
		s.SQL = first + announce("LOCK TABLE ONLY "+t.replaces.now.String()+" IN ACCESS SHARE MODE "+
			"NOWAIT",
			"SET LOCAL statement_timeout = '"+compareLimit+"'", closing, differing)
	}
}

// takeOver returns the statements that publish t in the place of another table, and write that
// down.
func (p *Plan) takeOver(t *candidate) []string {
	k := t.replaces
	notes := fmt.Sprintf("UPDATE %s SET successor = %s WHERE slot = %s AND relation = %d",
		p.cfg.own(knownTable), t.regclass(), pg.Literal(p.cfg.Slot), k.oid)
	if k.now != (tableName{}) {
		n := note{name: k.now}
		if p.scan.known.isSuperseded(k) {
			n.successor = t.regclass()
		}
		notes = p.noteSQL([]note{n})
	}
	statements := p.publication(t, t.note())
	if t.partitioned {
		statements = append(statements, p.noteTree(t))
	}
	return append(statements, notes, fmt.Sprintf("UPDATE %s SET predecessor = %d WHERE slot = %s "+
		"AND relation = %s",
		p.cfg.own(knownTable), k.oid, pg.Literal(p.cfg.Slot), t.regclass()))
}

// writersSQL is what tells, behind a SELECT, which transactions may have written to a table:
// relation is its OID, and virtualtransaction what they are called.
const writersSQL = "FROM pg_locks WHERE granted AND locktype = 'relation' AND pid IS DISTINCT " +
	"FROM pg_backend_pid()\n" +
	"      AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', " +
	"'AccessExclusiveLock')\n" +
	"      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"

// awaitWriters returns the statement that waits for the transactions that write to t now, without a
// lock.
func (p *Plan) awaitWriters(t *candidate) string {
	from := writersSQL + "\n      AND relation IN (SELECT relid FROM " + treeOf(t.regclass()) +
		" tree)"
	return "DO " + pg.Literal(
		"DECLARE writers text[] := ARRAY (SELECT virtualtransaction "+from+");\n"+
			"  patience timestamptz := clock_timestamp() + "+
			"coalesce(nullif(current_setting('lock_timeout'), '0'), '"+
			lockTimeout.String()+"')::interval;\n"+
			"BEGIN WHILE EXISTS (SELECT "+from+" AND virtualtransaction = ANY (writers)) LOOP\n"+
			"    IF clock_timestamp() > patience THEN RAISE lock_not_available; END IF; PERFORM "+
			"pg_sleep(0.01);\n"+
			"  END LOOP; END",
	)
}

// from returns what the relation's own rows are read from, as candidate.from does.
func (k *knownRelation) from() string {
	if k.tree {
		return k.now.String()
	}
	return "ONLY " + k.now.String()
}

// differing returns the statement that announces how the rows of t differ from those of the table
// that it replaces; "" when the two cannot be compared. Tables without a record in common are two
// objects: the old one's rows are not announced as deleted.
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
		return fmt.Sprintf("%s n %s %s o ON %s", t.from(), join, t.replaces.from(),
			strings.Join(match, " AND "))
	}
	// What was written to the old one after the swap, or when it was truncated, tells nothing of how a
	// record was before.
	return fmt.Sprintf(
		"INSERT INTO %[1]s (slot, relation, action, old, record)\n"+
			"  WITH named AS (%[12]s), left_over AS (%[13]s),\n"+
			"    mark AS (SELECT x, c FROM (SELECT * FROM named UNION ALL SELECT * FROM left_over) swap "+
			"ORDER BY %[19]s DESC, c LIMIT 1),\n"+
			"    emptied AS (SELECT EXISTS (SELECT FROM pg_class, mark WHERE oid = %[16]s AND %[20]s < "+
			"%[21]s)\n"+
			"      AND NOT EXISTS (SELECT FROM %[17]s o, mark WHERE %[14]s) AND EXISTS (SELECT FROM "+
			"%[18]s n, mark WHERE %[15]s) AS since)\n"+
			"  SELECT %[2]s, %[3]s, action, CASE WHEN action IS NOT NULL AND NOT later THEN old END,\n"+
			"    CASE WHEN action IS DISTINCT FROM '%[4]s' THEN record END\n"+
			"  FROM (\n"+
			"    SELECT CASE WHEN %[5]s IS NULL THEN '%[4]s' WHEN %[6]s IS NOT NULL OR (SELECT since FROM "+
			"emptied) THEN '%[7]s' END AS action,\n"+
			"      ROW(%[8]s)::text AS old, ROW(%[9]s)::text AS record,\n"+
			"      coalesce(NOT (SELECT %[14]s FROM mark), (SELECT since FROM emptied)) AS later, (SELECT "+
			"%[15]s FROM mark) AS moved\n"+
			"    FROM %[10]s\n"+
			"  ) compared WHERE old IS DISTINCT FROM record\n"+
			"    AND (NOT later OR action = '%[7]s' AND NOT moved)\n"+
			"    AND (action IS DISTINCT FROM '%[4]s' OR EXISTS (SELECT FROM %[11]s))",
		p.cfg.own(backfillTable),
		pg.Literal(p.cfg.Slot),
		t.regclass(),
		backfillDelete,
		key,
		oldKey,
		backfillUpdate,
		strings.Join(old, ", "),
		strings.Join(record, ", "),
		both("FULL JOIN"),
		both("JOIN"),
		namedSince(t.regclass()),
		namedSince(t.replaces.now.regclass()),
		writtenBefore("o"),
		writtenBefore("n"),
		t.replaces.now.regclass(),
		t.replaces.from(),
		t.from(),
		pg.XIDAge("x"),
		pg.XIDAge("xmin"),
		pg.XIDAge("mark.x"),
	)
}

// since returns the statement that announces the rows of t that were written since it has its name:
// as updated where it had others before, which may be the same records. The server keeps when that
// was: a table that is renamed has its row type renamed. A table that was made under its name has
// no row from before.
func (p *Plan) since(t *candidate) string {
	return fmt.Sprintf(
		"INSERT INTO %s (slot, relation, action, record)\n  WITH mark AS (%s)\n"+
			"  SELECT %s, %s, CASE WHEN EXISTS (SELECT FROM %[5]s t, mark WHERE %[6]s) THEN '%[7]s' END, "+
			"(t.*)::text\n"+
			"  FROM %[5]s t, mark WHERE NOT %[6]s",
		p.cfg.own(backfillTable),
		namedSince(t.regclass()),
		pg.Literal(p.cfg.Slot),
		t.regclass(),
		t.from(),
		writtenBefore("t"),
		backfillUpdate,
	)
}

// namedSince is SQL for the transaction x, and the command c of it, that gave a table the name that
// it has.
func namedSince(table string) string {
	return fmt.Sprintf("SELECT * FROM (SELECT xmin, cmin::text::bigint FROM pg_type\n"+
		"        WHERE oid = (SELECT reltype FROM pg_class WHERE oid = %[1]s)\n"+
		"      UNION ALL SELECT xmin, cmin::text::bigint FROM pg_namespace\n"+
		"        WHERE oid = (SELECT relnamespace FROM pg_class WHERE oid = %[1]s)) named (x, c)\n"+
		"    ORDER BY %[2]s, c DESC LIMIT 1", table, pg.XIDAge("x"))
}
