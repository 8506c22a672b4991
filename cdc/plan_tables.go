package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// candidate is a table as a plan finds it.
type candidate struct {
	Table
	oid      uint32
	unwanted bool // nobody wants it; it is in the publication
	// likewise, but it has been renamed since the tables that are wanted were looked up
	displaced   bool
	partitioned bool
	key         bool // has a primary key
	owned       bool // the role may alter it
	owner       string
	releases    bool   // the owner may take it out of the publication, as some migrations have to
	readable    bool   // the role may SELECT
	hidden      bool   // row security may hide rows from the role
	policies    string // that do, quoted; "" when it has none, which hides all
	listed      bool   // in the publication, in whatever way
	direct      bool   // in the publication by its own name
	narrowed    string // by what it is there in part only; "" when it is there as a whole
	known       bool   // it is no new table
	unread      bool   // it is known, and the rows that it had have yet to be announced
	parts       []part // what its rows lie in: itself, or its partitions; then the root

	replaces *knownRelation // whose name it has taken over
	// it is published in the place of that one, and has yet to be compared with it
	pending bool
	columns []sameColumn // it and that relation have in common
	members []member     // partitions at any depth
}

// part is a table that has a replica identity: one that holds rows, or the root of partitions.
type part struct {
	name     string // quoted
	root     bool   // of partitions; it holds no rows itself
	identity byte   // pg_class.relreplident
	byKey    bool   // under DEFAULT updates and deletes carry a key
	byIndex  bool   // under USING INDEX they do
	virtual  bool   // has virtual generated columns, which cannot be published
	stored   bool   // has stored generated columns
	unlogged bool
}

// newBackfill returns the table backfill as it will be made.
func newBackfill(schema string) candidate {
	t := Table{Schema: schema, Name: backfillTable}
	return candidate{
		Table: t, key: true, owned: true, readable: true, known: true,
		parts: []part{{name: t.String(), identity: 'd', byKey: true}},
	}
}

// How a publication may have a part of a table only. With a column list, the CRM's updates of a
// table under REPLICA IDENTITY FULL fail.
const (
	columnList = "a column list"
	rowFilter  = "a row filter"
)

// root returns the part that is the table itself.
func (t *candidate) root() *part { return &t.parts[len(t.parts)-1] }

// usable reports whether updates and deletes of the table, published as it is, do not fail in the
// CRM. stored says whether stored generated columns are published.
func (t *candidate) usable(stored bool) bool {
	for i := range t.parts {
		if !t.parts[i].usable(stored) {
			return false
		}
	}
	return true
}

// unpublishable reports whether there are columns that keep the table from REPLICA IDENTITY FULL.
func (t *candidate) unpublishable(stored bool) bool {
	for i := range t.parts {
		if t.parts[i].unpublishable(stored) {
			return true
		}
	}
	return false
}

func (p *part) unpublishable(stored bool) bool { return p.virtual || p.stored && !stored }

// usable is Postgres' own rule (CheckCmdReplicaIdentity).
//
// https://github.com/postgres/postgres/blob/master/src/backend/executor/execReplication.c
func (p *part) usable(stored bool) bool {
	switch p.identity {
	case 'f':
		return !p.unpublishable(stored)
	case 'd':
		return p.byKey || p.root
	case 'i':
		return p.byIndex || p.root
	}
	return p.root
}

// is reports whether the part is as wanted: 'f' for FULL; 'd' for any other that is usable; 0 for
// any that is usable.
func (p *part) is(want byte, stored bool) bool {
	if want == 'f' {
		return p.identity == 'f'
	}
	return p.usable(stored)
}

// fault tells why the part is not usable as it is.
func (p *part) fault() SkipReason {
	if p.identity == 'f' {
		return GeneratedColumns
	}
	return NoIdentity
}

// identityIndex is the rule by which Postgres takes an index for a replica identity
// (RelationGetIndexList); which of them, says the condition that is put in.
//
// https://github.com/postgres/postgres/blob/master/src/backend/utils/cache/relcache.c
const identityIndex = `EXISTS (SELECT FROM pg_index i WHERE i.indrelid = part.oid AND i.indimmediate
	AND i.indisunique AND i.indislive AND i.indpred IS NULL AND (i.indisvalid OR part.relkind = 'p')
	    AND `

// tablesSQL is the query for tables and their parts: $1 and $2 are their schemas and names, $3 is
// the publication. A table has a row for each of its parts, itself the last.
func (f *catalogScan) tablesSQL() string {
	bySchema, narrowed := "false", "''"
	if f.version >= 15 {
		narrowed = `coalesce((SELECT CASE WHEN prattrs IS NOT NULL THEN '` + columnList + `'
		               WHEN prqual IS NOT NULL THEN '` + rowFilter + `' END
		           FROM pg_publication_rel r JOIN pub ON r.prpubid = pub.oid WHERE r.prrelid = c.oid),
		               '')`
		bySchema = `EXISTS (SELECT FROM pg_publication_namespace s JOIN pub ON s.pnpubid = pub.oid
			WHERE s.pnnspid = n.oid)`
	}
	return `
		WITH RECURSIVE pub AS (SELECT oid, puballtables, pubowner FROM pg_publication WHERE pubname = $3),
		` + trees("SELECT oid FROM pg_class WHERE relkind = 'p'") + `
		SELECT t.ord, c.oid, c.relkind = 'p',
		       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
		       pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner)::text,
		       coalesce(pg_has_role(c.relowner, (SELECT pubowner FROM pub), 'USAGE'), true),
		       coalesce(has_table_privilege(c.oid, 'SELECT'), false), row_security_active(c.oid),
		       CASE WHEN c.relrowsecurity THEN (SELECT coalesce(string_agg(quote_ident(polname), ', '
		           ORDER BY polname), '')
		           FROM pg_policy WHERE polrelid = c.oid) ELSE '' END,
		       member.direct, member.direct OR (SELECT puballtables FROM pub) IS TRUE OR ` + bySchema + `,
		       ` + narrowed + `,
		       quote_ident(pn.nspname) || '.' || quote_ident(part.relname), part.relkind = 'p',
		       part.relreplident::text,
		       ` + identityIndex + `i.indisprimary), ` + identityIndex + `i.indisreplident),
		       coalesce(generated.virtual, false), coalesce(generated.stored, false),
		       part.relpersistence = 'u'
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(schema, name, ord)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		     AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
		     -- null: it was dropped since the query began
		     AND has_table_privilege(c.oid, 'SELECT') IS NOT NULL
		CROSS JOIN LATERAL (SELECT EXISTS (
		     SELECT FROM pg_publication_rel r JOIN pub ON r.prpubid = pub.oid
		         WHERE r.prrelid = c.oid) AS direct) member
		CROSS JOIN LATERAL (SELECT c.oid AS id UNION ALL
		     SELECT relid FROM tree WHERE c.relkind = 'p' AND root = c.oid AND relid <> c.oid) lies
		JOIN pg_class part ON part.oid = lies.id AND (part.relkind = 'r' OR part.oid = c.oid)
		JOIN pg_namespace pn ON pn.oid = part.relnamespace
		LEFT JOIN LATERAL (SELECT bool_or(attgenerated = 'v') AS virtual,
		    bool_or(attgenerated = 's') AS stored
		     FROM pg_attribute a WHERE a.attrelid = part.oid AND NOT a.attisdropped) generated ON true
		ORDER BY t.ord, part.oid = c.oid, part.oid`
}

// queryTables looks up the tables that are asked for and those in the publication, in two queries
// however many there are. Asked for and missing, or of a kind that cannot be published, is left
// out.
func (f *catalogScan) queryTables(
	ctx context.Context, conn *pgx.Conn, cfg Config, asked []Table,
) ([]candidate, error) {
	members, err := f.members(ctx, conn, cfg.Publication)
	if err != nil {
		return nil, err
	}
	var tables []Table
	has := map[[2]string]bool{}
	take := func(list ...Table) {
		for _, t := range list {
			if name := [2]string{t.Schema, t.Name}; !has[name] {
				has[name], tables = true, append(tables, t)
			}
		}
	}
	take(cfg.own(backfillTable))
	take(asked...)
	wanted := len(tables)
	take(members...)
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	rows, err := conn.Query(ctx, f.tablesSQL(), schemas, names, cfg.Publication)
	if err != nil {
		return nil, fmt.Errorf("look tables up: %w", err)
	}
	var list []candidate
	var (
		t        candidate
		p        part
		identity string
		ord      int64
		last     int64
	)
	_, err = pgx.ForEachRow(rows, []any{
		&ord, &t.oid, &t.partitioned, &t.key, &t.owned, &t.owner, &t.releases, &t.readable, &t.hidden,
		&t.policies, &t.direct, &t.listed, &t.narrowed, &p.name, &p.root, &identity, &p.byKey,
		&p.byIndex, &p.virtual, &p.stored, &p.unlogged,
	}, func() error {
		if ord != last {
			t.Table, t.unwanted, last = tables[ord-1], int(ord) > wanted, ord
			k := f.known.relations[t.oid]
			t.known, t.unread = !f.baseline || k != nil, k != nil && k.unread
			if t.Parent != "" && k.movedThere() {
				t.Parent, t.ParentSchema, t.Skip = "", "", true
			}
			list = append(list, t)
		}
		p.identity = identity[0]
		one := &list[len(list)-1]
		one.parts = append(one.parts, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look tables up: %w", err)
	}
	f.markDisplaced(list, tables[:wanted])
	return list, nil
}

// markDisplaced finds tables that nobody wants under the names that they have, but under those that
// they had at the last catalog scan. The next catalog scan tells what becomes of them.
func (f *catalogScan) markDisplaced(list []candidate, wanted []Table) {
	missing := map[tableName]bool{}
	for _, t := range wanted {
		missing[t.name()] = true
	}
	for i := range list {
		delete(missing, list[i].name())
	}
	for i := range list {
		t := &list[i]
		k := f.known.relations[t.oid]
		t.displaced = t.unwanted && k != nil && k.noted != t.name() && missing[k.noted]
	}
}

// members returns the tables that are in the publication: by their own names, with their schema, or
// with all others.
func (f *catalogScan) members(
	ctx context.Context, conn *pgx.Conn, publication string,
) ([]Table, error) {
	wide := ""
	if f.all {
		wide = ` OR true`
	} else if f.version >= 15 {
		wide = ` OR c.relnamespace IN (SELECT pnnspid FROM pg_publication_namespace
			WHERE pnpubid = p.oid)`
	}
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname
		FROM pg_publication p CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE p.pubname = $1 AND (c.oid IN (SELECT prrelid FROM pg_publication_rel WHERE prpubid = p.oid)
		    OR c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition AND c.oid >= $2
		        AND (false`+wide+`))
		ORDER BY 1, 2`, publication, firstUserOID)
	if err != nil {
		return nil, fmt.Errorf("look publication %q up: %w", publication, err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Schema, &t.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("look publication %q up: %w", publication, err)
	}
	return tables, nil
}
