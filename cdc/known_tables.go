package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// renameWindow is how long a table that was renamed may still be replaced under its old name. A
// migration may rename the old table in one transaction and the new one in a later one. After that
// time a table under the old name is a new object, and the renamed one has settled with its new
// name.
const renameWindow = 10 * time.Minute

// knownRelation is a row of the table known_table, with what has become of the relation.
type knownRelation struct {
	oid uint32
	// as of the last catalog scan; the zero name: written by a version that noted none
	noted     tableName
	was       tableName // the one before, as long as another table may take it over
	apart     bool      // it has changed its schema, as a table of its own
	root      uint32
	attached  uint32 // the transaction that made it its root's partition; 0: nobody noted it
	detached  bool   // its root, and is a table of its own
	successor uint32
	// predecessor is the relation whose name it has taken over, as long as what differs between the
	// two has yet to be announced.
	predecessor uint32
	webhooks    bool      // were read from it
	unread      bool      // the rows that it has have yet to be announced
	now         tableName // the zero name: it was dropped
	tree        bool      // it is partitioned by now
}

// movedThere reports whether a table was one of its own in another schema before. One that was
// moved to lie elsewhere than its parent is no chunk of it: it may have been moved so as not to be
// announced.
func (k *knownRelation) movedThere() bool {
	return k != nil && k.root == 0 &&
		(k.apart || k.noted.schema != "" && k.noted.schema != k.now.schema)
}

// tableName is a table's qualified name.
type tableName struct{ schema, table string }

func (n tableName) String() string { return Table{Schema: n.schema, Name: n.table}.String() }

// regclass returns the OID of what has the name, for SQL.
func (n tableName) regclass() string { return pg.Literal(n.String()) + "::regclass" }

func (t Table) name() tableName { return tableName{t.Schema, t.Name} }

// knownTables is what is known of all relations.
type knownTables struct {
	relations map[uint32]*knownRelation
	claims    map[tableName]*knownRelation // by names that were taken from them, or that they gave up
	// the OIDs of those that had a name at the last catalog scan, or a moment before
	bearers map[tableName][]uint32
}

// queryKnownTables reads the table known_table. Columns that an older version has not made read as
// null.
func queryKnownTables(ctx context.Context, conn *pgx.Conn, cfg Config) (knownTables, error) {
	m := knownTables{
		relations: map[uint32]*knownRelation{},
		claims:    map[tableName]*knownRelation{},
		bearers:   map[tableName][]uint32{},
	}
	rows, err := conn.Query(ctx, `
		SELECT k.relation, coalesce(j->>'schema_name', ''), coalesce(j->>'table_name', ''),
		       coalesce(was.schema, ''), coalesce(was.table, ''), coalesce((j->>'apart')::boolean, false),
		       coalesce((j->>'root')::oid, 0), coalesce((j->>'attached_x')::oid, 0),
		       j->>'left_x' IS NOT NULL,
		       coalesce((j->>'successor')::oid, 0),
		       coalesce((j->>'predecessor')::oid, 0), coalesce((j->>'webhooks')::boolean, false),
		       coalesce((j->>'unread')::boolean, false),
		       coalesce(n.nspname, ''), coalesce(c.relname, ''), coalesce(c.relkind = 'p', false)
		FROM `+cfg.own(knownTable).String()+` k CROSS JOIN LATERAL to_jsonb(k) j
		LEFT JOIN LATERAL (SELECT j->>'was_schema' AS schema, j->>'was_table' AS table
		     WHERE (j->>'renamed_at')::timestamptz > now() - $2::interval) was ON true
		LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace) ON c.oid = k.relation
		WHERE k.slot = $1 ORDER BY k.relation`, cfg.Slot, renameWindow)
	if err != nil {
		return m, fmt.Errorf("look up which tables are known: %w", err)
	}
	var k knownRelation
	_, err = pgx.ForEachRow(rows, []any{
		&k.oid, &k.noted.schema, &k.noted.table, &k.was.schema, &k.was.table, &k.apart, &k.root,
		&k.attached, &k.detached, &k.successor, &k.predecessor, &k.webhooks, &k.unread, &k.now.schema,
		&k.now.table, &k.tree,
	}, func() error {
		one := k
		m.add(&one)
		return nil
	})
	if err != nil {
		return m, fmt.Errorf("look up which tables are known: %w", err)
	}
	return m, nil
}

func (m *knownTables) add(k *knownRelation) {
	m.relations[k.oid] = k
	// its rows went by another name, or its name was taken over already
	if k.root != 0 || k.successor != 0 {
		return
	}
	for _, n := range []tableName{k.noted, k.was} {
		if n == (tableName{}) {
			continue
		}
		m.bearers[n] = append(m.bearers[n], k.oid)
		if n != k.now {
			m.claims[n] = k
		}
	}
}

// replaced returns the known relation whose name t has taken over, nil when there is none; and
// whether t is published in its place, and what differs has yet to be announced.
func (m *knownTables) replaced(t *candidate) (k *knownRelation, pending bool) {
	if t.Skip || t.unwanted || !t.key {
		return nil, false
	}
	if self := m.relations[t.oid]; self != nil && self.predecessor != 0 && t.listed {
		if k = m.relations[self.predecessor]; k != nil {
			return k, true
		}
	}
	if k = m.claims[t.name()]; k == nil || k.oid == t.oid {
		return nil, false
	}
	return k, false
}

// isSuperseded reports whether a relation of which t has taken the name is announced no longer. One
// that has in turn taken the name of another goes on under that.
func (m *knownTables) isSuperseded(k *knownRelation) bool {
	return !slices.ContainsFunc(m.bearers[k.now], func(oid uint32) bool { return oid != k.oid })
}

// successor returns the table that has the name of a relation which is announced no longer because
// of that. It is again under the next name that it gets, and when the other one is gone.
func (m *knownTables) successor(oid uint32) (tableName, bool) {
	k := m.relations[oid]
	if k == nil || k.successor == 0 || k.now != k.noted {
		return tableName{}, false
	}
	s := m.relations[k.successor]
	if s == nil || s.now == (tableName{}) {
		return tableName{}, false
	}
	return s.now, true
}

// member is what rows of a partitioned table pass or lie in: a partition, at any depth.
type member struct {
	oid      uint32
	name     tableName
	leaf     bool
	attached uint32 // the transaction that made it a partition, or one of the tables between
}

// chainOf is SQL for recursive CTEs that tell since when a relation is a partition of the table at
// the top, mark: since the last of the tables between them was attached, by command c of
// transaction x.
func chainOf(oid string) string {
	return fmt.Sprintf("chain (parent, x, c) AS (\n"+
		"    SELECT inhparent, xmin, cmin::text::bigint FROM pg_inherits WHERE inhrelid = %s\n"+
		"    UNION ALL SELECT i.inhparent, i.xmin, i.cmin::text::bigint FROM pg_inherits i JOIN chain "+
		"ON i.inhrelid = chain.parent\n"+
		"  ), mark AS (SELECT x, c FROM chain ORDER BY %s, c DESC LIMIT 1)", oid, pg.XIDAge("x"))
}

// attachedBy is SQL for the transaction that made a relation a partition, null where it is none.
func attachedBy(oid string) string {
	return "(WITH RECURSIVE " + chainOf(oid) + " SELECT x FROM mark)"
}

// trees is SQL for a recursive CTE of the OIDs, relid, of tables and their partitions at any depth;
// root is the table, one of those that a query selects. The function pg_partition_tree would lock
// each partition, in an order in which DDL may wait for it and it for DDL.
func trees(roots string) string {
	return "tree (root, relid) AS (SELECT oid, oid FROM (" + roots + ") top (oid) UNION ALL\n" +
		"    SELECT tree.root, i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.relid\n" +
		"    JOIN pg_class ON pg_class.oid = i.inhrelid WHERE relispartition AND NOT inhdetachpending)"
}

// treeOf is SQL for the OIDs, relid, of a table and its partitions at any depth.
func treeOf(oid string) string {
	return "(WITH RECURSIVE " + trees("SELECT "+oid+"::oid") + " SELECT relid FROM tree)"
}

// queryPartitions looks up the partitions of those of tables that have any.
func queryPartitions(ctx context.Context, conn *pgx.Conn, tables []candidate) error {
	roots := map[uint32]*candidate{}
	var oids []uint32
	for i := range tables {
		if t := &tables[i]; t.partitioned && !t.Skip && !t.unwanted {
			roots[t.oid], oids = t, append(oids, t.oid)
		}
	}
	if oids == nil {
		return nil
	}
	rows, err := conn.Query(ctx, `
		WITH RECURSIVE `+trees("SELECT unnest($1::oid[])")+`
		SELECT root, c.oid, n.nspname, c.relname, c.relkind = 'r',
		    coalesce(`+attachedBy("c.oid")+`::text::oid, 0)
		FROM tree p
		JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid <> root AND c.relkind IN ('r', 'p') ORDER BY c.oid`, oids)
	var root uint32
	var m member
	if err == nil {
		_, err = pgx.ForEachRow(
			rows,
			[]any{&root, &m.oid, &m.name.schema, &m.name.table, &m.leaf, &m.attached},
			func() error {
				roots[root].members = append(roots[root].members, m)
				return nil
			},
		)
	}
	if err != nil {
		return fmt.Errorf("look partitions up: %w", err)
	}
	return nil
}

// note is what is to be written down of a relation.
type note struct {
	name            tableName
	root, successor string // SQL for an OID, "" for none
	detached        bool   // it has left its root
	webhooks        bool   // are read from it
	unread          bool   // its rows have yet to be announced
}

// noteSQL returns the statement that writes notes down. A root that was noted stays; so does the
// name of before until there is another one.
func (p *Plan) noteSQL(notes []note) string {
	orNull := func(sql string) string {
		if sql == "" {
			return "NULL::oid"
		}
		return sql + "::oid"
	}
	rows := make([]string, len(notes))
	for i, n := range notes {
		rows[i] = fmt.Sprintf("(%s::oid, %s, %s, %t, %t, %t)", n.name.regclass(), orNull(n.root),
			orNull(n.successor), n.detached, n.webhooks, n.unread)
	}
	return "INSERT INTO " + p.cfg.own(knownTable).String() + " AS k (slot, relation, schema_name, " +
		"table_name, root, attached_x, successor, left_x, left_c, webhooks, unread)\n" +
		"SELECT " + pg.Literal(p.cfg.Slot) + ", c.oid, n.nspname, c.relname, v.root, " +
		attachedBy("c.oid") + ", v.successor,\n" +
		"    CASE WHEN v.gone THEN c.xmin END, CASE WHEN v.gone THEN c.cmin::text::bigint END, " +
		"v.webhooks, v.unread\n" +
		"  FROM (VALUES " + strings.Join(rows, ",\n    ") + ") v (relation, root, successor, gone, " +
		"webhooks, unread)\n" +
		"  JOIN pg_class c ON c.oid = v.relation JOIN pg_namespace n ON n.oid = c.relnamespace\n" +
		"ON CONFLICT (slot, relation) DO UPDATE SET " +
		"schema_name = EXCLUDED.schema_name, table_name = EXCLUDED.table_name, " +
		"root = coalesce(EXCLUDED.root, k.root), attached_x = coalesce(EXCLUDED.attached_x, " +
		"k.attached_x),\n  successor = EXCLUDED.successor, webhooks = k.webhooks OR " +
		"EXCLUDED.webhooks, unread = k.unread OR EXCLUDED.unread,\n" +
		"  apart = k.apart OR k.root IS NULL AND coalesce(k.schema_name <> EXCLUDED.schema_name, " +
		"false),\n" +
		"  (left_x, left_c) = (SELECT EXCLUDED.left_x, EXCLUDED.left_c WHERE EXCLUDED.left_x IS NOT " +
		"NULL OR EXCLUDED.root IS NOT NULL\n" +
		"    UNION ALL SELECT k.left_x, k.left_c LIMIT 1),\n" +
		"  (was_schema, was_table, renamed_at) = (SELECT k.schema_name, k.table_name, now()\n" +
		"    WHERE (k.schema_name, k.table_name) <> (EXCLUDED.schema_name, EXCLUDED.table_name)\n" +
		"    UNION ALL SELECT k.was_schema, k.was_table, k.renamed_at LIMIT 1)"
}

// baseline returns the statement that makes all tables known that there are. Of those that were
// known it notes anew which transactions have attached them: another server, as after pg_upgrade,
// has made its catalogs by others.
func (p *Plan) baseline() string {
	return fmt.Sprintf("INSERT INTO %s (slot, relation, schema_name, table_name, root, attached_x)\n"+
		"SELECT %s, c.oid, n.nspname, c.relname, CASE WHEN c.relispartition THEN "+
		"pg_partition_root(c.oid) END,\n"+
		"    CASE WHEN c.relispartition THEN %s END\n"+
		"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "+
		"AND c.oid >= %d\n"+
		"ON CONFLICT (slot, relation) DO UPDATE SET attached_x = EXCLUDED.attached_x",
		p.cfg.own(knownTable), pg.Literal(p.cfg.Slot), attachedBy("c.oid"), firstUserOID)
}

// announceState is how the rows of a partition stand under the name of its root.
type announceState int

const (
	announced   announceState = iota
	unrecorded                // they are none to announce, which has yet to be written down
	unannounced               // but for what the stream has brought
)

// announceStateOf tells how rows of m stand under the name of t.
func (f *catalogScan) announceStateOf(t *candidate, m member) announceState {
	k, root := f.known.relations[m.oid], f.known.relations[t.oid]
	switch {
	case t.unread:
		return announced // its rows are read, and its partitions noted, all at once
	case k != nil && k.root == t.oid && (k.detached || k.returned(m)) && t.listed && m.leaf:
		return unannounced
	case k != nil && k.root == t.oid && k.attached == 0:
		return unrecorded
	case k != nil && (k.root == t.oid || root != nil && root.root != 0 && k.root == root.root):
		return announced // or t was a partition itself, and was detached together with m
	case root != nil && root.noted == (tableName{}): // by a version that noted no partitions
		return unrecorded
	case !t.known || !t.listed || !m.leaf || k != nil && k.root == 0 && k.noted == (tableName{}):
		return unrecorded
	}
	return unannounced
}

// returned reports whether the partition m, which is k, was detached and attached again since the
// last catalog scan. Nobody has seen it as a table of its own.
func (k *knownRelation) returned(m member) bool {
	return !k.detached && k.attached != 0 && k.attached != m.attached
}

// recordNotes returns what has to be written down although nothing is announced: tables that are
// known from now on, partitions of tables that are published only now, and names that have changed.
func (p *Plan) recordNotes() (notes []note) {
	f := p.scan
	noted := map[uint32]bool{}
	holders := map[uint32]bool{} // of webhooks
	for i := range f.tables {
		holders[f.tables[i].oid] = f.tables[i].holdsForeignWebhooks(p.cfg)
	}
	add := func(oid uint32, n note) {
		if n.webhooks = holders[oid]; !noted[oid] {
			noted[oid], notes = true, append(notes, n)
		}
	}
	waits := map[uint32]bool{} // for a step that writes them down itself
	for i := range f.tables {
		if t := &f.tables[i]; t.displaced || t.renamed(f) {
			waits[t.oid] = true
		}
	}
	for i := range f.tables {
		t := &f.tables[i]
		k := t.replaces
		if k == nil {
			continue
		}
		if !t.listed || t.pending {
			waits[k.oid], waits[t.oid] = true, true
		} else if k.now != (tableName{}) && f.known.isSuperseded(k) {
			add(k.oid, note{name: k.now, successor: t.name().regclass()})
		}
	}
	for i := range f.tables {
		t := &f.tables[i]
		k := f.known.relations[t.oid]
		if k != nil && k.root != 0 && !k.detached && t.Parent == "" && !t.unwanted && !t.partitioned {
			// as long as its row of pg_class tells since when
			add(t.oid, note{name: t.name(), detached: true})
		}
		if t.holdsForeignWebhooks(p.cfg) && (t.known || t.listed) && (k == nil || !k.webhooks) {
			add(t.oid, t.note())
		}
		if child := t.Parent != "" && (t.listed || !f.slot) &&
			(k == nil || k.root == 0); child ||
			t.isKnownFromNow(p.cfg) {
			add(t.oid, t.note())
		}
		if !t.known && !t.listed {
			continue // the step that publishes it notes its partitions
		}
		for _, m := range t.members {
			if f.announceStateOf(t, m) == unrecorded {
				add(m.oid, note{name: m.name, root: t.name().regclass()})
			}
		}
	}
	for _, k := range f.known.relations {
		if !waits[k.oid] && k.now != (tableName{}) && k.noted != k.now {
			add(k.oid, note{name: k.now})
		}
	}
	slices.SortFunc(notes, func(a, b note) int {
		return strings.Compare(a.name.String(), b.name.String())
	})
	return notes
}

// holdsForeignWebhooks reports whether webhooks are read from a table of the CRM's.
func (t *candidate) holdsForeignWebhooks(cfg Config) bool {
	return t.Webhooks && t.Schema != cfg.Schema
}

// WebhookTables returns the OIDs of the CRM's relations that webhooks were read from at any time,
// as is written down.
func WebhookTables(ctx context.Context, tx pgx.Tx, cfg Config) (oids []uint32, err error) {
	cfg = cfg.withDefaults()
	known := cfg.own(knownTable).String()
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", known).
		Scan(&there); err != nil ||
		!there {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT relation FROM "+known+" k WHERE "+
		"(to_jsonb(k)->>'webhooks')::boolean")
	if err == nil {
		oids, err = pgx.CollectRows(rows, pgx.RowTo[uint32])
	}
	if err != nil {
		return nil, fmt.Errorf("look up which tables held webhooks: %w", err)
	}
	return oids, nil
}

// NoteTenant writes down which column of a table of webhooks tells tenants apart: see NotedTenant.
func NoteTenant(ctx context.Context, conn *pgx.Conn, cfg Config, table Table, column string) error {
	cfg = cfg.withDefaults()
	_, err := conn.Exec(ctx, "UPDATE "+cfg.own(knownTable).String()+" SET tenant = $3"+
		" WHERE slot = $1 AND relation = to_regclass($2) AND tenant IS DISTINCT FROM $3",
		cfg.Slot, table.String(), column)
	if err != nil {
		return fmt.Errorf("write down what tells tenants apart: %w", err)
	}
	return nil
}

// NotedTenant returns the table of webhooks, and its column, that told tenants apart when it was
// last noted. They may be gone by now. The zero table: none ever did.
func NotedTenant(ctx context.Context, tx pgx.Tx, cfg Config) (t Table, column string, err error) {
	cfg = cfg.withDefaults()
	known := cfg.own(knownTable).String()
	var there bool
	err = tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", known).Scan(&there)
	if err == nil && there {
		err = tx.QueryRow(ctx, `
			SELECT schema_name, table_name, j->>'tenant' FROM `+known+` k CROSS JOIN LATERAL to_jsonb(k) j
			WHERE slot = $1 AND j->>'tenant' IS NOT NULL ORDER BY relation DESC LIMIT 1`,
			cfg.Slot).Scan(&t.Schema, &t.Name, &column)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return t, "", fmt.Errorf("look up what told tenants apart: %w", err)
	}
	return t, column, nil
}
